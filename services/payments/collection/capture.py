"""The second step: take the authorised money, or let it go."""

from uuid import UUID

from careconnect.money import Money
from services.payments import ledger, repository, schemas, wire
from services.payments.collection import door
from services.payments.collection.till import Till
from services.payments.errors import PaymentState
from services.payments.models import Payment
from services.payments.schemas import CaptureWrite
from services.payments.states import PaymentStatus


async def capture(till: Till, payment_id: UUID, wanted: CaptureWrite) -> schemas.Payment:
    """Take an authorised payment, in full or in part, once.

    Raises:
        CaptureFailed: the gateway would not; the payment stays authorised.
        PaymentReleased, PaymentState: there is nothing to take.
        AmountExceedsAuthorised: more than was authorised.
    """
    async with till.read() as session:
        payment = await repository.payment(session, payment_id)
    amount = payment.to_capture(wanted.amount)
    if amount is None:
        return wire.listed(payment)
    charge = await (await till.gateway(payment.gateway)).capture(payment_id, amount, f"{payment_id}:capture:1")
    return await took(till, payment_id, charge.captured)


async def took(till: Till, payment_id: UUID, amount: Money) -> schemas.Payment:
    """Write down that the gateway took the money."""
    async with till.write() as session:
        payment, invoice = await repository.lock_payment(session, payment_id)
        bookings = payment.capture(amount, invoice)
        await repository.post(session, *bookings)
        if bookings:
            if payment.to_credit:
                await repository.add_credit(session, invoice.patient_id, invoice.currency, payment.to_credit)
            session.record("payment.captured", "payment", payment_id, data=payment.facts())
    return wire.payment(payment, invoice)


async def void(till: Till, payment_id: UUID) -> schemas.Payment:
    """Let an authorisation go; harmless when it was let go, was declined, or never was.

    Raises:
        PaymentState: the money was taken; refund it.
    """
    async with till.read() as session:
        payment = await repository.find_payment(session, payment_id)
    if payment is None or payment.is_closed_door:
        closed = await door.shut(till, payment_id, (await till.keys()).seal("void"))
        if closed:
            return wire.payment(await door.keep_shut(till, closed), None)
        async with till.read() as session:
            payment = await repository.payment(session, payment_id)
    if payment.status in {PaymentStatus.declined, PaymentStatus.voided}:
        return wire.listed(payment)
    return await let_go(till, payment)


async def let_go(till: Till, payment: Payment) -> schemas.Payment:
    """Ask the gateway to let an authorised payment go, and write it down.

    Raises:
        PaymentState: the money was taken.
    """
    if payment.status == PaymentStatus.captured:
        raise PaymentState(payment_status=payment.status)
    if payment.gateway != ledger.DESK:
        charge = await (await till.gateway(payment.gateway)).void(payment.id, f"{payment.id}:void:1")
        if charge and charge.status == "captured":
            raise PaymentState(payment_status=charge.status)
    async with till.write() as session:
        payment, invoice = await repository.lock_payment(session, payment.id)
        if payment.void(invoice):
            session.record("payment.voided", "payment", payment.id, data=payment.facts())
    return wire.payment(payment, invoice)
