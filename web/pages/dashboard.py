"""The dashboard: the snapshot's figures, and what is going on at this moment."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from careconnect.errors import Unavailable
from services.appointments.schemas import AppointmentFilter, Status
from services.reports.schemas import ConsultantsTile, CountTile, Dashboard, Period, RevenueTile, Tiles
from web.formats import minutes_since
from web.gateway.booked import Named
from web.pages import naming
from web.pages.attention import cases
from web.pages.charts import hours, revenue
from web.pages.days import bounds, today
from web.pages.naming import Visit
from web.pages.screen import AnyScreen, Screen
from web.pages.tiles import late, tiles
from web.words import gettext

router = APIRouter(include_in_schema=False)
T = TypeVar("T")
_SHOWN = 6
_NOON, _EVENING = 12, 17


_UNKNOWN = Dashboard(
    period="today",
    sources={},
    tiles=Tiles(
        patients=CountTile(all_locations=True),
        consultants=ConsultantsTile(all_locations=True),
        appointments=CountTile(all_locations=False),
        revenue=RevenueTile(all_locations=True),
    ),
)
"""Figures while nobody tells any."""


@dataclass(frozen=True)
class Waiting:
    """Somebody who has arrived, and for how many minutes they wait."""

    id: UUID
    patient: naming.Person
    consultant: Named
    minutes: int


@router.get("/")
async def show(screen: AnyScreen, period: str = "today") -> Response:
    """Show the figures of a period; somebody who may not see figures gets the appointments."""
    if not screen.actor.may("reports:read"):
        return RedirectResponse("/appointments", 303)
    chosen: Period = "week" if period == "week" else "month" if period == "month" else "today"
    return screen.page("dashboard/page.html", greeting=_greeting(screen), board=await _board(screen, chosen))


async def _board(screen: Screen, period: Period) -> dict[str, Any]:
    place = screen.frame.location
    figures, (upcoming, waiting), attention = await asyncio.gather(
        _unless_away(screen.gateway.reports.dashboard(screen.actor, period, place.id if place else None), None),
        _unless_away(_now(screen), ([], [])),
        _unless_away(cases(screen), []),
    )
    known = figures or _UNKNOWN.model_copy(update={"period": period})
    zone = known.zone or screen.frame.zone
    found: dict[str, Any] = {
        "period": period,
        "note": f"{screen.frame.organisation}, {place.name if place else gettext('all locations')}",
        "against": _against(period),
        "zone": zone,
        "as_of": known.as_of,
        "away": figures is None,
        "tiles": tiles(known, screen.frame),
        "late": late(known),
        "upcoming": upcoming,
        "waiting": waiting,
        "attention": attention[:_SHOWN],
    }
    return found | hours(known.by_hour) | revenue(known.revenue_by_day, screen.person.session.tenant.currency)


async def _unless_away(read: Awaitable[T], otherwise: T) -> T:
    """Leave out what a service that is away would have told: the rest of the screen does not wait for it."""
    try:
        return await read
    except Unavailable:
        return otherwise


async def _now(screen: Screen) -> tuple[list[Visit], list[Waiting]]:
    """Read who comes next today and who waits; both are as of this moment, not of the snapshot."""
    start, end = bounds(today(screen.frame), screen.frame.zone)
    place = screen.frame.location.id if screen.frame.location else None
    day = AppointmentFilter(from_=start, to=end, location_id=place)
    coming = day.model_copy(update={"from_": screen.frame.now, "status": [Status.BOOKED, Status.HELD]})
    here = day.model_copy(update={"status": [Status.ARRIVED]})
    read = screen.gateway.appointments
    later, arrived = await asyncio.gather(
        read.list(screen.actor, coming, limit=_SHOWN),
        read.list(screen.actor, here, limit=_SHOWN * 2),
    )
    visits = await naming.visits(screen, [*later.items, *arrived.items])
    upcoming, waiting = visits[: len(later.items)], visits[len(later.items) :]
    lines = [Waiting(one.id, one.patient, one.consultant, max(0, minutes_since(one.status_since))) for one in waiting]
    return upcoming, sorted(lines, key=lambda line: -line.minutes)


def _against(period: Period) -> str:
    return {
        "today": gettext("against the day before"),
        "week": gettext("against the week before"),
        "month": gettext("against the month before"),
    }[period]


def _greeting(screen: Screen) -> str:
    hour = screen.frame.now.astimezone(ZoneInfo(screen.frame.zone)).hour
    first = screen.frame.person.name.split()[0]
    if hour < _NOON:
        return gettext("Good morning, %(name)s") % {"name": first}
    if hour < _EVENING:
        return gettext("Good afternoon, %(name)s") % {"name": first}
    return gettext("Good evening, %(name)s") % {"name": first}
