from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import db
from services.payments import ledger
from services.payments.models.base import Base
from services.payments.models.invoices import Invoice


class InvoiceCredit(db.Tenanted, Base):
    """An amount that an invoice is no longer owed, with its tax; `returned` of it had been paid and went back.

    Never changed.
    """

    __tablename__ = "invoice_credits"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        sa.Index(None, "tenant_id", "invoice_id"),
    )

    invoice_id: Mapped[UUID]
    currency: Mapped[str]
    amount: Mapped[int]
    returned: Mapped[int]
    tax: Mapped[int]
    reason: Mapped[bytes]

    @classmethod
    def grant(cls, credit_id: UUID, invoice: Invoice, amount: int, reason: bytes) -> "InvoiceCredit":
        """Let `amount` of an invoice go; refuses as `Invoice.credit` does."""
        returned, tax = invoice.credit(amount)
        return cls(
            id=credit_id,
            invoice_id=invoice.id,
            currency=invoice.currency,
            amount=amount,
            returned=returned,
            tax=tax,
            reason=reason,
        )

    def booking(self) -> ledger.Booking:
        """Give its entry in the ledger."""
        return ledger.invoice_credited(self.id, self.currency, self.amount, self.returned, self.tax)

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is."""
        said = {"invoice_id": str(self.invoice_id), "currency": self.currency}
        return said | {"amount": self.amount, "returned": self.returned}
