from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import db
from services.payments import ledger
from services.payments.models.base import Base
from services.payments.models.invoices import Invoice


class InvoiceCredit(db.Tenanted, Base):
    """An amount that an invoice is no longer owed, with its tax; `returned` of it had been paid and went back.

    `covered` of it is off the payer's share, and `against` is the account that it lessens. Never changed.
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
    covered: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    reason: Mapped[bytes]
    against: Mapped[str] = mapped_column(default=ledger.REVENUE, server_default=sa.text("'revenue'"))

    @classmethod
    def grant(
        cls, credit_id: UUID, invoice: Invoice, amount: int, reason: bytes, *, uncover: bool = False
    ) -> "InvoiceCredit":
        """Let `amount` of an invoice go; refuses as `Invoice.credit` does."""
        against = invoice.income
        returned, tax, covered = invoice.credit(amount, uncover=uncover)
        return cls(
            id=credit_id,
            invoice_id=invoice.id,
            currency=invoice.currency,
            amount=amount,
            returned=returned,
            tax=tax,
            covered=covered,
            reason=reason,
            against=against,
        )

    def booking(self) -> ledger.Booking:
        """Give its entry in the ledger."""
        return ledger.invoice_credited(
            self.id,
            self.currency,
            self.amount,
            self.returned,
            tax=self.tax,
            covered=self.covered,
            income=self.against,
        )

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is."""
        said = {"invoice_id": str(self.invoice_id), "currency": self.currency}
        return said | {"amount": self.amount, "returned": self.returned}
