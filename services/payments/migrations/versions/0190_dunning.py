"""Reminders of what is due on an invoice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careconnect.migrations import protect

revision = "0190_dunning"
down_revision = "0180"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "dunnings",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("days", ARRAY(sa.Integer), nullable=False),
        sa.Column("sent", sa.BigInteger, nullable=False),
        *(sa.Column(name, moment) for name in ("last_sent_at", "paused_at", "exhausted_at", "dismissed_at")),
        *(sa.Column(name, moment, nullable=False) for name in ("created_at", "updated_at")),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_dunnings"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"], ["invoices.tenant_id", "invoices.id"], name="fk_dunnings_invoices"
        ),
    )
    op.create_index(
        "ix_dunnings_exhausted",
        "dunnings",
        ["tenant_id", "exhausted_at"],
        postgresql_where=sa.text("exhausted_at IS NOT NULL AND dismissed_at IS NULL"),
    )
    op.create_table(
        "dunning_reminders",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("sent_at", moment, nullable=False),
        sa.Column("statuses", JSONB, nullable=False),
        *(sa.Column(name, moment, nullable=False) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_dunning_reminders"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["dunnings.tenant_id", "dunnings.id"], name="fk_dunning_reminders_dunnings"
        ),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "number", name="uq_dunning_reminders_tenant_id_invoice_id_number"
        ),
    )
    protect("dunnings")
    protect("dunning_reminders", append_only=True)
