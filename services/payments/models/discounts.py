from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import db
from services.payments.models.base import Base


class Discount(db.Tenanted, Base):
    """What was taken off an invoice: `amount` with the tax in it; the reason is sealed, since it is free text."""

    __tablename__ = "discounts"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        sa.Index(None, "tenant_id", "invoice_id"),
        sa.CheckConstraint("amount > 0 AND tax >= 0 AND tax <= amount", name="ck_discounts_positive"),
    )

    invoice_id: Mapped[UUID]
    percent: Mapped[int | None]
    amount: Mapped[int]
    tax: Mapped[int]
    reason: Mapped[bytes]
    request_hash: Mapped[bytes]
