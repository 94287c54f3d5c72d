"""Payments and invoices are listed by amount."""

from alembic import op

revision = "payments_0255"
down_revision = "payments_0252"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_payments_amount", "payments", ["tenant_id", "currency", "amount", "id"])
    op.create_index("ix_invoices_total", "invoices", ["tenant_id", "currency", "total", "id"])


def downgrade() -> None:
    op.drop_index("ix_invoices_total", "invoices")
    op.drop_index("ix_payments_amount", "payments")
