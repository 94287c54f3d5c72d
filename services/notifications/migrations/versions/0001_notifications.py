"""Messages, what patients want to be sent, and what must not be sent any more."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import create_platform_tables, protect

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_platform_tables()
    _create_messages()
    op.create_table(
        "preferences",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("email", sa.Boolean, nullable=False),
        sa.Column("sms", sa.Boolean, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_preferences"),
    )
    protect("preferences")
    op.create_table(
        "cutoffs",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("below_version", sa.Integer, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_cutoffs"),
    )
    protect("cutoffs")


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("appointment_id", sa.Uuid),
        sa.Column("appointment_version", sa.Integer),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("offset_hours", sa.Integer),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("scheduled_for", _MOMENT),
        sa.Column("queued_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("settled_at", _MOMENT),
        sa.Column("failure", sa.Text),
        sa.Column("deliveries", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("leased_until", _MOMENT),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_messages"),
        sa.CheckConstraint("status IN ('queued', 'sent', 'failed', 'skipped', 'cancelled')", name="ck_messages_status"),
        sa.CheckConstraint("channel IN ('email', 'sms')", name="ck_messages_channel"),
        sa.CheckConstraint("status <> 'sent' OR sent_at IS NOT NULL", name="ck_messages_sent_at"),
        sa.CheckConstraint("status NOT IN ('failed', 'skipped') OR failure IS NOT NULL", name="ck_messages_failure"),
    )
    once = ["appointment_id", "appointment_version", "channel", "template", "offset_hours", "payment_id"]
    op.create_index(
        "uq_messages_once",
        "messages",
        ["tenant_id", *once],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("appointment_id IS NOT NULL"),
    )
    _index("ix_messages_tenant_id_created_at_id", "created_at", "id")
    _index("ix_messages_status", "status", "created_at", "id")
    _index("ix_messages_patient", "patient_id", "created_at", "id")
    _index("ix_messages_settled_at", "status", "settled_at")
    protect("messages")


def _index(name: str, *columns: str) -> None:
    op.create_index(name, "messages", ["tenant_id", *columns])


def downgrade() -> None:
    for table in ("cutoffs", "preferences", "messages", "audit_events", "outbox_events", "data_keys"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")
