"""How a booking ended, and where it stands while it is being decided."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.appointments.errors import AppointmentNotFound
from services.appointments.schemas import Status
from services.payments.schemas import Invoice, Payment
from web.gateway.booked import Booked
from web.pages import naming
from web.pages.appointments.terms import reminders
from web.pages.naming import Visit
from web.pages.paylinks import qr_code
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter()
CREATED = 201
_LOST = {Status.EXPIRED, Status.CANCELLED}


@router.get("/{appointment_id}/outcome")
async def follow(appointment_id: UUID, screen: Annotated[Screen, needs("appointments:write")]) -> Response:
    """Say where the booking stands now."""
    return await deciding(screen, appointment_id)


async def booked(screen: Screen, made: Booked) -> Response:
    """Show a booking that was made."""
    standing = await screen.gateway.appointments.standing(screen.actor, made.id)
    visit, planned = await naming.visit(screen, standing), sorted({one.at for one in made.reminders})
    return _show(screen, visit, made.invoice, made.payment, planned, CREATED)


async def deciding(screen: Screen, appointment_id: UUID) -> Response:
    """Show a booking that may still be undecided."""
    try:
        standing = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    except AppointmentNotFound:
        return screen.page("appointments/outcome.html", visit=None, appointment_id=appointment_id, lost=False)
    visit = await naming.visit(screen, standing)
    if standing.status == Status.HELD or standing.status in _LOST:
        lost = standing.status in _LOST
        page = None if lost else await screen.gateway.bookings.unpaid.page(screen.actor, appointment_id)
        code = qr_code(page.url, gettext("QR code of the payment link")) if page else ""
        return screen.page(
            "appointments/outcome.html", visit=visit, appointment_id=appointment_id, lost=lost, to_pay=page, code=code
        )
    types = await screen.known.visit_types(screen.actor)
    kind = types.get(standing.visit_type_id)
    planned = reminders(standing.start, kind.reminder_offsets_hours if kind else [], screen.frame.now)
    invoice, payment = await _money(screen, appointment_id)
    return _show(screen, visit, invoice, payment, planned)


async def _money(screen: Screen, appointment_id: UUID) -> tuple[Invoice | None, Payment | None]:
    if not screen.actor.may("payments:read"):
        return None, None
    found = await screen.gateway.payments.for_appointment(screen.actor, appointment_id)
    return next(iter(found.invoices), None), next(iter(found.payments), None)


def _show(
    screen: Screen,
    visit: Visit,
    invoice: Invoice | None,
    payment: Payment | None,
    planned: list[datetime],
    status: int = OK,
) -> Response:
    return screen.page(
        "appointments/outcome.html",
        http=status,
        tell={"appointments-changed": True},
        visit=visit,
        appointment_id=visit.id,
        lost=False,
        invoice=invoice,
        payment=payment,
        reminders=planned,
    )
