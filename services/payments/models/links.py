from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import db
from services.payments.models.base import Base


class PaymentLink(db.Tenanted, Base):
    """An address at a gateway where one amount of an invoice can be paid; its id becomes that of the payment."""

    __tablename__ = "payment_links"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        sa.CheckConstraint("amount > 0", name="positive"),
        sa.Index(None, "tenant_id", "invoice_id"),
    )

    invoice_id: Mapped[UUID]
    amount: Mapped[int]
    currency: Mapped[str]
    gateway: Mapped[str]
    url: Mapped[bytes]
    request_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
