from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import db
from services.payments.models.base import Base


class MoneyCheck(Base):
    """One comparison of the gateway's list with our books; `compared` says what was compared and how much of it."""

    __tablename__ = "money_checks"
    __table_args__ = (sa.Index(None, "tenant_id", "as_of", "id"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    cause: Mapped[str]
    status: Mapped[str]
    as_of: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    compared: Mapped[dict[str, Any]]
    found: Mapped[int]
    mended: Mapped[int]
    open: Mapped[int]


class Orphan(db.Tenanted, Base):
    """Money of which one side knows what the other does not; `check_id` is the last check that saw it.

    `here` and `there` are what our books and the other side say, in minor units. The reason of a dismissal is sealed.
    """

    __tablename__ = "orphans"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "kind", "subject_id"),
        sa.Index(None, "tenant_id", "status", "created_at", "id"),
    )

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    payment_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None]
    gateway: Mapped[str | None]
    detail: Mapped[str]
    currency: Mapped[str | None]
    here: Mapped[int | None]
    there: Mapped[int | None]
    status: Mapped[str]
    check_id: Mapped[UUID]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None]
    reason: Mapped[bytes | None]


class MendingRule(Base):
    """Which kinds of orphans a tenant has its checks mend by themselves."""

    __tablename__ = "mending_rules"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    mends: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    version: Mapped[int]


class MoneyCheckSeen(Base):
    """A charge that a check has seen, kept only while it looks for payments that the gateway does not know."""

    __tablename__ = "money_check_seen"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    check_id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[UUID] = mapped_column(primary_key=True)
