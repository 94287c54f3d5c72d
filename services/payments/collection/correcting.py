"""Payments brought to where the gateway says that they are, when somebody who looked has decided so."""

from uuid import UUID

from careconnect.db import WriteSession
from services.payments import ledger, repository
from services.payments.collection.till import Till
from services.payments.errors import GatewaySaysOtherwise
from services.payments.models import Invoice, Payment, PaymentCorrection
from services.payments.models.corrections import NO_CHARGE
from services.payments.schemas import GatewayCharge
from services.payments.states import PaymentStatus

_OVER = {PaymentStatus.declined, PaymentStatus.voided, PaymentStatus.failed}


async def follow(till: Till, payment_id: UUID, why: str) -> None:
    """Take what the gateway says was taken into the books, by a correcting entry; what it only reserved, as reserved.

    Money that it reserves for a payment that is over here is let go there. A repeat changes nothing.

    Raises:
        PaymentNotFound: there is none, or only a closed door.
        GatewaySaysOtherwise: it knows no such charge, has another currency, or took less than has gone back.
        InvoiceState: less was taken for an invoice that was cancelled.
    """
    reason = (await till.keys()).seal(why)
    async with till.read() as session:
        payment = await repository.payment(session, payment_id)
    at = await till.gateway(payment.gateway)
    charge = await at.find(payment_id)
    if charge and charge.status == "authorised" and payment.status in _OVER:
        charge = await at.void(payment_id, f"{payment_id}:void:1")
    if charge is None or charge.amount.currency != payment.currency:
        raise GatewaySaysOtherwise
    async with till.write() as session:
        payment, invoice = await repository.lock_payment(session, payment_id)
        await _bring(session, payment, invoice, charge, reason)


async def look_again(till: Till, payment_id: UUID, why: str) -> None:
    """Ask the gateway once more for a payment that its list did not have; what it never took is not paid here either.

    Raises:
        PaymentNotFound: there is none, or only a closed door.
        GatewaySaysOtherwise: something has gone back of it, which cannot be if nothing was taken.
        InvoiceState: its invoice was cancelled.
    """
    reason = (await till.keys()).seal(why)
    async with till.read() as session:
        payment = await repository.payment(session, payment_id)
    if payment.gateway == ledger.DESK or await (await till.gateway(payment.gateway)).find(payment_id):
        return
    async with till.write() as session:
        payment, invoice = await repository.lock_payment(session, payment_id)
        if payment.decline_code == NO_CHARGE:
            return
        await _correct(session, payment, invoice, 0, reason)
        payment.void(invoice)
        payment.status, payment.decline_code = PaymentStatus.failed, NO_CHARGE
        payment.gateway_reference = None
        session.record("payment.corrected", "payment", payment.id, data=payment.facts())


async def _bring(
    session: WriteSession, payment: Payment, invoice: Invoice, charge: GatewayCharge, reason: bytes
) -> None:
    before = (payment.status, payment.amount, payment.captured)
    if payment.status == PaymentStatus.authorised:
        payment.void(invoice)
    await _correct(session, payment, invoice, charge.captured.amount, reason)
    if charge.status == "authorised":
        _reserve(invoice, charge)
    payment.status, payment.amount = PaymentStatus(charge.status), charge.amount.amount
    payment.decline_code = charge.decline_code
    if (payment.status, payment.amount, payment.captured) != before:
        session.record("payment.corrected", "payment", payment.id, data=payment.facts())


async def _correct(session: WriteSession, payment: Payment, invoice: Invoice, captured: int, reason: bytes) -> None:
    """Let `captured` be what was taken, with an entry if it was another amount."""
    if captured == payment.captured:
        return
    who, currency = invoice.patient_id, invoice.currency
    credit = await repository.credit(session, who, currency, lock=True)
    row = PaymentCorrection.make(payment, invoice, captured, credit, reason)
    if not captured:
        payment.status, payment.captured_at = PaymentStatus.voided, None
    session.add(row)
    await repository.add_credit(session, who, currency, row.surplus)
    await repository.post(session, row.booking(payment.account))


def _reserve(invoice: Invoice, charge: GatewayCharge) -> None:
    if charge.amount.amount > invoice.open:
        raise GatewaySaysOtherwise("More is reserved at the gateway than is due; let it go on the invoice.")
    invoice.reserve(charge.amount)
