"""The sandbox gateway's own books. Nothing but the gateway reads or writes them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect.ids import uuid7
from services.payments.models.base import Base


class _Sandbox:
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-30)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-20)
    created_at: Mapped[datetime] = mapped_column(sort_order=90)


class SandboxCharge(_Sandbox, Base):
    """A charge: `reference` is what its owner calls it."""

    __tablename__ = "sandbox_charges"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "reference"),
        sa.Index(None, "tenant_id", "created_at", "id"),
    )

    reference: Mapped[UUID]
    token: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[int]
    captured: Mapped[int]
    refunded: Mapped[int]
    status: Mapped[str]
    decline_code: Mapped[str | None]
    authorised_at: Mapped[datetime] = mapped_column(server_default=sa.text("now()"))


class SandboxRefund(_Sandbox, Base):
    """Money returned from a charge; with a `failure`, it came back."""

    __tablename__ = "sandbox_refunds"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "charge_id"], ["sandbox_charges.tenant_id", "sandbox_charges.id"]),
        sa.UniqueConstraint("tenant_id", "reference"),
        sa.Index(None, "tenant_id", "charge_id"),
    )

    charge_id: Mapped[UUID]
    reference: Mapped[UUID]
    amount: Mapped[int]
    failure: Mapped[str | None]


class SandboxCheckout(_Sandbox, Base):
    """A page of the sandbox's own where an amount can be paid; its id is what its owner calls the charge."""

    __tablename__ = "sandbox_checkouts"

    amount: Mapped[int]
    currency: Mapped[str]
    description: Mapped[str]
    expires_at: Mapped[datetime]


class SandboxKey(Base):
    """An idempotency key, the request that it stands for, and the answer once there is one."""

    __tablename__ = "sandbox_idempotency"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    answer: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]


class SandboxEvent(_Sandbox, Base):
    """Something that happened, to be told to the webhook."""

    __tablename__ = "sandbox_events"
    __table_args__ = (
        sa.Index(None, "tenant_id", "created_at", "id", postgresql_where=sa.text("delivered_at IS NULL")),
    )

    type: Mapped[str]
    reference: Mapped[UUID]
    delivered_at: Mapped[datetime | None]
