"""What a check mends inside this service: it notes what the gateway did, and sends back what nobody asked for.

Money of a payment that has a process is mended by asking that; here is what no process can know of.
"""

from uuid import UUID

from careconnect import clock
from careconnect.ids import derived_id
from careconnect.money import Money
from services.payments import ledger, repository
from services.payments.checking import orphans
from services.payments.collection import door, events, refund
from services.payments.collection.till import Till
from services.payments.errors import PaymentNotFound, RefundFailed
from services.payments.gateways.protocol import Event
from services.payments.models import Orphan, Payment, Refund
from services.payments.schemas import GatewayCharge, OrphanKind
from services.payments.states import PaymentStatus, RefundStatus

_WHY = "money_check"


async def mend(till: Till, orphan_id: UUID) -> str:
    """Mend an orphan, and tell what became of it; a repeat is harmless.

    One whose payment has a process is mended when that has let the money go; until then it stays `mending`.

    Raises:
        OrphanNotFound: there is none.
        OrphanSettled: it does not wait any more.
        RefundFailed: the gateway would not return the money; the orphan stays open.
    """
    async with till.write() as session:
        row = await orphans.settle(session, orphan_id, "mending")
    if has_process(row):
        if await _still_holds(till, row):
            return "mending"
    elif row.kind in {OrphanKind.charge_without_payment, OrphanKind.authorisation_alone}:
        await return_stray(till, row.subject_id, row.gateway)
    elif row.kind == OrphanKind.status_differs:
        await _follow(till, row)
    elif row.kind == OrphanKind.refund_stuck:
        await _finish(till, row)
    async with till.write() as session:
        return (await orphans.settle(session, orphan_id, "mended")).status


def has_process(row: Orphan) -> bool:
    """Tell whether the payment's own process mends it: there is a payment, for an invoice."""
    own = row.kind in {OrphanKind.authorisation_alone, OrphanKind.kept_without_visit}
    return own and row.payment_id is not None and row.invoice_id is not None


async def _still_holds(till: Till, row: Orphan) -> bool:
    async with till.read() as session:
        payment = await repository.payment(session, row.payment_id or row.subject_id)
    return payment.status == PaymentStatus.authorised or payment.captured > payment.refunded


async def return_stray(till: Till, reference: UUID, gateway: str | None = None) -> None:
    """Let go or send back what the gateway holds under a reference that has no payment here.

    A captured charge is taken into the books first, owed to its owner, and leaves them with its refund.
    """
    reason = (await till.keys()).seal(_WHY)
    closed = await door.shut(till, reference, reason)
    if closed is None:
        async with till.read() as session:
            known = await repository.payment(session, reference)
        raise PaymentNotFound(f"This payment is {known.status} and has a process of its own.")
    if gateway and gateway != closed.gateway:
        async with till.write() as session:
            closed = await repository.lock_door(session, reference)
            closed.gateway = gateway
    charge = await (await till.gateway(closed.gateway)).find(reference)
    if charge is None or charge.captured == charge.refunded:
        await door.keep_shut(till, closed)
        return
    row = await _adopt(till, reference, charge, reason)
    await _send_back(till, reference, row, closed.gateway)


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


async def _send_back(till: Till, reference: UUID, row: Refund, gateway: str) -> None:
    if row.status != RefundStatus.pending:
        return
    amount = Money(amount=row.amount, currency=row.currency)
    at = await till.gateway(gateway)
    returned = await at.refund(reference, row.id, amount, f"{reference}:refund:{row.id}")
    async with till.write() as session:
        payment = await repository.lock_door(session, reference)
        fresh = await repository.refund(session, row.id)
        if fresh.status == RefundStatus.pending:
            fresh.arrive(payment, returned.id)
            booking = ledger.stray_returned(row.id, row.currency, payment.account, row.amount)
            await repository.post(session, booking)
            session.record("refund.succeeded", "refund", row.id, data=fresh.facts())


async def _follow(till: Till, row: Orphan) -> None:
    """Take in what the gateway says of the charge, as if its event had come."""
    event = Event(f"money-check-{row.id}-{row.check_id}", "charge.checked", till.actor.tenant_id, row.subject_id)
    await events.take_in(till, row.gateway or (await till.gateway()).name, event)


async def _finish(till: Till, row: Orphan) -> None:
    """Ask the gateway once more for a refund that was asked for and has no answer; its key makes that harmless."""
    async with till.read() as session:
        asked = await repository.refund(session, row.subject_id)
        payment: Payment = await repository.payment(session, asked.payment_id)
    if asked.status == RefundStatus.failed:
        raise RefundFailed
    await refund.finish(till, payment, asked)
