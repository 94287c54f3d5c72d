from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base


class LedgerEntry(Base):
    """One booked business event; append-only, and once per event.

    `booked_at` is when it happened; `period` is the first day of the month whose books it stands in, the month after
    the last closed one where its own was closed.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "kind", "subject_id"),
        sa.Index(None, "tenant_id", "period", "booked_at", "id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    booked_at: Mapped[datetime]
    period: Mapped[date]


class LedgerLine(Base):
    """What an entry does to one account: minor units, debits positive, credits negative; append-only."""

    __tablename__ = "ledger_lines"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "entry_id"], ["ledger_entries.tenant_id", "ledger_entries.id"]),
        sa.Index(None, "tenant_id", "period", "account", "currency", postgresql_include=["amount", "entry_id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    amount: Mapped[int]
    period: Mapped[date]


class LedgerTotal(Base):
    """What a month that has ended did to one account: minor units; computed from its lines, and kept to be read."""

    __tablename__ = "ledger_totals"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    debits: Mapped[int]
    credits: Mapped[int]


class LedgerBooks(Base):
    """A tenant's books: the IANA zone in which its months begin and end."""

    __tablename__ = "ledger_books"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    zone: Mapped[str]


class LedgerPeriod(Base):
    """A month of the books that was closed, and perhaps opened again; the reason is sealed, since it is free text."""

    __tablename__ = "ledger_periods"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    period: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[str]
    reason: Mapped[bytes]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime]
