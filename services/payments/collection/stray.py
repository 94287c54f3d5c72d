"""Money that the gateway took under an id that was to collect nothing: a payment without an invoice.

It is taken into the books first, owed to its owner, and leaves them with its refund.
"""

from uuid import UUID

from careconnect import clock
from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments import ledger, repository
from services.payments.collection import door, refund
from services.payments.collection.till import Till
from services.payments.errors import PaymentNotFound
from services.payments.models import Payment, Refund
from services.payments.schemas import GatewayCharge
from services.payments.states import PaymentStatus, RefundStatus


async def send_back(till: Till, reference: UUID, why: str, gateway: str | None = None) -> None:
    """Let go or send back what the gateway holds under a reference that has no payment here.

    Raises:
        PaymentNotFound: there is a payment, which has a process of its own.
        RefundFailed: the gateway would not return the money.
    """
    reason = (await till.keys()).seal(why)
    closed = await door.shut(till, reference, reason)
    if closed is None:
        async with till.read() as session:
            known = await repository.payment(session, reference)
        raise PaymentNotFound(f"This payment is {known.status} and has a process of its own.")
    await clear(till, closed, why, gateway)


async def clear(till: Till, closed: Payment, why: str, gateway: str | None = None) -> Payment:
    """Let go or send back what a gateway holds behind a closed door: the door's own, or the one that is named.

    It goes back by itself once. Should that fail, now or when it had gone already, it waits for a person.

    Raises:
        RefundFailed: the gateway would not return the money.
    """
    if gateway and gateway != closed.gateway:
        async with till.write() as session:
            closed = await repository.lock_door(session, closed.id)
            closed.gateway = gateway
    charge = await (await till.gateway(closed.gateway)).find(closed.id)
    if charge:
        closed = await _follow(till, closed, charge)
    if charge is None or charge.captured == charge.refunded:
        return await door.keep_shut(till, closed)
    row = await _adopt(till, closed.id, charge, (await till.keys()).seal(why))
    return await _return(till, closed, row)


async def _follow(till: Till, closed: Payment, charge: GatewayCharge) -> Payment:
    """Bring what was sent back to where the gateway says that it is."""
    if not (charge.refunds or charge.unsettled):
        return closed
    async with till.write() as session:
        payment = await repository.lock_door(session, closed.id)
        await refund.follow(session, payment, None, charge)
    return payment


async def _adopt(till: Till, reference: UUID, charge: GatewayCharge, reason: bytes) -> Refund:
    """Write down the charge as money without an owner, and its refund as on its way, or find both."""
    refund_id = derived_id(reference, "stray")
    async with till.write() as session:
        payment = await repository.lock_door(session, reference)
        known = await repository.find_refund(session, refund_id)
        if known:
            return known
        if payment.status != PaymentStatus.captured:
            payment.learn(charge)
            payment.status, payment.captured_at = PaymentStatus.captured, clock.now()
            payment.captured = charge.captured.amount - charge.refunded.amount
            booking = ledger.stray_captured(reference, payment.currency, payment.account, payment.captured)
            await repository.post(session, booking)
            session.record("payment.captured", "payment", reference, data=payment.facts())
        row = Refund.ask(refund_id, payment, (payment.left, 0), reason, b"stray")
        payment.refunding += row.amount
        session.add(row)
        session.record("refund.requested", "refund", row.id, data=row.facts())
    return row


async def _return(till: Till, closed: Payment, row: Refund) -> Payment:
    if row.status != RefundStatus.pending:
        return closed
    reference = closed.id
    amount = Money(amount=row.amount, currency=row.currency)
    at = await till.gateway(closed.gateway)
    returned = await at.refund(reference, row.id, amount, f"{reference}:refund:{row.id}")
    if returned.status == "pending":
        return closed
    async with till.write() as session:
        payment = await repository.lock_door(session, reference)
        fresh = await repository.refund(session, row.id)
        if fresh.status == RefundStatus.pending:
            await repository.post(session, *fresh.succeed(payment, None, returned.id))
            session.record("refund.succeeded", "refund", row.id, data=fresh.facts())
    return payment
