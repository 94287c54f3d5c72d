"""Payment links, and the sandbox gateway's own pages behind them."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0111"
down_revision = "0131"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "payment_links",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("url", sa.LargeBinary, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("paid_at", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_payment_links"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"], name="fk_payment_links_invoices"
        ),
        sa.CheckConstraint("amount > 0", name="ck_payment_links_positive"),
    )
    op.create_index("ix_payment_links_tenant_id_invoice_id", "payment_links", ["tenant_id", "invoice_id"])
    op.create_table(
        "sandbox_checkouts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_sandbox_checkouts"),
    )
    for table in ("payment_links", "sandbox_checkouts"):
        protect(table)
