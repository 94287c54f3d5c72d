from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from careconnect import clock, db
from careconnect.money import Money
from services.payments import ledger
from services.payments.errors import (
    AmountExceedsDue,
    ClaimUnderWay,
    CreditExceedsTotal,
    InvoiceHoldsMoney,
    InvoiceState,
    InvoiceWasPaid,
    wrong_currency,
)
from services.payments.insurance.cover import NOTHING, Cover
from services.payments.models.base import Base, Word
from services.payments.models.discounts import Discount
from services.payments.models.insurance import Payer
from services.payments.schemas import InvoiceWrite
from services.payments.states import ENDED, EarnedAs, InvoiceStatus


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


class Covering(NamedTuple):
    """Who covers an invoice, and how much of it."""

    coverage_id: UUID
    payer_id: UUID
    cover: Cover


class Invoice(db.Tenanted, db.Versioned, Base):
    """What a patient owes: `paid` is taken, `reserved` is authorised and not yet taken; never above `total` together.

    `total` has the taxes in it and the discounts off; `discount` is what they took off without tax. A refund raises
    `refunded` and leaves `paid`, so the patient does not owe again; what a gateway took back of that, and is to be
    returned once more, is `came_back`. What is not owed after all, such as the price of a visit that was cancelled late
    but for its fee, is `credited`, with `credited_tax` in it; of that, `returned` went back.

    A payer owes `covered` of it, as `cover_rate` or `cover_fixed` say; the patient owes the rest, and `paid`,
    `refunded` and `status` are about that rest alone. Once the payer was asked (`claimed`) the shares stand. Of what is
    covered, `payer_paid` has come and `written_off` nobody pays.

    Its price is income at once, or `deferred` until the visit took place or a fee is kept (`earned_as`).
    """

    __tablename__ = "invoices"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "number"),
        sa.Index(None, "tenant_id", "issued_at", "id"),
        sa.Index(None, "tenant_id", "status", "issued_at", "id"),
        sa.Index(None, "tenant_id", "patient_id", "issued_at", "id"),
        sa.Index(None, "tenant_id", "appointment_id"),
        sa.Index("ix_invoices_total", "tenant_id", "currency", "total", "id"),
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
    came_back: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    status: Mapped[InvoiceStatus]
    issued_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[bytes | None]
    request_hash: Mapped[bytes]
    coverage_id: Mapped[UUID | None]
    payer_id: Mapped[UUID | None]
    cover_rate: Mapped[int | None]
    cover_fixed: Mapped[int | None]
    covered: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    payer_paid: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    written_off: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    claimed: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    authorisation: Mapped[bytes | None]
    deferred: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    earned_as: Mapped[EarnedAs | None] = mapped_column(Word(EarnedAs))

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

    payer: Mapped[Payer | None] = relationship(
        primaryjoin=lambda: sa.and_(Payer.tenant_id == Invoice.tenant_id, Payer.id == foreign(Invoice.payer_id)),
        viewonly=True,
        lazy="raise",
    )

    @classmethod
    def issue(
        cls,
        tenant_id: UUID,
        invoice_id: UUID,
        wanted: InvoiceWrite,
        covering: Covering | None = None,
        *,
        deferred: bool = False,
    ) -> "Invoice":
        """Make an invoice that is owed from now on, to be numbered as it is written; `deferred` if not yet earned.

        One of which the patient owes nothing is balanced at once.
        """
        moment, total = clock.now(), wanted.total
        cover = covering.cover if covering else NOTHING
        covered = cover.share(total.amount)
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
            came_back=0,
            status=InvoiceStatus.issued if total.amount > covered else InvoiceStatus.balanced,
            issued_at=moment,
            request_hash=wanted.fingerprint(),
            coverage_id=covering.coverage_id if covering else None,
            payer_id=covering.payer_id if covering else None,
            cover_rate=cover.rate if covering else None,
            cover_fixed=cover.fixed if covering else None,
            covered=covered,
            payer_paid=0,
            written_off=0,
            claimed=False,
            deferred=deferred,
        )

    def booking(self) -> ledger.Booking:
        """Give the entry of its issue."""
        return ledger.invoice_issued(self.id, self.currency, self.total, self.tax, self.covered, self.income)

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without anything personal."""
        amounts = {"currency": self.currency, "total": self.total, "paid": self.paid, "refunded": self.refunded}
        amounts |= {"credited": self.credited} if self.credited else {}
        amounts |= {"covered": self.covered} if self.coverage_id else {}
        return {"number": self.number, "status": self.status, "appointment_id": _text(self.appointment_id)} | amounts

    @property
    def due(self) -> int:
        """What the patient has still to pay."""
        return 0 if self.status in ENDED else self._open()

    @property
    def payer_due(self) -> int:
        """What the payer has still to pay."""
        return 0 if self.status in ENDED else self.covered - self.payer_paid - self.written_off

    @property
    def income(self) -> str:
        """Name the account where its price stands at present."""
        if self.earned_as == EarnedAs.fee:
            return ledger.FEES_KEPT
        return ledger.DEPOSITS if self.deferred and not self.earned_as else ledger.REVENUE

    @property
    def discounts_stand(self) -> str:
        """Name the account where a discount goes: a fee is kept net, so that one lessens it."""
        return ledger.FEES_KEPT if self.earned_as == EarnedAs.fee else ledger.DISCOUNTS

    def earn(self, how: EarnedAs, at: datetime) -> list[ledger.Booking]:
        """Let what is left of its price be earned, once: as revenue, or as a fee that is kept."""
        if self.earned_as or self.status not in {InvoiceStatus.issued, InvoiceStatus.balanced}:
            return []
        waited = self.income
        self.earned_as = how
        price = self.total - self.credited - self.tax + self.credited_tax + self.discount
        if waited == self.income:
            return []
        as_fee = how == EarnedAs.fee
        return [
            ledger.invoice_earned(self.id, self.currency, price, self.discount, waited=waited, as_fee=as_fee, at=at)
        ]

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

    def lower(self, total: int, tax: int, discount: int, covered: int) -> None:
        """Owe less after a discount, `covered` of it off the payer's share; what is paid may be enough now."""
        self.total, self.tax = total, tax
        self.discount += discount
        self.covered -= covered
        if self._open() == 0:
            self.status = InvoiceStatus.balanced

    def off_cover(self, amount: int, *, uncover: bool = False) -> int:
        """Tell how much less the payer owes when `amount` less is owed together; with `uncover`, all of its share.

        Raises:
            ClaimUnderWay: the payer was asked already, and its share would change.
        """
        whole = self.total - self.credited - amount
        cover = NOTHING if uncover else Cover(rate=self.cover_rate, fixed=self.cover_fixed)
        if self.claimed:
            if whole < self.covered or (uncover and self.covered):
                raise ClaimUnderWay
            return 0
        return self.covered - cover.share(whole)

    def fall_back(self, amount: int) -> None:
        """Let the patient owe what the payer does not pay."""
        self.covered -= amount
        if self.status == InvoiceStatus.balanced and self._open():
            self.status = InvoiceStatus.issued

    def give_back(self, amount: int) -> None:
        """Count money that went back, that which had come back first."""
        self.refunded += amount
        self.came_back -= min(self.came_back, amount)

    def credit(self, amount: int, *, uncover: bool = False) -> tuple[int, int, int]:
        """Owe `amount` less; tell how much had been paid and went back, how much is tax, and how much the payer's.

        The payer's share falls as its terms say, or with `uncover` to nothing.

        Raises:
            InvoiceState: it is not issued, or cancelled.
            CreditExceedsTotal: less than `amount` is owed at all, or nothing is asked for.
            InvoiceHoldsMoney: more is paid or reserved than would be owed.
            ClaimUnderWay: the payer was asked already, and its share would change.
        """
        if self.status not in {InvoiceStatus.issued, InvoiceStatus.balanced}:
            raise InvoiceState(invoice_status=self.status)
        if not 0 < amount <= self.total - self.credited:
            raise CreditExceedsTotal
        covered = self.off_cover(amount, uncover=uncover)
        if covered > amount:
            raise CreditExceedsTotal
        # A refund that came back may have been counted as returned by an earlier credit.
        returned = max(0, min(amount - covered, self.refunded - self.returned))
        if self._open() - amount + covered + returned < self.reserved:
            raise InvoiceHoldsMoney
        left = self.total - self.credited
        # Of what is left, so that the last credit takes the last unit of the tax with it.
        tax = (2 * amount * (self.tax - self.credited_tax) + left) // (2 * left)
        self.credited += amount
        self.covered -= covered
        if uncover:
            self.cover_rate, self.cover_fixed = NOTHING.rate, NOTHING.fixed
        self.credited_tax += tax
        self.returned += returned
        if self._open() == 0:
            self.status = InvoiceStatus.balanced
        return returned, tax, covered

    def _open(self) -> int:
        return self.total - self.covered - self.credited - self.paid + self.returned

    def cancel(self, reason: bytes, *, in_error: bool = False) -> list[ledger.Booking]:
        """Stop owing, for good; with `in_error` it should never have been, and no money may have come.

        Raises:
            InvoiceState: it has ended otherwise.
            InvoiceHoldsMoney, InvoiceWasPaid: money stands in the way.
            ClaimUnderWay: a payer was asked for its share.
        """
        status = InvoiceStatus.entered_in_error if in_error else InvoiceStatus.cancelled
        if self.status == status:
            return []
        if self.status not in {InvoiceStatus.issued, InvoiceStatus.balanced}:
            raise InvoiceState(invoice_status=self.status)
        if in_error and (self.paid or self.reserved):
            raise InvoiceWasPaid
        if self.reserved or self.paid != self.refunded:
            raise InvoiceHoldsMoney
        if self.claimed and self.covered:
            raise ClaimUnderWay
        self.status = status
        self.cancelled_at = clock.now()
        self.cancel_reason = reason
        total, refunded = self.total - self.credited, self.refunded - self.returned
        discount = 0 if self.earned_as == EarnedAs.fee else self.discount
        whole = {"tax": self.tax - self.credited_tax, "discount": discount, "covered": self.covered}
        return [
            ledger.invoice_cancelled(self.id, self.currency, total, refunded, **whole, income=self.income, how=status)
        ]


def _text(key: UUID | None) -> str | None:
    return str(key) if key else None
