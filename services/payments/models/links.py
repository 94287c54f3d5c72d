from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import db
from services.payments.models.base import Base


class PaymentLink(db.Tenanted, Base):
    """An address at a gateway where one amount of an invoice can be paid; its id becomes that of the payment.

    `closed_at` is when nothing was to be paid by it any more: staff closed it, or Postgres did when its invoice was
    paid otherwise or cancelled. `shut_at` is when the gateway was told so.
    """

    __tablename__ = "payment_links"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        sa.CheckConstraint("amount > 0", name="positive"),
        sa.Index(None, "tenant_id", "invoice_id"),
        sa.Index(
            "ix_payment_links_unshut",
            "tenant_id",
            "closed_at",
            postgresql_where=sa.text("closed_at IS NOT NULL AND shut_at IS NULL AND paid_at IS NULL"),
        ),
    )

    invoice_id: Mapped[UUID]
    amount: Mapped[int]
    currency: Mapped[str]
    gateway: Mapped[str]
    url: Mapped[bytes]
    request_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    shut_at: Mapped[datetime | None]
