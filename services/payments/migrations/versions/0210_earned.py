"""Prices that wait until they are earned, visits that are over, fees that are kept, and payouts of gateways."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0210_earned"
down_revision = "0200_drawer_links"


def upgrade() -> None:
    # Invoices of before stay what they are: revenue since their issue. What is booked from now on follows the new rule.
    op.add_column("invoices", sa.Column("deferred", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("invoices", sa.Column("earned_as", sa.Text))
    op.create_check_constraint("ck_invoices_earned_as", "invoices", "earned_as IN ('visit', 'fee') IS NOT FALSE")
    for table, account, known in (
        ("invoice_credits", "revenue", "'revenue', 'deposits', 'fees_kept'"),
        ("discounts", "discounts", "'discounts', 'fees_kept'"),
    ):
        column = sa.Column("against", sa.Text, nullable=False, server_default=sa.text(f"'{account}'"))
        op.add_column(table, column)
        op.create_check_constraint(f"ck_{table}_against", table, f"against IN ({known})")
    op.create_table(
        "ended_visits",
        *(sa.Column(name, sa.Uuid, nullable=False) for name in ("tenant_id", "appointment_id")),
        sa.Column("took_place", sa.Boolean, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "appointment_id", name="pk_ended_visits"),
    )
    _payouts()
    for table in ("ended_visits", "payouts"):
        protect(table, append_only=True)


def _payouts() -> None:
    op.create_table(
        "payouts",
        *(sa.Column(name, sa.Uuid, nullable=False) for name in ("tenant_id", "id")),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("gross", "fee")),
        sa.Column("paid_on", sa.Date, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_payouts"),
        sa.CheckConstraint("gross <> 0 OR fee <> 0", name="ck_payouts_moved"),
    )
    op.create_index("ix_payouts_tenant_id_paid_on_id", "payouts", ["tenant_id", "paid_on", "id"])
    op.create_index("uq_payouts_reference", "payouts", ["tenant_id", "gateway", "reference"], unique=True)
