"""Refunds that a gateway takes back after it had accepted them, and invoices that hold their money again."""

import sqlalchemy as sa
from alembic import op

revision = "payments_0250"
down_revision = "0250_invoice_drafts"
branch_labels = None
depends_on = None

_OWED = "total - covered - credited + returned"


def upgrade() -> None:
    op.add_column("refunds", sa.Column("failure", sa.Text))
    op.add_column("refunds", sa.Column("failed_late", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("refunds", sa.Column("reversed_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        op.f("ck_refunds_failure"),
        "refunds",
        "status = 'failed' OR (failure IS NULL AND NOT failed_late AND reversed_at IS NULL)",
    )
    # Money can come back to an invoice that was cancelled or credited because it had gone.
    op.add_column("invoices", sa.Column("came_back", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.create_check_constraint(
        op.f("ck_invoices_came_back"), "invoices", "came_back = 0 OR (came_back > 0 AND refunded + came_back <= paid)"
    )
    _laws("refunded + came_back")
    op.add_column("sandbox_refunds", sa.Column("failure", sa.Text))


def downgrade() -> None:
    op.drop_column("sandbox_refunds", "failure")
    _laws("refunded")
    op.drop_constraint(op.f("ck_invoices_came_back"), "invoices")
    op.drop_column("invoices", "came_back")
    op.drop_constraint(op.f("ck_refunds_failure"), "refunds")
    for name in ("reversed_at", "failed_late", "failure"):
        op.drop_column("refunds", name)


def _laws(gone: str) -> None:
    status = (
        f"CASE status WHEN 'balanced' THEN paid = {_OWED} WHEN 'cancelled' THEN paid = {gone} AND reserved = 0 "
        f"WHEN 'issued' THEN paid < {_OWED} ELSE status IN ('draft', 'entered_in_error') AND paid = 0 END"
    )
    credits_law = f"credited BETWEEN 0 AND total AND returned BETWEEN 0 AND {gone}"
    for name, law in (("status", status), ("credits", credits_law)):
        op.execute(f"ALTER TABLE invoices DROP CONSTRAINT IF EXISTS ck_invoices_{name}")
        op.execute(f"ALTER TABLE invoices DROP CONSTRAINT IF EXISTS ck_invoices_ck_invoices_{name}")
        op.create_check_constraint(op.f(f"ck_invoices_{name}"), "invoices", law)
