from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base


class InvoiceCounter(Base):
    """The last invoice number that a tenant used in a year; its row lock makes numbers follow without a gap."""

    __tablename__ = "invoice_counters"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
