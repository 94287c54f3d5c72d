"""Messages that speak of an invoice name it."""

import sqlalchemy as sa
from alembic import op

revision = "0150"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("messages", sa.Column("invoice_id", sa.Uuid))
    op.create_index(
        "ix_messages_invoice",
        "messages",
        ["tenant_id", "invoice_id", "created_at", "id"],
        postgresql_where=sa.text("invoice_id IS NOT NULL"),
    )
