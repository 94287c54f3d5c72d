"""A patient's own appointment, by the link in its messages: seeing it, and cancelling it."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect import ics
from careconnect.errors import Refusal
from services.appointments.schemas import Appointment, Status
from web.calendar_words import calendar_words
from web.formats import money
from web.gateway.calendars import calendar_file
from web.pages import naming
from web.pages.cancelling import cost
from web.pages.public.visitor import Visitor, visiting
from web.words import gettext

PURPOSE = "appointment"
SCOPES = ("appointments:read", "appointments:write", "consultants:read", "catalogue:read", "payments:read")
router = APIRouter(prefix=f"/{PURPOSE}")
Patient = Annotated[Visitor, visiting(PURPOSE, *SCOPES)]
_OK = 200


@router.get("/{token}")
async def show(visitor: Patient) -> Response:
    """Show when, where and with whom; nothing of the patient, who knows."""
    return await _page(visitor)


@router.get("/{token}/cancellation")
async def ask(visitor: Patient) -> Response:
    """Say what cancelling costs now, and ask whether it is meant."""
    return await _page(visitor, asking=True)


@router.post("/{token}/cancellation")
async def cancel(visitor: Patient) -> Response:
    """Cancel; it can be undone for ten minutes."""
    try:
        await visitor.gateway.bookings.cancel(visitor.actor, visitor.link.subject, "pat", undoable=True)
    except Refusal as refusal:
        return await _page(visitor, http=refusal.status, problem=refusal.detail)
    return visitor.back()


@router.post("/{token}/undoing")
async def undo(visitor: Patient) -> Response:
    """Take the cancellation back."""
    try:
        await visitor.gateway.bookings.step(visitor.actor, visitor.link.subject, "cancellation", undo=True)
    except Refusal as refusal:
        return await _page(visitor, http=refusal.status, problem=refusal.detail)
    return visitor.back()


@router.get("/{token}/calendar.ics")
async def calendar(visitor: Patient) -> Response:
    """Give the appointment as it stands now as a calendar file."""
    written = await calendar_file(visitor.gateway, visitor.actor, visitor.link.subject, calendar_words())
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"', "Cache-Control": "no-store"}
    return Response(written, _OK, headers, ics.MEDIA_TYPE)


async def _page(visitor: Visitor, *, asking: bool = False, http: int = _OK, problem: str = "") -> Response:
    found = await visitor.gateway.appointments.standing(visitor.actor, visitor.link.subject)
    open_ = found.status == Status.BOOKED and found.start > visitor.now
    undoable = found.status == Status.CANCELLED and found.undo_until is not None and found.undo_until > visitor.now
    return await visitor.page(
        "public/appointment.html",
        http,
        visit=await naming.public_visit(visitor.known, visitor.actor, found),
        open_=open_,
        asking=asking and open_,
        money_words=await _words(visitor, found) if asking and open_ else "",
        undo_until=found.undo_until if undoable else None,
        problem=problem,
    )


async def _words(visitor: Visitor, found: Appointment) -> str:
    costs = await cost(visitor.gateway, visitor.known, visitor.actor, found, visitor.now)
    if not costs.held:
        return gettext("Cancelling costs you nothing.")
    back = " + ".join(map(money, costs.back))
    if not costs.fee:
        return gettext("Cancelling costs you nothing; %(amount)s go back to you.") % {"amount": back}
    sentence = gettext("It is late: cancelling costs you %(fee)s; %(rest)s go back to you.")
    return sentence % {"fee": money(costs.fee), "rest": back or money(costs.fee - costs.fee)}
