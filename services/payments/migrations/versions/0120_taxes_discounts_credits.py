"""Taxes and discounts on invoices, and what patients have paid beyond them."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0120"
down_revision = "0110"

_NOTHING = sa.text("0")


def upgrade() -> None:
    for table, names in (
        ("invoices", ("tax", "discount", "credited_tax")),
        ("invoice_credits", ("tax",)),
        ("payments", ("surplus", "surplus_back")),
        ("refunds", ("surplus",)),
    ):
        for name in names:
            op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default=_NOTHING))
    op.create_check_constraint(
        "ck_invoices_tax", "invoices", "tax BETWEEN 0 AND total AND discount >= 0 AND credited_tax BETWEEN 0 AND tax"
    )
    op.create_check_constraint(
        "ck_payments_surplus", "payments", "surplus >= 0 AND surplus <= amount AND surplus_back BETWEEN 0 AND surplus"
    )
    op.create_check_constraint("ck_refunds_surplus", "refunds", "surplus >= 0 AND surplus <= amount")
    _lines()
    _discounts()
    op.create_table(
        "patient_credits",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "patient_id", "currency", name="pk_patient_credits"),
        sa.CheckConstraint("balance >= 0", name="ck_patient_credits_balance"),
    )
    for table in ("discounts", "patient_credits"):
        protect(table)


def _lines() -> None:
    for name in ("discount", "tax_rate", "tax", "total"):
        op.add_column("invoice_lines", sa.Column(name, sa.BigInteger, nullable=False, server_default=_NOTHING))
    op.add_column("invoice_lines", sa.Column("tax_name", sa.Text))
    op.add_column(
        "invoice_lines", sa.Column("tax_inclusive", sa.Boolean, nullable=False, server_default=sa.text("true"))
    )
    # Row-level security holds for the owner of the table too, and this is about every tenant.
    op.execute("ALTER TABLE invoice_lines NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE invoice_lines SET total = quantity * unit")
    op.execute("ALTER TABLE invoice_lines FORCE ROW LEVEL SECURITY")
    op.create_check_constraint(
        "ck_invoice_lines_sums",
        "invoice_lines",
        "discount BETWEEN 0 AND quantity * unit AND tax_rate BETWEEN 0 AND 10000 AND tax BETWEEN 0 AND total",
    )


def _discounts() -> None:
    op.create_table(
        "discounts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("percent", sa.BigInteger),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("tax", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_discounts"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"], ["invoices.tenant_id", "invoices.id"], name="fk_discounts_invoices"
        ),
        sa.CheckConstraint("amount > 0 AND tax >= 0 AND tax <= amount", name="ck_discounts_positive"),
    )
    op.create_index("ix_discounts_tenant_id_invoice_id", "discounts", ["tenant_id", "invoice_id"])
