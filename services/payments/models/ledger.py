from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base


class LedgerEntry(Base):
    """One booked business event; append-only, and once per event."""

    __tablename__ = "ledger_entries"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "kind", "subject_id"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    booked_at: Mapped[datetime]


class LedgerLine(Base):
    """What an entry does to one account: minor units, debits positive, credits negative; append-only."""

    __tablename__ = "ledger_lines"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "entry_id"], ["ledger_entries.tenant_id", "ledger_entries.id"]),
        sa.Index(None, "tenant_id", "account", "currency", postgresql_include=["amount"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    amount: Mapped[int]
