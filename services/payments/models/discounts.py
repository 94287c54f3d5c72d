from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import db
from services.payments.models.base import Base


class Discount(db.Tenanted, Base):
    """What was taken off an invoice: `amount` with the tax in it, `covered` of it off the payer's share.

    `against` is the account that it lessens. The reason is sealed, since it is free text.
    """

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
    covered: Mapped[int] = mapped_column(default=0, server_default=sa.text("0"))
    reason: Mapped[bytes]
    request_hash: Mapped[bytes]
    against: Mapped[str] = mapped_column(default="discounts", server_default=sa.text("'discounts'"))
