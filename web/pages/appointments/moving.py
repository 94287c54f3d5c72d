"""Moving an appointment to another time."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from careconnect.money import Money
from services.appointments.schemas import Appointment
from web.formats import money
from web.forms import Form
from web.gateway.bookings import ChangedAppointment
from web.gateway.finding import Slot
from web.pages import naming
from web.pages.appointments import overbooking
from web.pages.appointments.picker import pick_again
from web.pages.appointments.reasons import POLICY, reason
from web.pages.appointments.wish import who_choices
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]


@router.get("/{appointment_id}/move")
async def ask(appointment_id: UUID, screen: Writer) -> Response:
    """Show free times for the same visit, with the same consultant first."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    form = screen.form(
        "move",
        consultant_id=found.consultant_id,
        visit_type_id=found.visit_type_id,
        moving=found.id,
        notify="true",
        version=found.version,
    )
    return await _form(screen, form, found)


@router.post("/{appointment_id}/rescheduling")
async def move(appointment_id: UUID, screen: Writer, *, undo: bool = False) -> Response:
    """Take the new time before the old one is free, or take the last move back."""
    here = f"/appointments/{appointment_id}"
    if undo:
        await screen.gateway.bookings.undo_move(screen.actor, appointment_id)
        return screen.done(gettext("Moved back"), here)
    form = await screen.submitted("move")
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    standing = overbooking.Standing(found.consultant_id, found.location_id)
    chosen, overbook = await overbooking.chosen(screen, form, standing)
    override = reason(form, "override_reason")
    if chosen is None or overbook is None or override is None:
        return await _form(screen, form, found, 422)
    try:
        moved = await screen.gateway.bookings.reschedule(
            screen.actor,
            appointment_id,
            chosen.start,
            consultant_id=chosen.consultant_id,
            location_id=chosen.location_id,
            notify=form.values["notify"] == "true",
            version=int(form.values["version"]) if form.values["version"].isdigit() else None,
            overbook_reason=overbook,
            override_reason=override,
        )
    except Refusal as refusal:
        near = [Slot.model_validate(one) for one in refusal.extra.get("alternatives", [])]
        overbooking.propose(screen, form, refusal, chosen)
        if refusal.code in POLICY:
            form.object(gettext("Say why it is moved all the same"), "override_reason")
        return await _form(screen, form.object(refusal.detail, "slot"), found, refusal.status, near)
    return screen.done(_words(moved), here, undo=f"{here}/rescheduling?undo=true")


def _words(moved: ChangedAppointment) -> str:
    """Say that it was moved, and what that costs more or less."""
    if moved.difference is None:
        return gettext("Appointment moved")
    if moved.difference.amount > 0:
        return gettext("Appointment moved; %(amount)s more are to be paid") % {"amount": money(moved.difference)}
    less = Money(amount=-moved.difference.amount, currency=moved.difference.currency)
    return gettext("Appointment moved; it costs %(amount)s less") % {"amount": money(less)}


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
        overbookable=overbooking.may(screen),
        picker=await pick_again(screen, form.values, near) if shown_already else None,
    )
