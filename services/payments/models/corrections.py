from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from careconnect.ids import uuid7
from services.payments import ledger
from services.payments.errors import GatewaySaysOtherwise, InvoiceState
from services.payments.models.base import Base
from services.payments.models.invoices import Invoice
from services.payments.models.payments import Payment
from services.payments.states import InvoiceStatus, PaymentStatus

NO_CHARGE = "no_charge"
"""The decline code of a payment that its gateway has never heard of."""


class PaymentCorrection(db.Tenanted, Base):
    """By how much more (or less, below zero) was taken than the books said, `surplus` of it the patient's credit.

    The reason is sealed, since it is free text. Never changed.
    """

    __tablename__ = "payment_corrections"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "payment_id"], ["payments.tenant_id", "payments.id"]),
        sa.Index(None, "tenant_id", "payment_id"),
    )

    payment_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int]
    surplus: Mapped[int]
    reason: Mapped[bytes]

    @classmethod
    def make(cls, payment: Payment, invoice: Invoice, captured: int, credit: int, reason: bytes) -> "PaymentCorrection":
        """Let `captured` be what was taken; the patient's `credit` is lowered before the invoice, as far as it is left.

        What the invoice has no room for becomes the patient's credit.

        Raises:
            GatewaySaysOtherwise: more than that has gone back, or was used as the patient's credit.
            InvoiceState: less was taken for an invoice that was cancelled.
        """
        amount = captured - payment.captured
        surplus = _surplus(payment, invoice, amount, credit)
        _count(invoice, amount - surplus)
        payment.captured = captured
        payment.surplus += surplus
        payment.amount = max(payment.amount, captured)
        if captured:
            payment.status, payment.captured_at = PaymentStatus.captured, payment.captured_at or clock.now()
        return cls(
            id=uuid7(), payment_id=payment.id, currency=payment.currency, amount=amount, surplus=surplus, reason=reason
        )

    def booking(self, account: str) -> ledger.Booking:
        """Give its entry in the ledger."""
        return ledger.payment_corrected(self.id, self.currency, account, self.amount, self.surplus)


def _surplus(payment: Payment, invoice: Invoice, amount: int, credit: int) -> int:
    if amount > 0:
        return amount - min(amount, invoice.open)
    if payment.captured + amount < payment.refunding + payment.refunded:
        raise GatewaySaysOtherwise("More has gone back than the gateway says was taken.")
    less = min(-amount, payment.surplus_left, credit)
    if payment.surplus - less > payment.captured + amount:
        raise GatewaySaysOtherwise("The patient has used what was paid beyond the invoice.")
    return -less


def _count(invoice: Invoice, amount: int) -> None:
    open_one = invoice.status in {InvoiceStatus.issued, InvoiceStatus.balanced}
    if amount and (not open_one or invoice.paid + amount < invoice.refunded + invoice.came_back):
        raise InvoiceState(invoice_status=invoice.status)
    invoice.paid += amount
    if open_one:
        invoice.status = InvoiceStatus.issued if invoice.due else InvoiceStatus.balanced
