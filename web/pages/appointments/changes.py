"""Cancelling, and the steps of the visit with their undoing."""

from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from careconnect.money import Money
from services.appointments.schemas import Appointment
from services.payments.states import PaymentStatus
from web.formats import money
from web.forms import Form
from web.looks import CHOICES, state_label
from web.pages import naming
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
Step = Literal["arrival", "check-in", "completion", "no-show"]
_KEPT = {PaymentStatus.authorised, PaymentStatus.captured}


@router.get("/{appointment_id}/cancel")
async def ask(appointment_id: UUID, screen: Writer) -> Response:
    """Ask why, and say what becomes of the money."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    return await _form(screen, screen.form("cancellation", reason="pat", notify="true"), found)


@router.post("/{appointment_id}/cancellation")
async def cancel(appointment_id: UUID, screen: Writer) -> Response:
    """Cancel; the time is free at once and the money goes back as the policy says."""
    form = await screen.submitted("cancellation")
    reason = form.values["reason"] if form.values["reason"] in CHOICES["cancel_reason"] else "other"
    try:
        await screen.gateway.bookings.cancel(
            screen.actor,
            appointment_id,
            reason,
            notify=form.values["notify"] == "true",
            waive_fee=form.values["waive"] == "true",
        )
    except Refusal as refusal:
        found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
        return await _form(screen, form.refuse(refusal), found, refusal.status)
    return screen.done(gettext("Appointment cancelled"), f"/appointments/{appointment_id}")


@router.post("/{appointment_id}/resolution")
async def resolve(appointment_id: UUID, screen: Writer) -> Response:
    """Say what becomes of an appointment that waited for a person."""
    typed = (await screen.submitted("resolution")).values
    action: Literal["retry", "skip"] = "skip" if typed["action"] == "skip" else "retry"
    await screen.gateway.bookings.resolve(screen.actor, appointment_id, action)
    screen.known.forget(screen.actor)
    said = gettext("Tried again") if action == "retry" else gettext("Taken off the list")
    return screen.done(said, "/attention")


@router.post("/{appointment_id}/{step}")
async def step(appointment_id: UUID, step: Step, screen: Writer, *, undo: bool = False) -> Response:
    """Note a step of the visit, or undo it; the next screen offers the undoing."""
    await screen.gateway.bookings.step(screen.actor, appointment_id, step, undo=undo)
    words = {
        "arrival": gettext("Arrival noted"),
        "check-in": gettext("Checked in"),
        "completion": gettext("Visit completed"),
        "no-show": gettext("Noted as no-show"),
    }
    here = f"/appointments/{appointment_id}"
    if undo:
        return screen.done(gettext("Undone"), here)
    return screen.done(words[step], here, undo=None if step == "completion" else f"{here}/{step}?undo=true")


async def _form(screen: Screen, form: Form, found: Appointment, status: int = 200) -> Response:
    kept, fee = await _money(screen, found)
    return screen.page(
        "appointments/cancel.html",
        http=status,
        form=form,
        visit=await naming.visit(screen, found),
        money_words=_words(kept, fee),
        fee=fee,
        may_waive=screen.actor.may("payments:write"),
        reasons=[(code, state_label(code, "cancel_reason")) for code in CHOICES["cancel_reason"]],
    )


async def _money(screen: Screen, found: Appointment) -> tuple[Money | None, Money | None]:
    """Tell what is held of the patient's money, and how much of it a cancellation now would cost."""
    if not screen.actor.may("payments:read"):
        return None, None
    held = await screen.gateway.payments.for_appointment(screen.actor, found.id)
    amounts = [payment.amount - payment.refunded for payment in held.payments if payment.status in _KEPT]
    kind = (await screen.known.visit_types(screen.actor)).get(found.visit_type_id)
    if not amounts or kind is None:
        return None, None
    policy = kind.cancellation_policy
    late = screen.frame.now > found.start - timedelta(hours=policy.free_until_hours)
    fee = policy.cancellation_fee(kind.price) if late else None
    return sum(amounts[1:], amounts[0]), fee or None


def _words(kept: Money | None, fee: Money | None) -> str:
    if not kept:
        return ""
    if not fee:
        return gettext("%(amount)s go back to the patient.") % {"amount": money(kept)}
    sentence = gettext("It is late: %(fee)s of %(amount)s stay as the cancellation fee.")
    return sentence % {"fee": money(fee), "amount": money(kept)}
