"""Credits: what of an invoice is not owed after all."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0020_credits"
down_revision = "0130"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    for name in ("credited", "returned"):
        op.add_column("invoices", sa.Column(name, sa.BigInteger, server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        "ck_invoices_credits", "invoices", "credited BETWEEN 0 AND total AND returned BETWEEN 0 AND refunded"
    )
    _owed("total - credited + returned")
    op.create_table(
        "invoice_credits",
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("returned", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"]),
        sa.CheckConstraint("amount > 0 AND returned BETWEEN 0 AND amount", name="ck_invoice_credits_amount"),
    )
    op.create_index("ix_invoice_credits_tenant_id_invoice_id", "invoice_credits", ["tenant_id", "invoice_id"])
    protect("invoice_credits", append_only=True)


def _owed(owed: str) -> None:
    """Hold what is paid and reserved against what is `owed`, and the status too."""
    status = (
        f"CASE status WHEN 'balanced' THEN paid = {owed} WHEN 'cancelled' THEN paid = refunded AND reserved = 0 "
        f"WHEN 'issued' THEN paid < {owed} ELSE status IN ('draft', 'entered_in_error') AND paid = 0 END"
    )
    for name, law in (
        ("ck_invoices_collected_within_total", f"paid + reserved <= {owed}"),
        ("ck_invoices_status", status),
    ):
        op.drop_constraint(op.f(f"ck_invoices_{name}"), "invoices")
        op.create_check_constraint(name, "invoices", law)


def downgrade() -> None:
    op.drop_table("invoice_credits")
    _owed("total")
    op.drop_constraint(op.f("ck_invoices_ck_invoices_credits"), "invoices")
    for name in ("returned", "credited"):
        op.drop_column("invoices", name)
