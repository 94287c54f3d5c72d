"""Taking something off an invoice, with a reason: each line's tax is worked out anew, and the ledger told of it."""

from collections.abc import Sequence
from uuid import UUID

from careconnect.errors import IdempotencyConflict
from careconnect.money import Money
from services.payments import ledger, repository
from services.payments.collection.till import Till
from services.payments.errors import DiscountExceedsDue, InvoiceState, wrong_currency
from services.payments.insurance import claiming
from services.payments.models import Discount, Invoice, InvoiceLine
from services.payments.schemas import DiscountWrite
from services.payments.states import InvoiceStatus


async def discount(till: Till, invoice_id: UUID, discount_id: UUID, wanted: DiscountWrite) -> bool:
    """Take it off once under this id; false if just this was taken off before.

    Raises:
        InvoiceNotFound: there is none.
        InvoiceState: it is not open.
        DiscountExceedsDue: it is more than the lines come to, or than what is open, or a part was credited already.
        ClaimUnderWay: the payer was asked already, and its share would change.
        IdempotencyConflict: the id was used for another discount.
    """
    keys = await till.keys()
    async with till.write() as session:
        invoice = await repository.lock_invoice(session, invoice_id)
        known = await repository.find_discount(session, discount_id)
        if known:
            if known.invoice_id != invoice_id or known.request_hash != wanted.fingerprint():
                raise IdempotencyConflict
            return False
        lines = await repository.lines_of(session, invoice)
        amount, tax, covered = _take_off(invoice, lines, wanted)
        row = Discount(
            id=discount_id,
            invoice_id=invoice_id,
            percent=wanted.percent,
            amount=amount,
            tax=tax,
            covered=covered,
            reason=keys.seal(wanted.reason),
            request_hash=wanted.fingerprint(),
            against=invoice.discounts_stand,
        )
        session.add(row)
        booking = ledger.invoice_discounted(discount_id, invoice.currency, amount, tax, covered, row.against)
        await repository.post(session, booking)
        await claiming.follow(session, invoice)
        said = {"amount": amount, "tax": tax, "percent": wanted.percent}
        session.record("invoice.discounted", "invoice", invoice_id, data=invoice.facts() | said)
    return True


def _take_off(invoice: Invoice, lines: Sequence[InvoiceLine], wanted: DiscountWrite) -> tuple[int, int, int]:
    """Lower the lines and the invoice; tell by how much, what of that is tax, and what the payer's."""
    if invoice.status != InvoiceStatus.issued:
        raise InvoiceState(invoice_status=invoice.status)
    if wanted.amount and wanted.amount.currency != invoice.currency:
        raise wrong_currency(invoice.currency)
    before = invoice.total, invoice.tax
    for line, off in zip(lines, _shares(invoice, lines, wanted), strict=True):
        line.discount += off
        line.compute(invoice.currency)
    total, tax = sum(line.total for line in lines), sum(line.tax for line in lines)
    amount, tax_off = before[0] - total, before[1] - tax
    covered = invoice.off_cover(amount)
    if not amount > 0 or amount - covered > invoice.open or invoice.credited:
        raise DiscountExceedsDue
    invoice.lower(total, tax, amount - tax_off, covered)
    return amount, tax_off, covered


def _shares(invoice: Invoice, lines: Sequence[InvoiceLine], wanted: DiscountWrite) -> list[int]:
    """Share a discount out over the lines by what they list; not a minor unit more or less than was asked for."""
    listed = [line.quantity * line.unit - line.discount for line in lines]
    if wanted.percent is not None:
        return [Money(amount=one, currency=invoice.currency).percent(wanted.percent).amount for one in listed]
    assert wanted.amount is not None  # noqa: S101 - DiscountWrite has one of the two
    whole, off = sum(listed), wanted.amount.amount
    if off > whole:
        raise DiscountExceedsDue
    shares, seen, given = [], 0, 0
    for one in listed:
        seen += one
        shares.append(off * seen // whole - given)
        given += shares[-1]
    return shares
