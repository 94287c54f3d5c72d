"""The undo of a payment: whatever became of it, no money is kept. Harmless when repeated, and when nothing happened."""

from contextlib import suppress
from uuid import UUID

from careconnect.ids import derived_id
from services.payments import repository, schemas, wire
from services.payments.collection import capture, door, refund, stray
from services.payments.collection.invoicing import cancel_invoice
from services.payments.collection.till import Till
from services.payments.errors import PaymentState, RefundExceedsCaptured, RefundFailed
from services.payments.models import Payment
from services.payments.schemas import ReleaseWrite
from services.payments.states import PaymentStatus, RefundStatus


async def release(till: Till, payment_id: UUID, wanted: ReleaseWrite) -> schemas.Payment:
    """Let the authorisation go or return the captured money in full, and cancel the invoice if that is asked.

    Raises:
        RefundFailed: the gateway would not return the money; a person has to look.
        InvoiceHoldsMoney: the invoice cannot be cancelled, since another payment holds money for it.
    """
    reason = (await till.keys()).seal(wanted.reason)
    closed = await door.shut(till, payment_id, reason)
    if closed:
        cleared = await stray.clear(till, closed, wanted.reason)
        if cleared.left > 0:
            raise RefundFailed
        return wire.payment(cleared, None)
    payment = await _read(till, payment_id)
    if payment.status in {PaymentStatus.authorised, PaymentStatus.failed}:
        payment = await _void(till, payment)
    if payment.status == PaymentStatus.captured:
        await _return_all(till, payment, reason)
    if wanted.cancel_invoice and payment.invoice_id:
        await cancel_invoice(till, payment.invoice_id, reason)
    return wire.listed(await _read(till, payment_id))


async def _read(till: Till, payment_id: UUID) -> Payment:
    async with till.read() as session:
        return await repository.payment(session, payment_id)


async def _void(till: Till, payment: Payment) -> Payment:
    try:
        await capture.let_go(till, payment)
    except PaymentState:
        # A capture was faster. What the gateway says it took is written down, so that it can be returned.
        charge = await (await till.gateway(payment.gateway)).find(payment.id)
        if charge is None or charge.status != "captured":
            raise
        await capture.took(till, payment.id, charge.captured)
    return await _read(till, payment.id)


async def _return_all(till: Till, payment: Payment, reason: bytes) -> None:
    if (await _read(till, payment.id)).left:
        await _ask_for_the_rest(till, payment, reason)
    # All of it is on its way by now, some of it perhaps asked for by somebody else, who may have died since.
    async with till.read() as session:
        asked = await repository.refunds(session, payment.id)
    for row in asked:
        if row.status == RefundStatus.pending:
            await refund.finish(till, payment, row)


async def _ask_for_the_rest(till: Till, payment: Payment, reason: bytes) -> None:
    async with till.read() as session:
        known = await repository.refunds(session, payment.id)
    # The id is the same for whoever releases at the same time; after a failed try it is another one.
    failed = sum(row.status == RefundStatus.failed for row in known)
    request = refund.Request(derived_id(payment.id, "release", failed), None, reason, b"release")
    with suppress(RefundExceedsCaptured):  # somebody was faster, and nothing is left to be asked for
        await refund.ask(till, payment.id, request)
