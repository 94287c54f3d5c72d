"""Money back: set aside first, then asked of the gateway, then written down as done."""

from dataclasses import dataclass
from uuid import UUID

from careconnect.db import WriteSession
from careconnect.errors import IdempotencyConflict
from careconnect.money import Money
from services.payments import ledger, repository, schemas, wire
from services.payments.collection import waiting
from services.payments.collection.till import Till
from services.payments.errors import RefundFailed
from services.payments.models import Invoice, Payment, Refund
from services.payments.schemas import GatewayCharge, RefundWrite
from services.payments.states import Method, RefundStatus

REFUSED = "refused"
"""The failure of a refund of which the gateway does not say more."""


async def refund(till: Till, payment_id: UUID, refund_id: UUID, wanted: RefundWrite) -> tuple[schemas.Refund, bool]:
    """Return captured money, in full or in part, and tell whether this is the first time it was asked for.

    Raises:
        PaymentState: nothing was captured.
        RefundExceedsCaptured: less is left.
        RefundFailed: the gateway would not.
        IdempotencyConflict: the id was used for another refund.
    """
    keys = await till.keys()
    request = Request(refund_id, wanted.amount, keys.seal(wanted.reason), wanted.fingerprint())
    row, payment, new = await ask(till, payment_id, request)
    row = await finish(till, payment, row, late=not new)
    return wire.refund(row, keys), new


@dataclass(frozen=True)
class Request:
    """A refund to be: `amount` None means all that is left; `digest` tells a repeat from another request."""

    id: UUID
    amount: Money | None
    reason: bytes
    digest: bytes


async def ask(till: Till, payment_id: UUID, wanted: Request) -> tuple[Refund, Payment, bool]:
    """Set the money aside and write the refund down as pending, or find it as it stands; refuses as `refund` does."""
    async with till.write() as session:
        payment, invoice = await repository.lock_money(session, payment_id)
        known = await repository.find_refund(session, wanted.id)
        if known:
            if known.payment_id != payment_id or known.request_hash != wanted.digest:
                raise IdempotencyConflict
            return known, payment, False
        credit = await repository.credit_of(session, invoice) if payment.surplus_left else 0
        amounts = payment.send_back(wanted.amount, credit)
        if amounts[1] and invoice:
            await repository.add_credit(session, invoice.patient_id, invoice.currency, -amounts[1])
        row = Refund.ask(wanted.id, payment, amounts, wanted.reason, wanted.digest)
        if payment.method == Method.cash:
            # Never refused here: what a process gives back must not hang on who has a drawer open.
            row.drawer_id = await repository.drawer_for_cash(session, payment.currency, by_hand=False)
        session.add(row)
        session.record("refund.requested", "refund", row.id, data=row.facts())
        if payment.gateway == ledger.DESK:
            await repository.post(session, *row.succeed(payment, invoice, None))
            if payment.spends and invoice:
                await repository.add_credit(session, invoice.patient_id, invoice.currency, row.amount)
            session.record("refund.succeeded", "refund", row.id, data=row.facts())
            await waiting.over(session, payment)
    return row, payment, True


async def finish(till: Till, payment: Payment, row: Refund, *, late: bool = False) -> Refund:
    """Bring a refund that was asked for to its end; one that ended stays as it is.

    With `late`, whoever asked for it was told before that it is on its way.

    Raises:
        RefundFailed: the gateway would not.
    """
    if row.status == RefundStatus.pending:
        amount, key = Money(amount=row.amount, currency=row.currency), f"{payment.id}:refund:{row.id}"
        try:
            returned = await (await till.gateway(payment.gateway)).refund(payment.id, row.id, amount, key)
        except RefundFailed as refusal:
            await _failed(till, payment.id, row.id, refusal.extra.get("failure") or REFUSED, late=late)
            raise
        if returned.status == "pending":
            return row  # the gateway tells by an event how it ends
        row = await _succeeded(till, payment.id, row.id, returned.id)
    if row.status == RefundStatus.failed:
        raise RefundFailed
    return row


async def _succeeded(till: Till, payment_id: UUID, refund_id: UUID, gateway_reference: str) -> Refund:
    async with till.write() as session:
        payment, invoice = await repository.lock_money(session, payment_id)
        row = await repository.refund(session, refund_id)
        bookings = row.succeed(payment, invoice, gateway_reference)
        await repository.post(session, *bookings)
        if bookings:
            session.record("refund.succeeded", "refund", refund_id, data=row.facts())
            await waiting.over(session, payment)
    return row


async def _failed(till: Till, payment_id: UUID, refund_id: UUID, why: str, *, late: bool) -> None:
    async with till.write() as session:
        payment, invoice = await repository.lock_money(session, payment_id)
        await fail(session, payment, invoice, await repository.refund(session, refund_id), why, late=late)


async def follow(session: WriteSession, payment: Payment, invoice: Invoice | None, charge: GatewayCharge) -> bool:
    """Bring refunds to where the gateway says that they are; one that failed may be sent another way.

    Tells whether anything was new.
    """
    listed = {one.reference: one.id for one in charge.refunds}
    failed = {one.reference: one.failure for one in charge.unsettled if one.status == "failed"}
    if not listed and not failed:
        return False
    bookings: list[ledger.Booking] = []
    changed = False
    for row in await repository.refunds(session, payment.id):
        if row.id in listed and (booked := row.succeed(payment, invoice, listed[row.id])):
            bookings += booked
            session.record("refund.succeeded", "refund", row.id, data=row.facts())
        if row.id in failed:
            changed = await fail(session, payment, invoice, row, failed[row.id] or REFUSED) or changed
    await repository.post(session, *bookings)
    if bookings:
        await waiting.over(session, payment)
    return changed or bool(bookings)


async def fail(
    session: WriteSession, payment: Payment, invoice: Invoice | None, row: Refund, why: str, *, late: bool = True
) -> bool:
    """Write down that the gateway did not return the money, or took it back after it had; false if that was known.

    Whoever asked is told while they wait. If it comes `late`, a patient waits for money and nobody knows of it, so it
    is put under Attention.
    """
    if row.status == RefundStatus.failed:
        return False
    late = late or row.status == RefundStatus.succeeded
    if row.surplus and invoice:
        await repository.add_credit(session, invoice.patient_id, invoice.currency, row.surplus)
    bookings = row.come_back(payment, invoice, why)
    await repository.post(session, *bookings)
    row.fail(payment, why, late=late)
    session.record("refund.reversed" if bookings else "refund.failed", "refund", row.id, data=row.facts())
    if late:
        await waiting.note(session, payment, row)
    return True
