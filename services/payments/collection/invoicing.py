"""Invoices without a payment yet, and their end."""

from uuid import UUID

from careconnect.crypto import TenantKeys
from careconnect.db import WriteSession
from careconnect.errors import IdempotencyConflict
from careconnect.money import Money
from services.payments import repository
from services.payments.collection.till import Till
from services.payments.errors import wrong_currency
from services.payments.insurance import claiming
from services.payments.insurance.covering import covering
from services.payments.models import Invoice, InvoiceCredit
from services.payments.schemas import InvoiceWrite


async def issue(till: Till, invoice_id: UUID, wanted: InvoiceWrite) -> bool:
    """Issue an invoice; false if just this one was issued before.

    Raises:
        IdempotencyConflict: the id was used for another invoice.
    """
    try:
        return await _issue(till, invoice_id, wanted)
    except repository.Doubled:
        return await _issue(till, invoice_id, wanted)


async def _issue(till: Till, invoice_id: UUID, wanted: InvoiceWrite) -> bool:
    keys = await till.keys()
    async with till.write() as session:
        known = await repository.find_invoice(session, invoice_id)
        if known is None:
            await put_up(session, invoice_id, wanted, keys)
        elif known.request_hash != wanted.fingerprint():
            raise IdempotencyConflict
    return known is None


async def put_up(session: WriteSession, invoice_id: UUID, wanted: InvoiceWrite, keys: TenantKeys) -> None:
    """Issue an invoice that is not there yet: numbered, and in the books.

    Raises:
        repository.Doubled: the same invoice was issued at this very moment.
    """
    covered_by, deferred = await covering(session, wanted), await repository.is_to_come(session, wanted)
    row = Invoice.issue(session.tenant_id, invoice_id, wanted, covered_by, deferred=deferred)
    await repository.add_invoice(session, row, wanted, keys)
    await repository.post(session, row.booking())
    session.record("invoice.issued", "invoice", row.id, data=row.facts())


async def cancel_invoice(till: Till, invoice_id: UUID, reason: bytes, *, in_error: bool = False) -> None:
    """Stop owing, or with `in_error` say that it should never have been; harmless when repeated.

    Raises:
        InvoiceNotFound: there is none.
        InvoiceState: it has ended otherwise.
        InvoiceHoldsMoney: a payment holds or reserves money for it.
        InvoiceWasPaid: with `in_error`, money came for it.
        ClaimUnderWay: a payer was asked for its share.
    """
    async with till.write() as session:
        row = await repository.lock_invoice(session, invoice_id)
        bookings = row.cancel(reason, in_error=in_error)
        await repository.post(session, *bookings)
        if bookings:
            await claiming.follow(session, row)
            session.record(f"invoice.{row.status}", "invoice", row.id, data=row.facts())


async def credit(
    till: Till, invoice_id: UUID, credit_id: UUID, amount: Money, reason: bytes, *, uncover: bool = False
) -> None:
    """Let a part of an invoice go; harmless when repeated under the same id.

    Raises:
        InvoiceNotFound: there is none.
        IdempotencyConflict: the id was used for another credit.
        InvoiceState, CreditExceedsTotal, InvoiceHoldsMoney: see `Invoice.credit`.
    """
    async with till.write() as session:
        invoice = await repository.lock_invoice(session, invoice_id)
        known = await repository.find_credit(session, credit_id)
        if known:
            if (known.invoice_id, known.amount, known.currency) != (invoice_id, amount.amount, amount.currency):
                raise IdempotencyConflict
            return
        if amount.currency != invoice.currency:
            raise wrong_currency(invoice.currency)
        row = InvoiceCredit.grant(credit_id, invoice, amount.amount, reason, uncover=uncover)
        session.add(row)
        await repository.post(session, row.booking())
        await claiming.follow(session, invoice)
        session.record("invoice.credited", "invoice", invoice.id, data=invoice.facts() | row.facts())
