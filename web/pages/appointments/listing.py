"""The list of appointments with its summary and filters."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.appointments.schemas import Status, Summary
from web.formats import day as day_name
from web.formats import local_date
from web.pages import naming
from web.pages.appointments.filters import Filters, ranges
from web.pages.naming import Visit
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter()
_SHOWN = 30


@router.get("")
async def listed(
    screen: Annotated[Screen, needs("appointments:read")],
    range_: Annotated[str, Query(alias="range")] = "",
    date: str = "",
    status: str = "",
    consultant_id: str = "",
    patient_id: str = "",
    sort: str = "",
    cursor: str | None = None,
    after: str = "",
) -> Response:
    """List by time or by status, in groups of a day; `after` is the day that the part before ended with."""
    filters = Filters.of(screen.frame, range_, date, status, consultant_id, patient_id, sort)
    read = screen.gateway.appointments
    page, summary, consultants, patients = await asyncio.gather(
        read.list(screen.actor, filters.wanted(), limit=_SHOWN, cursor=cursor, sort=filters.sorting.sort),
        read.summary(screen.actor, filters.counted()),
        screen.known.consultants(screen.actor),
        naming.patients(screen, [UUID(filters.patient_id)] if filters.patient_id else []),
    )
    visits = await naming.visits(screen, page.items)
    last = _day(visits[-1]) if visits else ""
    template = "appointments/_rows.html" if cursor else "appointments/_results.html"
    return screen.page(
        template if screen.targets("results") or (screen.htmx and cursor) else "appointments/list.html",
        filters=filters,
        swapped=screen.targets("results"),
        words=_words(screen, filters),
        summary=_cards(summary),
        ranges=ranges(),
        consultants=[(one.id, one.name) for one in consultants.values()],
        patients=[(one.id, one.name) for one in patients.values()],
        page=page,
        days=_days(visits, after),
        next_href=page.next_cursor and filters.link(cursor=page.next_cursor, after=last),
    )


def _days(visits: Sequence[Visit], after: str) -> list[tuple[str, list[Visit]]]:
    """Group by local day; the first group goes on without a heading where the part before ended with its day."""
    grouped = [(key, list(group)) for key, group in groupby(visits, key=_day)]
    return [("" if key == after else day_name(group[0].start, group[0].zone), group) for key, group in grouped]


def _day(visit: Visit) -> str:
    return visit.start.astimezone(ZoneInfo(visit.zone)).date().isoformat()


def _cards(summary: Summary) -> dict[str, int]:
    states = (Status.FULFILLED, Status.CANCELLED, Status.NO_SHOW)
    return {"total": summary.total, "upcoming": summary.upcoming} | {
        state.value: summary.by_status.get(state, 0) for state in states
    }


def _words(screen: Screen, filters: Filters) -> str:
    first, end = filters.span
    place: Any = screen.frame.location
    where = place.name if place else gettext("all locations")
    if filters.range == "month":
        return f"{local_date(first, skeleton='yMMMM')}, {where}"
    if filters.range == "week":
        last = end - timedelta(days=1)
        return f"{local_date(first, skeleton='MMMEd')} \N{EN DASH} {local_date(last, skeleton='yMMMEd')}, {where}"
    return f"{local_date(first)}, {where}"
