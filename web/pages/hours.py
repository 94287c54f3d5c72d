"""The weekly hours editor: each button sends the form, and the answer is the form as it stands then."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal, VersionConflict
from services.appointments.schemas import OCCUPYING, Appointment, AppointmentFilter
from services.consultants.schemas import Consultant, Hours, ScheduleWrite, Window
from web.formats import weekday as weekday_name
from web.forms import Form
from web.pages import hours_rows, naming
from web.pages.hours_rows import Row
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/consultants", include_in_schema=False)
Writer = Annotated[Screen, needs("consultants:write")]
UNREADY, CONFLICT = 422, 409
_AHEAD = timedelta(days=365)
_AT_ONCE = 200
"""How many bookings are read in one page of them; all of the year are."""
_SHOWN = 8


@router.get("/{consultant_id}/hours")
async def edit(consultant_id: UUID, screen: Writer) -> Response:
    """Show the hours in a form."""
    consultant, schedule = await asyncio.gather(
        screen.gateway.consultants.get(screen.actor, consultant_id),
        screen.gateway.consultants.schedule(screen.actor, consultant_id),
    )
    form = screen.form("hours", version=schedule.version)
    return await _page(screen, form, consultant, hours_rows.of_schedule(schedule))


@router.post("/{consultant_id}/hours")
async def change(consultant_id: UUID, screen: Writer) -> Response:
    """Add, remove or copy hours in the form, or save them all."""
    form = await screen.submitted("hours")
    consultant = await screen.gateway.consultants.get(screen.actor, consultant_id)
    rows = hours_rows.of_form(form)
    verb, _, number = form.values["action"].partition("-")
    if verb in {"add", "remove", "copy"} and number.isdecimal():
        return await _page(screen, form, consultant, await _changed(screen, rows, form, verb, int(number)))
    return await _save(screen, form, consultant, rows)


async def _changed(screen: Screen, rows: list[Row], form: Form, verb: str, number: int) -> list[Row]:
    if verb == "remove":
        return hours_rows.removed(rows, number)
    if verb == "copy":
        return hours_rows.copied(rows, number, [day for day in range(7) if form.values[f"copy-{number}-{day}"]])
    places = [place for place in await screen.known.locations(screen.actor) if place.active]
    place = screen.frame.location or (places[0] if places else None)
    return hours_rows.added(rows, min(number, 6), str(place.id) if place else "")


async def _save(screen: Screen, form: Form, consultant: Consultant, rows: list[Row]) -> Response:
    places = {str(place.id): place for place in await screen.known.locations(screen.actor)}
    wanted = hours_rows.meant(rows, form, places)
    if wanted is None:
        return await _page(screen, form, consultant, rows, UNREADY)
    try:
        if form.values["action"] != "save-anyway" and (lost := await outside(screen, consultant.id, wanted)):
            return await _page(screen, form, consultant, rows, CONFLICT, lost)
        version = int(form.values["version"]) if form.values["version"].isdecimal() else None
        await screen.gateway.consultants.put_schedule(
            screen.actor, consultant.id, ScheduleWrite(hours=wanted, version=version)
        )
    except VersionConflict as refusal:
        message = gettext("Somebody else has changed these hours meanwhile. Open them again; what you typed is below.")
        return await _page(screen, form.object(message), consultant, rows, refusal.status)
    except Refusal as refusal:
        return await _page(screen, form.object(refusal.detail), consultant, rows, refusal.status)
    return screen.done(gettext("Weekly hours saved"), f"/consultants/{consultant.id}")


async def outside(screen: Screen, consultant_id: UUID, wanted: list[Hours]) -> list[Appointment]:
    """Find the booked visits of the coming year that lie inside the hours of today and would not in the new ones."""
    start, end = screen.frame.now, screen.frame.now + _AHEAD
    booked, now, then = await asyncio.gather(
        _booked(screen, consultant_id, start, end),
        screen.gateway.consultants.timetable(screen.actor, start, end, consultant_id=[consultant_id]),
        screen.gateway.consultants.try_schedule(screen.actor, consultant_id, ScheduleWrite(hours=wanted), start, end),
    )
    return [one for one in booked if _inside(one, now.windows) and not _inside(one, then)]


async def _booked(screen: Screen, consultant_id: UUID, start: datetime, end: datetime) -> list[Appointment]:
    of = AppointmentFilter(consultant_id=[consultant_id], from_=start, to=end, status=sorted(OCCUPYING))
    found: list[Appointment] = []
    cursor: str | None = None
    while True:
        page = await screen.gateway.appointments.list(screen.actor, of, limit=_AT_ONCE, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def _inside(one: Appointment, windows: list[Window]) -> bool:
    return any(
        window.location_id == one.location_id and window.start <= one.start and one.end <= window.end
        for window in windows
    )


async def _page(
    screen: Screen,
    form: Form,
    consultant: Consultant,
    rows: list[Row],
    status: int = OK,
    lost: list[Appointment] | None = None,
) -> Response:
    visits, places = await asyncio.gather(
        naming.visits(screen, (lost or [])[:_SHOWN]), screen.known.locations(screen.actor)
    )
    ordered = sorted(rows, key=lambda one: (one.weekday, one.starts or "99", one.number))
    return screen.page(
        "consultants/hours.html",
        http=status,
        form=form,
        consultant=consultant,
        days=[(day, weekday_name(day), [row for row in ordered if row.weekday == day]) for day in range(7)],
        places=[(str(place.id), place.name) for place in places if place.active],
        lost=visits,
        lost_more=max(0, len(lost or []) - _SHOWN),
    )
