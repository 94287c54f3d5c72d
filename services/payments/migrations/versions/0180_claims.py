"""Payers, coverages, the payer's share of an invoice, and claims."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0180"
down_revision = "0140_drawers"

_NOTHING = sa.text("0")
_MOMENTS = ("created_at", "updated_at")


def upgrade() -> None:
    _payers()
    _coverages()
    _shares()
    _claims()
    _batches()
    _steps()
    for table in ("payers", "coverages", "claims", "claim_batches"):
        protect(table)
    protect("claim_steps", append_only=True)


def _key() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid, nullable=False) for name in ("tenant_id", "id")]


def _moments() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in _MOMENTS]


def _whole(*names: str, nullable: bool = False) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names]


def _foreign(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{other}.tenant_id", f"{other}.id"], name=f"fk_{table}_{other}"
    )


def _payers() -> None:
    op.create_table(
        "payers",
        *_key(),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "code", "status")),
        *_moments(),
        *_whole("version"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_payers"),
        sa.UniqueConstraint("tenant_id", "code", name="uq_payers_tenant_id_code"),
        sa.CheckConstraint("status IN ('active', 'retired')", name="ck_payers_status"),
    )


def _coverages() -> None:
    op.create_table(
        "coverages",
        *_key(),
        *(sa.Column(name, sa.Uuid, nullable=False) for name in ("patient_id", "payer_id")),
        sa.Column("policy_number", sa.LargeBinary, nullable=False),
        *_whole("rate", "amount", nullable=True),
        sa.Column("currency", sa.Text),
        *(sa.Column(name, sa.Date) for name in ("valid_from", "valid_to")),
        *_moments(),
        *_whole("version"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_coverages"),
        _foreign("coverages", "payer_id", "payers"),
        sa.CheckConstraint("(rate IS NULL) <> (amount IS NULL)", name="ck_coverages_terms"),
        sa.CheckConstraint(
            "(amount IS NULL) = (currency IS NULL) AND rate BETWEEN 1 AND 10000 IS NOT FALSE "
            "AND amount > 0 IS NOT FALSE AND valid_to >= valid_from IS NOT FALSE",
            name="ck_coverages_sense",
        ),
    )
    op.create_index("ix_coverages_tenant_id_patient_id_id", "coverages", ["tenant_id", "patient_id", "id"])
    op.create_index("ix_coverages_tenant_id_payer_id", "coverages", ["tenant_id", "payer_id"])


def _shares() -> None:
    for name in ("coverage_id", "payer_id"):
        op.add_column("invoices", sa.Column(name, sa.Uuid))
    for column in _whole("cover_rate", "cover_fixed", nullable=True):
        op.add_column("invoices", column)
    for table, name in (
        ("invoices", "covered"), ("invoices", "payer_paid"), ("invoices", "written_off"), ("discounts", "covered"),
        ("invoice_credits", "covered"),
    ):  # fmt: skip
        op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default=_NOTHING))
    op.add_column("invoices", sa.Column("claimed", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.add_column("invoices", sa.Column("authorisation", sa.LargeBinary))
    op.create_check_constraint(
        "ck_invoices_shares",
        "invoices",
        "covered BETWEEN 0 AND total - credited AND payer_paid >= 0 AND written_off >= 0 "
        "AND payer_paid + written_off <= covered AND (coverage_id IS NULL) = (payer_id IS NULL) "
        "AND (coverage_id IS NOT NULL OR covered = 0)",
    )
    # What a patient owes is what no payer covers; the laws about it say so from now on.
    owed = "total - covered - credited + returned"
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
    op.create_check_constraint("ck_discounts_shares", "discounts", "covered BETWEEN 0 AND amount")
    op.create_check_constraint("ck_invoice_credits_shares", "invoice_credits", "covered BETWEEN 0 AND amount")


def _claims() -> None:
    op.create_table(
        "claims",
        *_key(),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("appointment_id", sa.Uuid),
        *(sa.Column(name, sa.Uuid, nullable=False) for name in ("patient_id", "payer_id", "coverage_id")),
        sa.Column("currency", sa.Text, nullable=False),
        *_whole("amount"),
        *_whole("accepted", nullable=True),
        *_whole("paid", "returned", "written_off"),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        *_moments(),
        *_whole("version"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_claims"),
        _foreign("claims", "invoice_id", "invoices"),
        _foreign("claims", "payer_id", "payers"),
        sa.UniqueConstraint("tenant_id", "invoice_id", name="uq_claims_tenant_id_invoice_id"),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'accepted', 'rejected', 'paid', 'cancelled')", name="ck_claims_status"
        ),
        sa.CheckConstraint(
            "amount > 0 AND paid >= 0 AND returned >= 0 AND written_off >= 0 "
            "AND paid + returned + written_off <= amount AND accepted BETWEEN 0 AND amount IS NOT FALSE "
            "AND (status NOT IN ('paid', 'rejected') OR paid + returned + written_off = amount) "
            "AND (status <> 'rejected' OR paid = 0) AND (status NOT IN ('draft', 'cancelled') OR paid = 0)",
            name="ck_claims_sums",
        ),
    )
    for columns in (
        ("status", "payer_id", "created_at", "id"), ("payer_id", "created_at", "id"),
        ("patient_id", "created_at", "id"), ("created_at", "id"),
    ):  # fmt: skip
        op.create_index(f"ix_claims_tenant_id_{'_'.join(columns)}", "claims", ["tenant_id", *columns])


def _batches() -> None:
    op.create_table(
        "claim_batches",
        *_key(),
        *_whole("number"),
        sa.Column("payer_id", sa.Uuid, nullable=False),
        *_whole("count", "amount"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        sa.Column("file", sa.LargeBinary),
        *_moments(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_claim_batches"),
        _foreign("claim_batches", "payer_id", "payers"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_claim_batches_tenant_id_number"),
    )
    op.create_index("ix_claim_batches_tenant_id_payer_id_number", "claim_batches", ["tenant_id", "payer_id", "number"])


def _steps() -> None:
    op.create_table(
        "claim_steps",
        *_key(),
        sa.Column("claim_id", sa.Uuid, nullable=False),
        sa.Column("batch_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        *_whole("amount", "rest"),
        sa.Column("rest_to", sa.Text),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("by", sa.Uuid, nullable=False),
        *_moments(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_claim_steps"),
        _foreign("claim_steps", "claim_id", "claims"),
        _foreign("claim_steps", "batch_id", "claim_batches"),
        sa.CheckConstraint(
            "kind IN ('submitted', 'accepted', 'rejected', 'paid') AND amount >= 0 AND rest >= 0 "
            "AND rest_to IN ('patient', 'write_off', 'resubmit') IS NOT FALSE",
            name="ck_claim_steps_kind",
        ),
    )
    for column in ("claim_id", "batch_id"):
        op.create_index(f"ix_claim_steps_tenant_id_{column}", "claim_steps", ["tenant_id", column])
