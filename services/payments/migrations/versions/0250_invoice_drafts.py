"""Drafts of invoices, in no books until they are issued; nothing is reserved for one that was entered in error."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0250_invoice_drafts"
down_revision = "payments_0230"


def upgrade() -> None:
    op.create_table(
        "invoice_drafts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_invoice_drafts"),
        sa.CheckConstraint("total >= 0", name="ck_invoice_drafts_total"),
    )
    op.create_index("ix_invoice_drafts_tenant_id_created_at_id", "invoice_drafts", ["tenant_id", "created_at", "id"])
    protect("invoice_drafts")
    op.create_check_constraint(
        op.f("ck_invoices_entered_in_error"), "invoices", "status <> 'entered_in_error' OR reserved = 0"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_invoices_entered_in_error"), "invoices")
    op.drop_table("invoice_drafts")
