"""Events of a gateway: each is taken in once, in the transaction of its effect.

An event only says where to look. What is written is what the gateway answers about the charge now, so an event that
comes late, twice or before its predecessor does no harm.
"""

from typing import Literal
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.db import WriteSession
from careconnect.ids import uuid7
from services.payments import repository
from services.payments.collection import door, release
from services.payments.collection.till import Till
from services.payments.gateways.protocol import Event
from services.payments.ledger import Booking
from services.payments.models import Invoice, Payment, WebhookEvent
from services.payments.schemas import GatewayCharge, ReleaseWrite
from services.payments.states import PaymentStatus

Outcome = Literal["applied", "duplicate", "unmatched", "nothing"]


async def take_in(till: Till, gateway: str, event: Event) -> Outcome:
    """Bring the payment to where the gateway says that it is."""
    async with till.read() as session:
        known = await repository.find_payment(session, event.reference)
    if known and known.is_closed_door:
        await door.keep_shut(till, known)
    charge = await till.gateway(gateway).find(event.reference)
    matched = known is not None and not known.is_closed_door and charge is not None
    outcome: Outcome = "nothing" if known else "unmatched"
    async with till.write() as session:
        if not await _first(session, gateway, event, outcome):
            return "duplicate"
        if matched and charge and await _follow(session, event.reference, charge):
            outcome = "applied"
    if outcome == "applied":
        await _return_what_came_late(till, event.reference)
    return outcome


async def _first(session: WriteSession, gateway: str, event: Event, outcome: Outcome) -> bool:
    row = {"tenant_id": session.tenant_id, "id": uuid7(), "created_at": clock.now(), "updated_at": clock.now()}
    row |= {"gateway": gateway, "event_id": event.id, "type": event.type, "reference": event.reference}
    fresh = insert(WebhookEvent).values(row | {"outcome": outcome}).on_conflict_do_nothing().returning(WebhookEvent.id)
    return await session.scalar(fresh) is not None


async def _follow(session: WriteSession, payment_id: UUID, charge: GatewayCharge) -> bool:
    payment, invoice = await repository.lock_payment(session, payment_id)
    changed = False
    if payment.status == PaymentStatus.authorised and charge.status == "voided":
        changed = payment.void(invoice)
        session.record("payment.voided", "payment", payment_id, data=payment.facts())
    if payment.status == PaymentStatus.authorised and charge.status == "captured":
        await repository.post(session, *payment.capture(charge.captured, invoice))
        session.record("payment.captured", "payment", payment_id, data=payment.facts())
        changed = True
    bookings = await _refunds(session, payment, invoice, charge)
    await repository.post(session, *bookings)
    return changed or bool(bookings)


async def _refunds(session: WriteSession, payment: Payment, invoice: Invoice, charge: GatewayCharge) -> list[Booking]:
    if not charge.refunds:
        return []
    listed = {refund.reference: refund.id for refund in charge.refunds}
    bookings: list[Booking] = []
    for row in await repository.refunds(session, payment.id):
        if row.id in listed and (booked := row.succeed(payment, invoice, listed[row.id])):
            bookings += booked
            session.record("refund.succeeded", "refund", row.id, data=row.facts())
    return bookings


async def _return_what_came_late(till: Till, payment_id: UUID) -> None:
    async with till.read() as session:
        payment = await repository.payment(session, payment_id)
    if payment.released_at and payment.left:
        await release.release(till, payment_id, ReleaseWrite(reason="paid after the release"))
