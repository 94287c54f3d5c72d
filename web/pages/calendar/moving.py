"""Moving an appointment in the calendar, or giving it another length: by dragging, or by a form for the keyboard.

Each is asked about once, and offers to be taken back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.schemas import Appointment
from web.forms import Form
from web.pages.appointments import overbooking
from web.pages.appointments.reasons import IN_THE_WAY, POLICY, reason
from web.pages.calendar import asking
from web.pages.calendar.beginning import wall_time
from web.pages.calendar.peek import under
from web.pages.calendar.view import PATH
from web.pages.links import link
from web.pages.screen import Screen, local, needs
from web.words import gettext

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
Minutes = Annotated[int | None, Query(ge=1, le=1440)]
UNREADY = 422
_LONGEST = 1440


@router.get("/appointments/{appointment_id}/move")
async def ask(
    appointment_id: UUID,
    screen: Writer,
    start: str = "",
    consultant_id: UUID | None = None,
    minutes: Minutes = None,
    *,
    notify: bool = True,
) -> Response:
    """Ask whether to move it to where it was dropped, or to make it as long; from the keyboard, to where."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    wall = (wall_time(start, screen.frame.zone) or found.start).astimezone(ZoneInfo(screen.frame.zone))
    form = screen.form(
        "calendar-move",
        date=wall.date().isoformat(),
        time=wall.strftime("%H:%M"),
        minutes=minutes or asking.minutes(found),
        consultant_id=consultant_id or found.consultant_id,
        version=found.version,
        notify="true" if notify else "",
        dragged="true" if start or minutes else "",
    )
    return await asking.page(screen, form, found)


@router.post("/appointments/{appointment_id}/move")
async def move(appointment_id: UUID, screen: Writer) -> Response:
    """Move it, and offer to move it back; a refusal is said beside the field, and nothing has changed."""
    form = await screen.submitted("calendar-move")
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    wanted = _read(form, found, screen)
    if form.values["version"] != str(found.version):
        form.object(gettext("Somebody else moved it meanwhile. Look at it again."), "time")
    if wanted is None or any(form.errors.values()):
        return await asking.page(screen, form, found, UNREADY)
    notify = form.values["notify"] == "true"
    try:
        moved = await screen.gateway.bookings.reschedule(
            screen.actor,
            found.id,
            wanted.start,
            # With a consultant and without a location it takes place where the consultant works then.
            consultant_id=None if wanted.stays else wanted.consultant_id,
            duration_minutes=wanted.minutes,
            notify=notify,
            version=found.version,
            overbook_reason=wanted.overbook_reason,
            override_reason=wanted.override_reason,
        )
    except Refusal as refusal:
        return await _refused(screen, form, found, wanted, refusal)
    said = asking.done(moved, found, screen.frame.zone)
    if not screen.htmx:
        return screen.done(said, PATH)
    told = {"version": moved.version, "notify": "true" if notify else "", "back": under(screen)}
    back = link(f"{PATH}/appointments/{found.id}/move/undo", **told)
    return screen.closed(said, undo=back, tell={"calendar-changed": {"id": str(moved.id)}})


@router.post("/appointments/{appointment_id}/move/undo")
async def undo(appointment_id: UUID, screen: Writer) -> Response:
    """Take the move back, unless somebody has moved it since."""
    asked = screen.request.query_params
    to = local(asked.get("back"), PATH)
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    if asked.get("version") != str(found.version):
        return screen.done(gettext("It was changed meanwhile, so it stays where it is."), to, tone="red")
    try:
        await screen.gateway.bookings.undo_move(screen.actor, found.id, notify=asked.get("notify") == "true")
    except Refusal as refusal:
        return screen.done(refusal.detail, to, tone="red")
    return screen.done(gettext("Moved back"), to)


@dataclass(frozen=True)
class _Wanted:
    """What the form asks for; `stays`: with the same consultant at the same time, so that only its length differs."""

    start: datetime
    consultant_id: UUID
    minutes: int | None
    stays: bool
    overbook_reason: str
    override_reason: str


def _read(form: Form, found: Appointment, screen: Screen) -> _Wanted | None:
    """Read it; what cannot be read is said beside its field, and gives None."""
    start = asking.start(form, found, screen.frame.zone)
    if start is None:
        form.object(gettext("Write a day and a time"), "time")
    typed = form.values["minutes"].strip()
    minutes = int(typed) if typed.isdecimal() and 0 < int(typed) <= _LONGEST else None
    if typed and minutes is None:
        form.object(gettext("Write a number of minutes"), "minutes")
    overbook, override = overbooking.given(screen, form), reason(form, "override_reason")
    if start is None or overbook is None or override is None:
        return None
    consultant_id = form.chosen("consultant_id") or found.consultant_id
    return _Wanted(
        start=start,
        consultant_id=consultant_id,
        minutes=minutes if minutes and timedelta(minutes=minutes) != found.end - found.start else None,
        stays=(start, consultant_id) == (found.start, found.consultant_id),
        overbook_reason=overbook,
        override_reason=override,
    )


async def _refused(screen: Screen, form: Form, found: Appointment, wanted: _Wanted, refusal: Refusal) -> Response:
    """Say why beside what was changed, with the nearest free times, and what those may do who may do more."""
    form.renew().object(refusal.detail, "minutes" if wanted.stays else "time")
    if refusal.code in POLICY:
        form.object(gettext("Say why it is moved all the same"), "override_reason")
    overbookable = refusal.code in IN_THE_WAY and overbooking.may(screen)
    return await asking.page(screen, form, found, refusal.status, refusal, overbookable=overbookable)
