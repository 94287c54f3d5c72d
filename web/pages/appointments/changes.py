"""Cancelling, and the steps of the visit with their undoing."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.schemas import LEFT, Appointment
from web.formats import money
from web.forms import Form
from web.looks import CHOICES, state_label
from web.pages import naming
from web.pages.appointments.reasons import waiver_said
from web.pages.cancelling import Cost, cost
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
Waiver = Annotated[Screen, needs("payments:write")]
Step = Literal["arrival", "check-in", "consultation", "completion", "departure", "no-show"]
_LONGEST_NOTE = 2000


@router.get("/{appointment_id}/cancel")
async def ask(appointment_id: UUID, screen: Writer) -> Response:
    """Ask why, and say what becomes of the money."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    return await _form(screen, screen.form("cancellation", reason="pat", notify="true"), found)


@router.post("/{appointment_id}/cancellation")
async def cancel(appointment_id: UUID, screen: Writer, *, undo: bool = False) -> Response:
    """Cancel, or undo it; the time is free at once, and the money goes back when it can no longer be undone."""
    here = f"/appointments/{appointment_id}"
    if undo:
        await screen.gateway.bookings.step(screen.actor, appointment_id, "cancellation", undo=True)
        return screen.done(gettext("The appointment stands again"), here)
    form = await screen.submitted("cancellation")
    reason = form.values["reason"] if form.values["reason"] in CHOICES["cancel_reason"] else "other"
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    waiver = waiver_said(form, screen)
    if waiver is None:
        return await _form(screen, form, found, 422)
    final = form.values["final"] == "true"
    try:
        await screen.gateway.bookings.cancel(
            screen.actor,
            appointment_id,
            reason,
            notify=form.values["notify"] == "true",
            waiver=waiver,
            note=form.values["note"].strip()[:_LONGEST_NOTE],
            undoable=not final,
        )
    except Refusal as refusal:
        return await _form(screen, form.refuse(refusal), found, refusal.status)
    way_back = None if final else f"{here}/cancellation?undo=true"
    return screen.done(gettext("Appointment cancelled"), here, undo=way_back)


@router.get("/{appointment_id}/waiver")
async def ask_to_waive(appointment_id: UUID, screen: Waiver) -> Response:
    """Ask why a no-show costs nothing."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    return screen.page(
        "appointments/waive.html", form=screen.form("waiver", waive="true"), visit=await naming.visit(screen, found)
    )


@router.post("/{appointment_id}/waiver")
async def waive(appointment_id: UUID, screen: Waiver) -> Response:
    """Let a no-show cost nothing, as long as it can be undone."""
    form = await screen.submitted("waiver")
    form.values["waive"] = "true"
    waiver = waiver_said(form, screen)
    if not waiver:
        found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
        return screen.page("appointments/waive.html", 422, form=form, visit=await naming.visit(screen, found))
    await screen.gateway.bookings.step(screen.actor, appointment_id, "no-show", waiver=waiver)
    return screen.done(gettext("The fee is waived"), f"/appointments/{appointment_id}")


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
        "consultation": gettext("With the consultant"),
        "completion": gettext("Visit completed"),
        "departure": gettext("Noted that the patient left"),
        "no-show": gettext("Noted as no-show"),
    }
    here = f"/appointments/{appointment_id}"
    if undo:
        return screen.done(gettext("Undone"), here)
    return screen.done(words[step], here, undo=f"{here}/{step}?undo=true")


async def _form(screen: Screen, form: Form, found: Appointment, status: int = 200) -> Response:
    costs = await cost(screen.gateway, screen.known, screen.actor, found, screen.frame.now)
    return screen.page(
        "appointments/cancel.html",
        http=status,
        form=form,
        visit=await naming.visit(screen, found),
        money_words=_words(costs),
        fee=costs.fee,
        may_waive=screen.actor.may("payments:write"),
        reasons=[(code, state_label(code, "cancel_reason")) for code in CHOICES["cancel_reason"] if code != LEFT],
    )


def _words(costs: Cost) -> str:
    amount = " + ".join(map(money, costs.held))
    if not amount:
        return ""
    if not costs.fee:
        return gettext("%(amount)s go back to the patient, ten minutes from now.") % {"amount": amount}
    sentence = gettext("It is late: %(fee)s of %(amount)s stay as the fee, unless the reason is the clinic's.")
    return sentence % {"fee": money(costs.fee), "amount": amount}
