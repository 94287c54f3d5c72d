"""Closed doors: a payment that is released before its request was written down leaves a row that keeps it out.

The request may still be on its way to the gateway, or may have been served there by a process that died before it could
write. Whoever comes by later (the request itself, the release, the gateway's own event) finds the row and lets go what
the gateway holds.
"""

from uuid import UUID

from services.payments import repository
from services.payments.collection.till import Till
from services.payments.errors import PaymentState
from services.payments.models import Payment
from services.payments.models.beginnings import closed_door


async def shut(till: Till, payment_id: UUID, reason: bytes) -> Payment | None:
    """Close the door; None if the payment is written down, and so can be released."""
    fresh = closed_door(till.actor.tenant_id, payment_id, (await till.route(payment_id)).name)
    fresh.release(reason)
    async with till.write() as session:
        if await repository.claim(session, fresh):
            session.record("payment.released", "payment", payment_id, data=fresh.facts())
            return fresh
        row = await repository.lock_door(session, payment_id)
        if row.released_at is None:
            row.release(reason)
            session.record("payment.released", "payment", payment_id, data=row.facts())
    return row if row.is_closed_door else None


async def keep_shut(till: Till, row: Payment) -> Payment:
    """Let go what the gateway holds behind a closed door, and write down what it was.

    Raises:
        PaymentState: the gateway took the money, though nobody here asked it to; a person has to look.
    """
    charge = await (await till.gateway(row.gateway)).void(row.id, f"{row.id}:void:1")
    if charge is None or row.gateway_reference == charge.id:
        return row
    if charge.captured != charge.refunded:
        raise PaymentState("The gateway took money for a payment that was released.", payment_status=charge.status)
    async with till.write() as session:
        row = await repository.lock_door(session, row.id)
        if row.gateway_reference is None:
            row.learn(charge)
            session.record("payment.voided", "payment", row.id, data=row.facts())
    return row
