from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, relationship

from careconnect import clock, db
from careconnect.errors import Refusal
from careconnect.money import Money
from services.payments import ledger
from services.payments.errors import (
    AmountExceedsAuthorised,
    PaymentReleased,
    PaymentState,
    RefundExceedsCaptured,
    wrong_currency,
)
from services.payments.models.base import Base
from services.payments.models.invoices import Invoice
from services.payments.schemas import GatewayCharge
from services.payments.states import Method, PaymentStatus


class Payment(db.Tenanted, db.Versioned, Base):
    """One try to collect money.

    `refunding` is on its way back, `refunded` has arrived. `surplus` of what was captured was more than due and became
    the patient's credit; `surplus_back` of that went back or is going back with a refund.

    A row without an invoice was released before its request was written down: it stays, so that a request that was
    still on its way finds the door closed. Cash is in the drawer that whoever took it had open, if any.
    """

    __tablename__ = "payments"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"], deferrable=True, initially="DEFERRED"
        ),
        sa.UniqueConstraint("tenant_id", "gateway", "gateway_reference"),
        sa.Index(
            None, "tenant_id", "created_at", "id", postgresql_include=["status", "currency", "amount", "captured"]
        ),
        sa.Index(None, "tenant_id", "status", "created_at", "id"),
        sa.Index(None, "tenant_id", "patient_id", "created_at", "id"),
        sa.Index(None, "tenant_id", "appointment_id"),
        sa.Index(None, "tenant_id", "invoice_id"),
        sa.Index("ix_payments_amount", "tenant_id", "currency", "amount", "id"),
        sa.Index(None, "tenant_id", "captured_at", postgresql_include=["currency", "captured"]),
        sa.ForeignKeyConstraint(
            ["tenant_id", "drawer_id", "currency"],
            ["cash_drawers.tenant_id", "cash_drawers.id", "cash_drawers.currency"],
        ),
        sa.Index(None, "tenant_id", "drawer_id", postgresql_where=sa.text("drawer_id IS NOT NULL")),
    )

    invoice_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    method: Mapped[Method]
    amount: Mapped[int]
    currency: Mapped[str]
    status: Mapped[PaymentStatus]
    captured: Mapped[int]
    refunding: Mapped[int]
    refunded: Mapped[int]
    surplus: Mapped[int]
    surplus_back: Mapped[int]
    decline_code: Mapped[str | None]
    gateway: Mapped[str]
    gateway_reference: Mapped[str | None]
    captured_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    release_reason: Mapped[bytes | None]
    request_hash: Mapped[bytes | None]
    drawer_id: Mapped[UUID | None]

    invoice: Mapped[Invoice | None] = relationship(
        primaryjoin=lambda: sa.and_(Invoice.tenant_id == Payment.tenant_id, Invoice.id == foreign(Payment.invoice_id)),
        viewonly=True,
        lazy="raise",
    )

    def find_place(self, invoice: Invoice, *, allow_surplus: bool = False) -> list[ledger.Booking]:
        """Reserve authorised money on the invoice, or count the desk's; where it has no place, the payment failed.

        With `allow_surplus`, what is more than due becomes the patient's credit.
        """
        if self.status != PaymentStatus.authorised:
            return []
        amount = Money(amount=self.amount, currency=self.currency)
        try:
            if allow_surplus:
                room = invoice.room_for(amount)
                self.surplus = amount.amount - room
                invoice.reserved += room
            else:
                invoice.reserve(amount)
        except Refusal as refusal:
            self.status, self.decline_code = PaymentStatus.failed, refusal.code
            return []
        return self.capture(amount, invoice) if self.gateway == ledger.DESK else []

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without anything personal."""
        keys = {"invoice_id": self.invoice_id, "appointment_id": self.appointment_id}
        said = {name: str(key) if key else None for name, key in keys.items()}
        said |= {"status": self.status, "method": self.method, "decline_code": self.decline_code}
        amounts = {"amount": self.amount, "captured": self.captured, "refunded": self.refunded}
        return said | {"currency": self.currency} | amounts

    @property
    def account(self) -> str:
        """The ledger account where this money waits."""
        return ledger.money_account(self.method, self.gateway)

    @property
    def is_closed_door(self) -> bool:
        """Whether this was released before its request was written down."""
        return self.invoice_id is None

    @property
    def left(self) -> int:
        """What of the captured amount neither went back nor is going back."""
        return self.captured - self.refunding - self.refunded

    @property
    def came_late(self) -> bool:
        """Whether money is kept that was to be kept no more when it came."""
        return self.released_at is not None and self.left > 0

    @property
    def surplus_left(self) -> int:
        """What of the surplus neither went back nor is going back; the patient may have used it since."""
        return self.surplus - self.surplus_back if self.status == PaymentStatus.captured else 0

    @property
    def to_credit(self) -> int:
        """By how much the patient's credit changes when it is captured."""
        return -self.captured if self.spends else self.surplus

    @property
    def spends(self) -> bool:
        """Whether it is paid from the patient's credit."""
        return self.method == Method.patient_credit

    def to_capture(self, wanted: Money | None) -> Money | None:
        """Tell what is to be taken, or None if just that was taken already.

        Raises:
            PaymentReleased: it was released.
            PaymentState: it is neither authorised nor captured with the same amount.
            AmountExceedsAuthorised: `wanted` is more than was authorised.
        """
        amount = wanted or Money(amount=self.amount, currency=self.currency)
        if amount.currency != self.currency:
            raise wrong_currency(self.currency)
        if self.status == PaymentStatus.captured and self.captured == amount.amount:
            return None
        if self.released_at:
            raise PaymentReleased
        if self.status != PaymentStatus.authorised:
            raise PaymentState(payment_status=self.status)
        if amount.amount > self.amount:
            raise AmountExceedsAuthorised
        return amount

    def capture(self, amount: Money, invoice: Invoice) -> list[ledger.Booking]:
        """Write down that the money was taken, and count it on the invoice; nothing to book if that was known.

        Raises:
            PaymentState: it was not authorised.
        """
        if self.status == PaymentStatus.captured and self.captured == amount.amount:
            return []
        if self.status != PaymentStatus.authorised:
            raise PaymentState(payment_status=self.status)
        self.status = PaymentStatus.captured
        self.captured = amount.amount
        self.captured_at = clock.now()
        invoice.unreserve(self.amount - self.surplus)
        self.surplus = max(0, self.surplus - (self.amount - amount.amount))
        invoice.collect(amount.amount - self.surplus)
        return [ledger.payment_captured(self.id, self.currency, self.account, amount.amount, self.surplus)]

    def void(self, invoice: Invoice) -> bool:
        """Let the authorisation go; false if there was none any more.

        Raises:
            PaymentState: the money was taken; refund it.
        """
        if self.status == PaymentStatus.captured:
            raise PaymentState(payment_status=self.status)
        if self.status != PaymentStatus.authorised:
            return False
        self.status = PaymentStatus.voided
        invoice.unreserve(self.amount - self.surplus)
        self.surplus = 0
        return True

    def send_back(self, wanted: Money | None, credit: int = 0) -> tuple[int, int]:
        """Set money aside for a refund: `wanted`, or all that is left; tell how much, and how much of it is surplus.

        The surplus goes back first, as far as the patient's `credit` still holds it.

        Raises:
            PaymentState: nothing was captured.
            RefundExceedsCaptured: less is left, or nothing.
        """
        if wanted and wanted.currency != self.currency:
            raise wrong_currency(self.currency)
        if self.status != PaymentStatus.captured:
            raise PaymentState(payment_status=self.status)
        unused = min(self.surplus_left, credit)
        left = self.left - self.surplus_left + unused
        amount = wanted.amount if wanted else left
        if not 0 < amount <= left:
            raise RefundExceedsCaptured(left=left)
        surplus = min(amount, unused)
        self.refunding += amount
        self.surplus_back += surplus
        return amount, surplus

    def release(self, reason: bytes) -> None:
        """Close the door: whatever comes later, no money is collected under this id."""
        self.released_at = self.released_at or clock.now()
        self.release_reason = self.release_reason or reason

    def learn(self, charge: GatewayCharge) -> None:
        """Write down, on a closed door, what the gateway had charged under this id."""
        self.amount, self.currency = charge.amount.amount, charge.amount.currency
        self.gateway_reference = charge.id
        self.decline_code = charge.decline_code
