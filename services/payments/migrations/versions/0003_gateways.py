"""The inbox of gateway events, and the sandbox gateway's own books."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from careconnect.migrations import protect

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _inbox()
    _charges()
    _refunds()
    op.create_table(
        "sandbox_idempotency",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", JSONB),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "key", name="pk_sandbox_idempotency"),
    )
    op.create_table(
        "sandbox_events",
        *_key(),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True)),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_sandbox_events"),
    )
    op.create_index(
        "ix_sandbox_events_tenant_id_created_at_id",
        "sandbox_events",
        ["tenant_id", "created_at", "id"],
        postgresql_where=sa.text("delivered_at IS NULL"),
    )
    for table in ("webhook_events", "sandbox_charges", "sandbox_refunds", "sandbox_idempotency", "sandbox_events"):
        protect(table)


def _inbox() -> None:
    op.create_table(
        "webhook_events",
        *_key(),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_webhook_events"),
        sa.UniqueConstraint("tenant_id", "gateway", "event_id", name="uq_webhook_events_tenant_id_gateway_event_id"),
    )


def _charges() -> None:
    op.create_table(
        "sandbox_charges",
        *_key(),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("amount", "captured", "refunded")),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("decline_code", sa.Text),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_sandbox_charges"),
        sa.UniqueConstraint("tenant_id", "reference", name="uq_sandbox_charges_tenant_id_reference"),
        sa.CheckConstraint("captured <= amount AND refunded <= captured", name="ck_sandbox_charges_sums"),
    )
    op.create_index("ix_sandbox_charges_tenant_id_created_at_id", "sandbox_charges", ["tenant_id", "created_at", "id"])


def _refunds() -> None:
    op.create_table(
        "sandbox_refunds",
        *_key(),
        sa.Column("charge_id", sa.Uuid, nullable=False),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_sandbox_refunds"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "charge_id"],
            ["sandbox_charges.tenant_id", "sandbox_charges.id"],
            name="fk_sandbox_refunds_sandbox_charges",
        ),
        sa.UniqueConstraint("tenant_id", "reference", name="uq_sandbox_refunds_tenant_id_reference"),
    )
    op.create_index("ix_sandbox_refunds_tenant_id_charge_id", "sandbox_refunds", ["tenant_id", "charge_id"])


def _key() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid, nullable=False), sa.Column("id", sa.Uuid, nullable=False)]


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
