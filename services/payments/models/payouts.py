from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import db
from careconnect.money import Money
from services.payments import ledger, schemas
from services.payments.models.base import Base


class Payout(db.Tenanted, Base):
    """What a gateway paid into the bank of what it had taken: `gross` less its `fee`. Never changed.

    Both are below zero where the gateway took money back, or where one that was entered wrongly is undone.
    """

    __tablename__ = "payouts"
    __table_args__ = (
        sa.CheckConstraint("gross <> 0 OR fee <> 0", name="ck_payouts_moved"),
        sa.Index(None, "tenant_id", "paid_on", "id"),
        sa.Index("uq_payouts_reference", "tenant_id", "gateway", "reference", unique=True),
    )

    gateway: Mapped[str]
    currency: Mapped[str]
    gross: Mapped[int]
    fee: Mapped[int]
    paid_on: Mapped[date]
    reference: Mapped[str]
    by: Mapped[UUID]
    request_hash: Mapped[bytes]

    @classmethod
    def enter(cls, payout_id: UUID, wanted: schemas.PayoutWrite, by: UUID) -> "Payout":
        """Write one down."""
        return cls(
            id=payout_id,
            gateway=wanted.gateway,
            currency=wanted.gross.currency,
            gross=wanted.gross.amount,
            fee=wanted.fee.amount,
            paid_on=wanted.paid_on,
            reference=wanted.reference,
            by=by,
            request_hash=wanted.fingerprint(),
        )

    def booking(self, at: datetime) -> ledger.Booking:
        """Give its entry in the ledger."""
        gross, fee = self._money(self.gross), self._money(self.fee)
        return ledger.payout_received(self.id, gross, fee, gateway=self.gateway, at=at)

    def facts(self) -> dict[str, Any]:
        """Tell an event what this is."""
        said = {"gateway": self.gateway, "paid_on": self.paid_on.isoformat(), "reference": self.reference}
        return said | {"currency": self.currency, "gross": self.gross, "fee": self.fee}

    def shown(self) -> schemas.Payout:
        """Write it for the wire."""
        said: dict[str, Any] = {name: getattr(self, name) for name in ("id", "gateway", "paid_on", "reference")}
        said |= {"gross": self._money(self.gross), "fee": self._money(self.fee)}
        said |= {"net": self._money(self.gross - self.fee), "entered_by": self.by, "created_at": self.created_at}
        return schemas.Payout.model_validate(said)

    def _money(self, amount: int) -> Money:
        return Money(amount=amount, currency=self.currency)
