from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from careconnect import clock, db
from careconnect.money import Money
from services.payments import ledger
from services.payments.errors import (
    AmountExceedsDue,
    CreditExceedsTotal,
    InvoiceHoldsMoney,
    InvoiceState,
    wrong_currency,
)
from services.payments.models.base import Base
from services.payments.schemas import InvoiceWrite
from services.payments.states import InvoiceStatus


class InvoiceCounter(Base):
    """The last invoice number that a tenant used in a year; its row lock makes numbers follow without a gap."""

    __tablename__ = "invoice_counters"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class InvoiceLine(db.Tenanted, Base):
    """One thing that the patient owes for; the description is sealed, since it may tell of an illness."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        sa.UniqueConstraint("tenant_id", "invoice_id", "position"),
    )

    invoice_id: Mapped[UUID]
    position: Mapped[int]
    description: Mapped[bytes]
    quantity: Mapped[int]
    unit: Mapped[int]


class Invoice(db.Tenanted, db.Versioned, Base):
    """What a patient owes: `paid` is taken, `reserved` is authorised and not yet taken; never above `total` together.

    A refund raises `refunded` and leaves `paid`, so the patient does not owe again. What is not owed after all, such as
    the price of a visit that was cancelled late but for its fee, is `credited`; of that, `returned` went back.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "number"),
        sa.Index(None, "tenant_id", "issued_at", "id"),
        sa.Index(None, "tenant_id", "status", "issued_at", "id"),
        sa.Index(None, "tenant_id", "patient_id", "issued_at", "id"),
        sa.Index(None, "tenant_id", "appointment_id"),
    )

    number: Mapped[str]
    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    currency: Mapped[str]
    total: Mapped[int]
    paid: Mapped[int]
    reserved: Mapped[int]
    refunded: Mapped[int]
    credited: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    returned: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    status: Mapped[InvoiceStatus]
    issued_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[bytes | None]
    request_hash: Mapped[bytes]

    lines: Mapped[list[InvoiceLine]] = relationship(
        primaryjoin=lambda: sa.and_(
            InvoiceLine.tenant_id == Invoice.tenant_id, foreign(InvoiceLine.invoice_id) == Invoice.id
        ),
        order_by=InvoiceLine.position,
        viewonly=True,
        lazy="raise",
    )

    @classmethod
    def issue(cls, tenant_id: UUID, invoice_id: UUID, wanted: InvoiceWrite) -> "Invoice":
        """Make an invoice that is owed from now on, to be numbered as it is written; a free one is balanced at once."""
        moment, total = clock.now(), wanted.total
        return cls(
            tenant_id=tenant_id,
            id=invoice_id,
            created_at=moment,
            updated_at=moment,
            version=1,
            patient_id=wanted.patient_id,
            appointment_id=wanted.appointment_id,
            currency=total.currency,
            total=total.amount,
            paid=0,
            reserved=0,
            refunded=0,
            credited=0,
            returned=0,
            status=InvoiceStatus.issued if total else InvoiceStatus.balanced,
            issued_at=moment,
            request_hash=wanted.fingerprint(),
        )

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without anything personal."""
        amounts = {"currency": self.currency, "total": self.total, "paid": self.paid, "refunded": self.refunded}
        amounts |= {"credited": self.credited} if self.credited else {}
        return {"number": self.number, "status": self.status, "appointment_id": _text(self.appointment_id)} | amounts

    @property
    def due(self) -> int:
        """What is still to be paid."""
        return 0 if self.status == InvoiceStatus.cancelled else self._open()

    def admit(self, amount: Money) -> None:
        """Refuse a payment that has no place on this invoice.

        Raises:
            InvoiceState: it is not open.
            InvalidInput: it is in another currency.
            AmountExceedsDue: less is open than `amount`.
        """
        if self.status != InvoiceStatus.issued:
            raise InvoiceState(invoice_status=self.status)
        if amount.currency != self.currency:
            raise wrong_currency(self.currency)
        if amount.amount > self._open() - self.reserved:
            raise AmountExceedsDue

    def reserve(self, amount: Money) -> None:
        """Set `amount` aside for an authorised payment; refuses as `admit` does."""
        self.admit(amount)
        self.reserved += amount.amount

    def unreserve(self, amount: int) -> None:
        """Open what an authorised payment had set aside."""
        self.reserved -= amount

    def collect(self, amount: int) -> None:
        """Count money that came in."""
        self.paid += amount
        if self._open() == 0:
            self.status = InvoiceStatus.balanced

    def give_back(self, amount: int) -> None:
        """Count money that went back."""
        self.refunded += amount

    def credit(self, amount: int) -> int:
        """Owe `amount` less; tell how much of it had been paid and went back.

        Raises:
            InvoiceState: it is not issued, or cancelled.
            CreditExceedsTotal: less than `amount` is owed at all, or nothing is asked for.
            InvoiceHoldsMoney: more is paid or reserved than would be owed.
        """
        if self.status not in {InvoiceStatus.issued, InvoiceStatus.balanced}:
            raise InvoiceState(invoice_status=self.status)
        if not 0 < amount <= self.total - self.credited:
            raise CreditExceedsTotal
        returned = min(amount, self.refunded - self.returned)
        if self._open() - amount + returned < self.reserved:
            raise InvoiceHoldsMoney
        self.credited += amount
        self.returned += returned
        if self._open() == 0:
            self.status = InvoiceStatus.balanced
        return returned

    def _open(self) -> int:
        return self.total - self.credited - self.paid + self.returned

    def cancel(self, reason: bytes) -> list[ledger.Booking]:
        """Stop owing. A cancelled invoice stays so and books nothing more.

        Raises:
            InvoiceState: it was never issued.
            InvoiceHoldsMoney: a payment holds or reserves money for it.
        """
        if self.status == InvoiceStatus.cancelled:
            return []
        if self.status not in {InvoiceStatus.issued, InvoiceStatus.balanced}:
            raise InvoiceState(invoice_status=self.status)
        if self.reserved or self.paid != self.refunded:
            raise InvoiceHoldsMoney
        self.status = InvoiceStatus.cancelled
        self.cancelled_at = clock.now()
        self.cancel_reason = reason
        total, refunded = self.total - self.credited, self.refunded - self.returned
        return [ledger.invoice_cancelled(self.id, self.currency, total, refunded)]


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
