"""Moving an appointment in the calendar: by dragging, or by a form for the keyboard. Each is asked about once."""

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.schemas import Appointment
from web.formats import when
from web.forms import Form
from web.gateway.finding import Slot
from web.pages import naming
from web.pages.appointments.picker import Start
from web.pages.calendar.beginning import wall_time
from web.pages.calendar.peek import under
from web.pages.calendar.view import PATH
from web.pages.links import link
from web.pages.screen import OK, Screen, local, needs
from web.words import gettext

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
UNREADY = 422
_OFFERED = 4


@router.get("/appointments/{appointment_id}/move")
async def ask(appointment_id: UUID, screen: Writer, start: str = "", consultant_id: UUID | None = None) -> Response:
    """Ask whether to move it to where it was dropped; from the keyboard, to where."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    zone = screen.frame.zone
    moment = wall_time(start, zone) or found.start
    wall = moment.astimezone(ZoneInfo(zone))
    form = screen.form(
        "calendar-move",
        date=wall.date().isoformat(),
        time=wall.strftime("%H:%M"),
        consultant_id=consultant_id or found.consultant_id,
        version=found.version,
        notify="true",
        dragged="true" if start else "",
    )
    return await _form(screen, form, found)


@router.post("/appointments/{appointment_id}/move")
async def move(appointment_id: UUID, screen: Writer) -> Response:
    """Move it, and offer to move it back; a refusal is said beside the time, and nothing has changed."""
    form = await screen.submitted("calendar-move")
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    moment = wall_time(f"{form.values['date']}T{form.values['time']}", screen.frame.zone)
    consultant_id = form.chosen("consultant_id") or found.consultant_id
    if moment is None:
        return await _form(screen, form.object(gettext("Write a day and a time"), "time"), found, UNREADY)
    if form.values["version"] != str(found.version):
        message = gettext("Somebody else moved it meanwhile. Look at it again.")
        return await _form(screen, form.object(message, "time"), found, UNREADY)
    notify = form.values["notify"] == "true"
    try:
        # Without a location it takes place where the consultant works then.
        moved = await screen.gateway.bookings.reschedule(
            screen.actor, found.id, moment, consultant_id=consultant_id, notify=notify
        )
    except Refusal as refusal:
        return await _refused(screen, form, found, refusal)
    said = gettext("Moved to %(when)s") % {"when": when(moved.start, screen.frame.zone)}
    if not screen.htmx:
        return screen.done(said, PATH)
    was = Start(consultant_id=found.consultant_id, location_id=found.location_id, start=found.start)
    told = {"to": was.value, "version": moved.version, "notify": "true" if notify else "", "back": under(screen)}
    back = link(f"{PATH}/appointments/{found.id}/move/undo", **told)
    return screen.closed(said, undo=back, tell={"calendar-changed": {"id": str(moved.id)}})


@router.post("/appointments/{appointment_id}/move/undo")
async def undo(appointment_id: UUID, screen: Writer) -> Response:
    """Move it back to where it was, unless somebody has moved it since."""
    asked = screen.request.query_params
    to = local(asked.get("back"), PATH)
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    start = Start.read(asked.get("to", ""))
    if start is None or asked.get("version") != str(found.version):
        return screen.done(gettext("It was changed meanwhile, so it stays where it is."), to, tone="red")
    try:
        await screen.gateway.bookings.reschedule(
            screen.actor,
            found.id,
            start.start,
            consultant_id=start.consultant_id,
            location_id=start.location_id,
            notify=asked.get("notify") == "true",
        )
    except Refusal as refusal:
        return screen.done(refusal.detail, to, tone="red")
    return screen.done(gettext("Moved back"), to)


async def _refused(screen: Screen, form: Form, found: Appointment, refusal: Refusal) -> Response:
    near = [Slot.model_validate(one) for one in refusal.extra.get("alternatives", [])][:_OFFERED]
    return await _form(screen, form.renew().object(refusal.detail, "time"), found, refusal.status, near)


async def _form(
    screen: Screen, form: Form, found: Appointment, status: int = OK, near: list[Slot] | None = None
) -> Response:
    visit, consultants = await asyncio.gather(naming.visit(screen, found), screen.known.consultants(screen.actor))
    wanted = wall_time(f"{form.values['date']}T{form.values['time']}", screen.frame.zone)
    chosen = form.chosen("consultant_id")
    other = consultants.get(chosen) if chosen and chosen != found.consultant_id else None
    return screen.page(
        "calendar/move.html",
        http=status,
        form=form,
        visit=visit,
        question=_question(wanted, other.name if other else "", screen.frame.zone),
        consultants=[(str(one.id), one.name) for one in consultants.values() if one.status == "active"],
        near=[(_there(one, found, screen.frame.zone), when(one.start, screen.frame.zone)) for one in near or []],
    )


def _question(wanted: datetime | None, name: str, zone: str) -> str:
    """Ask what the dragging means, in one sentence."""
    if wanted is None:
        return gettext("Move appointment")
    said = {"when": when(wanted, zone), "name": name}
    sentence = gettext("Move to %(when)s with %(name)s?") if name else gettext("Move to %(when)s?")
    return sentence % said


def _there(slot: Slot, found: Appointment, zone: str) -> str:
    wall = slot.start.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return link(f"{PATH}/appointments/{found.id}/move", start=wall, consultant_id=slot.consultant_id)
