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
from services.payments.models.discounts import Discount
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
    discount: Mapped[int]
    tax_name: Mapped[str | None]
    tax_rate: Mapped[int]
    tax_inclusive: Mapped[bool]
    tax: Mapped[int]
    total: Mapped[int]

    def compute(self, currency: str) -> None:
        """Work out tax and total from price, discount and rate."""
        listed = Money(amount=self.quantity * self.unit - self.discount, currency=currency)
        sums = listed.taxed(self.tax_rate, inclusive=self.tax_inclusive)
        self.tax, self.total = sums.tax.amount, sums.gross.amount


class Invoice(db.Tenanted, db.Versioned, Base):
    """What a patient owes: `paid` is taken, `reserved` is authorised and not yet taken; never above `total` together.

    `total` has the taxes in it and the discounts off; `discount` is what they took off without tax. A refund raises
    `refunded` and leaves `paid`, so the patient does not owe again. What is not owed after all, such as the price of a
    visit that was cancelled late but for its fee, is `credited`, with `credited_tax` in it; of that, `returned` went
    back.
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
    tax: Mapped[int]
    discount: Mapped[int]
    paid: Mapped[int]
    reserved: Mapped[int]
    refunded: Mapped[int]
    credited: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    credited_tax: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
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

    discounts: Mapped[list[Discount]] = relationship(
        primaryjoin=lambda: sa.and_(
            Discount.tenant_id == Invoice.tenant_id, foreign(Discount.invoice_id) == Invoice.id
        ),
        order_by=lambda: Discount.created_at,
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
            tax=wanted.tax.amount,
            discount=0,
            paid=0,
            reserved=0,
            refunded=0,
            credited=0,
            credited_tax=0,
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
        if amount.amount > self.open:
            raise AmountExceedsDue

    @property
    def open(self) -> int:
        """What neither a payment nor an authorisation stands against."""
        return self._open() - self.reserved if self.status == InvoiceStatus.issued else 0

    def room_for(self, amount: Money) -> int:
        """Tell how much of `amount` this invoice can take, when the rest becomes the patient's credit.

        Raises:
            InvoiceState: it was cancelled, or never issued.
            InvalidInput: it is in another currency.
        """
        if self.status not in {InvoiceStatus.issued, InvoiceStatus.balanced}:
            raise InvoiceState(invoice_status=self.status)
        if amount.currency != self.currency:
            raise wrong_currency(self.currency)
        return min(amount.amount, self.open)

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
        if amount and self._open() == 0:
            self.status = InvoiceStatus.balanced

    def lower(self, total: int, tax: int, discount: int) -> None:
        """Owe less after a discount; what is paid already may be enough now."""
        self.total, self.tax = total, tax
        self.discount += discount
        if self._open() == 0:
            self.status = InvoiceStatus.balanced

    def give_back(self, amount: int) -> None:
        """Count money that went back."""
        self.refunded += amount

    def credit(self, amount: int) -> tuple[int, int]:
        """Owe `amount` less; tell how much of it had been paid and went back, and how much of it is tax.

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
        left = self.total - self.credited
        # Of what is left, so that the last credit takes the last unit of the tax with it.
        tax = (2 * amount * (self.tax - self.credited_tax) + left) // (2 * left)
        self.credited += amount
        self.credited_tax += tax
        self.returned += returned
        if self._open() == 0:
            self.status = InvoiceStatus.balanced
        return returned, tax

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
        whole = {"tax": self.tax - self.credited_tax, "discount": self.discount}
        return [ledger.invoice_cancelled(self.id, self.currency, total, refunded, **whole)]


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
