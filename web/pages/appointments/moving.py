"""Moving an appointment to another time."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.schemas import Appointment
from web.forms import Form
from web.gateway.finding import Slot
from web.pages import naming
from web.pages.appointments.picker import Start, pick_again
from web.pages.appointments.wish import who_choices
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]


@router.get("/{appointment_id}/move")
async def ask(appointment_id: UUID, screen: Writer) -> Response:
    """Show free times for the same visit, with the same consultant first."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    form = screen.form("move", consultant_id=found.consultant_id, visit_type_id=found.visit_type_id, notify="true")
    return await _form(screen, form, found)


@router.post("/{appointment_id}/rescheduling")
async def move(appointment_id: UUID, screen: Writer) -> Response:
    """Take the new time before the old one is free."""
    form = await screen.submitted("move")
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    chosen = Start.read(form.values["slot"])
    if chosen is None:
        return await _form(screen, form.object(gettext("Choose a time"), "slot"), found, 422)
    try:
        await screen.gateway.bookings.reschedule(
            screen.actor,
            appointment_id,
            chosen.start,
            consultant_id=chosen.consultant_id,
            location_id=chosen.location_id,
            notify=form.values["notify"] == "true",
        )
    except Refusal as refusal:
        near = [Slot.model_validate(one) for one in refusal.extra.get("alternatives", [])]
        return await _form(screen, form.object(refusal.detail, "slot"), found, refusal.status, near)
    return screen.done(gettext("Appointment moved"), f"/appointments/{appointment_id}")


async def _form(
    screen: Screen, form: Form, found: Appointment, status: int = OK, near: list[Slot] | None = None
) -> Response:
    consultants = await screen.known.consultants(screen.actor)
    shown_already = status != OK or not screen.htmx
    return screen.page(
        "appointments/move.html",
        http=status,
        form=form,
        visit=await naming.visit(screen, found),
        consultants=who_choices(consultants.values()),
        picker=await pick_again(screen, form.values, near) if shown_already else None,
    )
