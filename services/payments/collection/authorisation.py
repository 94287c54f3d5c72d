"""The first step: reserve the money on the card, or take it at the desk, and write down what it is for."""

from uuid import UUID

from careconnect.errors import IdempotencyConflict, Refusal
from services.payments import ledger, repository, schemas, wire
from services.payments.collection import door, keeping
from services.payments.collection.till import Till
from services.payments.errors import AmountExceedsDue, CardDeclined, InvoiceNotFound, PaymentReleased, wrong_currency
from services.payments.gateways import routes
from services.payments.gateways.protocol import Order
from services.payments.insurance.covering import covering
from services.payments.models import Invoice, Payment
from services.payments.models.beginnings import begin
from services.payments.schemas import GatewayCharge, PaymentWrite
from services.payments.states import DECLINES, Method, PaymentStatus


async def authorise(till: Till, payment_id: UUID, wanted: PaymentWrite) -> tuple[schemas.Payment, bool]:
    """Collect for the first time under this id, and tell whether it was the first time.

    Raises:
        CardDeclined: the bank said no; that is recorded.
        PaymentReleased: the payment was released; what the gateway reserved is let go.
        InvoiceState, AmountExceedsDue: the invoice has no place for it; what the gateway reserved is let go.
        DrawerNeeded: cash is taken into open drawers only.
        IdempotencyConflict: the id was used for another request.
    """
    invoice_id = wanted.invoice.id if wanted.invoice else wanted.invoice_id
    assert invoice_id is not None  # noqa: S101 - PaymentWrite has one of the two
    known, invoice, gateway = await _look(till, payment_id, invoice_id, wanted)
    if known:
        return await _again(till, known, wanted), False
    _admit(invoice, wanted)
    charge = await _ask(till, payment_id, wanted, gateway)
    try:
        payment, invoice = await _record(till, payment_id, wanted, invoice, charge)
    except repository.Doubled:
        # Its turn comes again with the same idempotency key, so the gateway answers as it did.
        return await authorise(till, payment_id, wanted)
    await _settle(till, payment)
    return wire.payment(payment, invoice), True


async def _look(
    till: Till, payment_id: UUID, invoice_id: UUID, wanted: PaymentWrite
) -> tuple[Payment | None, Invoice | None, str | None]:
    """Read what is known under both ids; of a new card, choose the gateway in the same transaction."""
    if not (wanted.method.through_gateway and wanted.token):
        async with till.read() as session:
            return *await repository.find_together(session, payment_id, invoice_id), None
    usual = (await till.gateway()).name
    async with till.write() as session:
        known, invoice = await repository.find_together(session, payment_id, invoice_id)
        return known, invoice, None if known else await routes.choose(session, payment_id, usual)


async def _again(till: Till, known: Payment, wanted: PaymentWrite) -> schemas.Payment:
    if known.is_closed_door:
        await door.keep_shut(till, known)
        raise PaymentReleased
    if known.request_hash != wanted.fingerprint():
        if known.gateway == ledger.DESK:
            # A card was charged under this id at the same moment; money at the desk never has a charge.
            await (await till.routed(known.id)).void(known.id, f"{known.id}:void:1")
        raise IdempotencyConflict
    await _settle(till, known)
    return wire.listed(known)


async def _settle(till: Till, payment: Payment) -> None:
    """Answer no where the answer is no; money that found no place on its invoice is let go before."""
    if payment.status == PaymentStatus.declined:
        code = payment.decline_code or "card_declined"
        sentence = DECLINES.get(code, DECLINES["card_declined"])
        raise CardDeclined(sentence, decline_code=code, payment_id=str(payment.id))
    if payment.status == PaymentStatus.failed:
        if payment.gateway != ledger.DESK:
            await (await till.gateway(payment.gateway)).void(payment.id, f"{payment.id}:void:1")
        refusal = Refusal.kinds.get(payment.decline_code or "", AmountExceedsDue)
        raise refusal(payment_id=str(payment.id))


def _admit(invoice: Invoice | None, wanted: PaymentWrite) -> None:
    """Refuse, before anybody is charged, what has no place on the invoice."""
    if invoice and wanted.invoice and invoice.request_hash != wanted.invoice.fingerprint():
        raise IdempotencyConflict("The invoice was issued with other lines.")
    if invoice:
        invoice.room_for(wanted.amount) if wanted.surplus == "credit" else invoice.admit(wanted.amount)
    elif wanted.invoice is None:
        raise InvoiceNotFound
    elif wanted.invoice.total.currency != wanted.amount.currency:
        raise wrong_currency(wanted.invoice.total.currency)
    elif wanted.surplus == "refuse" and wanted.invoice.total.amount < wanted.amount.amount:
        raise AmountExceedsDue


async def _ask(till: Till, payment_id: UUID, wanted: PaymentWrite, chosen: str | None) -> GatewayCharge | None:
    if not wanted.method.through_gateway:
        if await (await till.routed(payment_id)).find(payment_id):
            raise IdempotencyConflict("A card was charged under this id, and it is not known here how that ended.")
        return None
    keeper, token = await keeping.named(till, wanted.card_id) if wanted.card_id else (None, wanted.token)
    assert token is not None  # noqa: S101 - PaymentWrite has one of the two
    gateway = await till.gateway(chosen) if chosen else await till.route(payment_id, keeper)
    return await gateway.authorise(Order(payment_id, wanted.amount, token), f"{payment_id}:authorise:1")


async def _record(
    till: Till, payment_id: UUID, wanted: PaymentWrite, invoice: Invoice | None, charge: GatewayCharge | None
) -> tuple[Payment, Invoice]:
    keys = await till.keys()
    async with till.write() as session:
        if invoice:
            owed, bookings = await repository.lock_invoice(session, invoice.id), []
        else:
            assert wanted.invoice is not None  # noqa: S101 - _admit has seen to it
            covered_by = await covering(session, wanted.invoice)
            deferred = await repository.is_to_come(session, wanted.invoice)
            owed = Invoice.issue(session.tenant_id, wanted.invoice.id, wanted.invoice, covered_by, deferred=deferred)
            bookings = [owed.booking()]
        payment = begin(payment_id, wanted, charge, owed)
        if payment.method == Method.cash:
            payment.drawer_id = await repository.drawer_for_cash(session, payment.currency)
        bookings += payment.find_place(owed, allow_surplus=wanted.surplus == "credit")
        if not await repository.claim(session, payment):
            raise repository.Doubled
        if not invoice and wanted.invoice:
            await repository.add_invoice(session, owed, wanted.invoice, keys)
            session.record("invoice.issued", "invoice", owed.id, data=owed.facts())
        if payment.status == PaymentStatus.captured:
            await repository.add_credit(session, owed.patient_id, owed.currency, payment.to_credit)
        await repository.post(session, *bookings)
        session.record(f"payment.{payment.status}", "payment", payment.id, data=payment.facts())
    return payment, owed
