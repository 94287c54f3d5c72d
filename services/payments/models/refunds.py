from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import clock, db
from services.payments import ledger
from services.payments.models.base import Base
from services.payments.models.invoices import Invoice
from services.payments.models.payments import Payment
from services.payments.states import RefundStatus


class Refund(db.Tenanted, db.Versioned, Base):
    """Money returned from one captured payment, `surplus` of it from the patient's credit.

    The reason is sealed, since it is free text. `failure` is why a gateway did not return it; `failed_late` says that
    it had accepted it before, so that nobody who asked was told, and `reversed_at` that the money was booked as gone.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "payment_id"], ["payments.tenant_id", "payments.id"]),
        sa.Index(None, "tenant_id", "payment_id"),
        sa.Index(None, "tenant_id", "settled_at", postgresql_include=["currency", "amount"]),
        sa.ForeignKeyConstraint(
            ["tenant_id", "drawer_id", "currency"],
            ["cash_drawers.tenant_id", "cash_drawers.id", "cash_drawers.currency"],
        ),
        sa.Index(None, "tenant_id", "drawer_id", postgresql_where=sa.text("drawer_id IS NOT NULL")),
    )

    payment_id: Mapped[UUID]
    amount: Mapped[int]
    surplus: Mapped[int]
    currency: Mapped[str]
    reason: Mapped[bytes]
    status: Mapped[RefundStatus]
    gateway_reference: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    request_hash: Mapped[bytes]
    drawer_id: Mapped[UUID | None]
    failure: Mapped[str | None]
    failed_late: Mapped[bool] = mapped_column(default=False, server_default=sa.text("false"))
    reversed_at: Mapped[datetime | None]

    @classmethod
    def ask(
        cls, refund_id: UUID, payment: Payment, amounts: tuple[int, int], reason: bytes, request_hash: bytes
    ) -> "Refund":
        """Make a refund that is on its way; `amounts` is the whole, and what of it is surplus."""
        return cls(
            id=refund_id,
            payment_id=payment.id,
            amount=amounts[0],
            surplus=amounts[1],
            currency=payment.currency,
            reason=reason,
            status=RefundStatus.pending,
            request_hash=request_hash,
        )

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is, without anything personal."""
        said = {"payment_id": str(self.payment_id), "status": self.status}
        return said | {"amount": self.amount, "currency": self.currency}

    def succeed(self, payment: Payment, invoice: Invoice | None, gateway_reference: str | None) -> list[ledger.Booking]:
        """Write down that the money went back; nothing to book if that was known. Without an invoice it was not ours.

        A refund that had failed here and yet succeeded at the gateway counts: what the gateway did is what happened.
        One that was reversed has ended: a gateway does not change its mind twice.
        """
        if self.status == RefundStatus.succeeded or self.reversed_at:
            return []
        self.arrive(payment, gateway_reference)
        if invoice:
            invoice.give_back(self.amount - self.surplus)
        said = (self.id, self.currency, payment.account, self.amount, self.surplus)
        return [ledger.refund_succeeded(*said, against=_against(invoice))]

    def arrive(self, payment: Payment, gateway_reference: str | None) -> None:
        """Count the money as returned by the payment."""
        if self.status == RefundStatus.pending:
            payment.refunding -= self.amount
        else:
            self.failure, self.failed_late = None, False
            self.surplus = 0  # it was given back to the credit when the refund failed, and may have been used since
        payment.refunded += self.amount
        self._settle(RefundStatus.succeeded, gateway_reference)

    def fail(self, payment: Payment, why: str, *, late: bool = False) -> None:
        """Write down that the gateway refused; the money may be sent back another way."""
        if self.status == RefundStatus.pending:
            payment.refunding -= self.amount
            payment.surplus_back -= self.surplus
            self.failure, self.failed_late = why, late
            self._settle(RefundStatus.failed, None)

    def come_back(self, payment: Payment, invoice: Invoice | None, why: str) -> list[ledger.Booking]:
        """Write down that the gateway took back a refund that had succeeded; nothing to book if it had not.

        The payment and its invoice hold the money again. When it had gone, and under which name, stays.
        """
        if self.status != RefundStatus.succeeded:
            return []
        payment.refunded -= self.amount
        payment.surplus_back -= self.surplus
        if invoice:
            invoice.refunded -= self.amount - self.surplus
            invoice.came_back += self.amount - self.surplus
        self.status = RefundStatus.failed
        self.failure, self.failed_late, self.reversed_at = why, True, clock.now()
        said = (self.id, self.currency, payment.account, self.amount, self.surplus)
        return [ledger.refund_reversed(*said, against=_against(invoice))]

    def _settle(self, status: RefundStatus, gateway_reference: str | None) -> None:
        self.status = status
        self.gateway_reference = gateway_reference
        self.settled_at = clock.now()


def _against(invoice: Invoice | None) -> str:
    return ledger.REFUNDS if invoice else ledger.SUSPENSE
