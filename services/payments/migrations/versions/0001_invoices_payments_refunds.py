"""Invoices, payments and refunds, with the sums that Postgres guards."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import create_platform_tables, protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_platform_tables()
    _invoices()
    _payments()
    _refunds()
    for table in ("invoice_counters", "invoices", "invoice_lines", "payments", "refunds"):
        protect(table)


def _invoices() -> None:
    op.create_table(
        "invoice_counters",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("year", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "year", name="pk_invoice_counters"),
    )
    op.create_table(
        "invoices",
        *_key(),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("appointment_id", sa.Uuid),
        sa.Column("currency", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("total", "paid", "reserved", "refunded")),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("cancel_reason", sa.LargeBinary),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        *_times(),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_invoices"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_invoices_tenant_id_number"),
        sa.CheckConstraint("total >= 0 AND paid >= 0 AND reserved >= 0 AND refunded >= 0", name="ck_invoices_positive"),
        sa.CheckConstraint("paid + reserved <= total", name="ck_invoices_collected_within_total"),
        sa.CheckConstraint("refunded <= paid", name="ck_invoices_refunded_within_paid"),
        sa.CheckConstraint(
            "CASE status WHEN 'balanced' THEN paid = total WHEN 'cancelled' THEN paid = refunded AND reserved = 0 "
            "WHEN 'issued' THEN paid < total ELSE status IN ('draft', 'entered_in_error') AND paid = 0 END",
            name="ck_invoices_status",
        ),
    )
    _index("invoices", "issued_at", "id")
    _index("invoices", "status", "issued_at", "id")
    _index("invoices", "patient_id", "issued_at", "id")
    _index("invoices", "appointment_id")
    op.create_table(
        "invoice_lines",
        *_key(),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("description", sa.LargeBinary, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.BigInteger, nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_invoice_lines"),
        _reference("invoice_lines", "invoices", "invoice_id"),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "position", name="uq_invoice_lines_tenant_id_invoice_id_position"
        ),
        sa.CheckConstraint("quantity > 0 AND unit >= 0", name="ck_invoice_lines_positive"),
    )


def _payments() -> None:
    op.create_table(
        "payments",
        *_key(),
        *(sa.Column(name, sa.Uuid) for name in ("invoice_id", "appointment_id", "patient_id")),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("captured", "refunding", "refunded")),
        sa.Column("decline_code", sa.Text),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("gateway_reference", sa.Text),
        sa.Column("captured_at", sa.DateTime(timezone=True)),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("release_reason", sa.LargeBinary),
        sa.Column("request_hash", sa.LargeBinary),
        *_times(),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_payments"),
        # Checked at commit: the row is the first to be written, since its key is what a double request stumbles over.
        _reference("payments", "invoices", "invoice_id", deferrable=True, initially="DEFERRED"),
        sa.UniqueConstraint(
            "tenant_id", "gateway", "gateway_reference", name="uq_payments_tenant_id_gateway_gateway_reference"
        ),
        sa.CheckConstraint("captured >= 0 AND captured <= amount", name="ck_payments_captured_within_amount"),
        sa.CheckConstraint(
            "refunding >= 0 AND refunded >= 0 AND refunding + refunded <= captured",
            name="ck_payments_refunded_within_captured",
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'authorised', 'captured', 'declined', 'voided', 'failed') "
            "AND (captured > 0) = (status = 'captured') AND (captured_at IS NOT NULL) = (status = 'captured')",
            name="ck_payments_status",
        ),
        sa.CheckConstraint(
            "CASE WHEN invoice_id IS NULL THEN status = 'voided' AND released_at IS NOT NULL "
            "ELSE patient_id IS NOT NULL AND request_hash IS NOT NULL AND amount > 0 END",
            name="ck_payments_closed_door",
        ),
    )
    # The sums of a period are read from this index alone.
    _index("payments", "created_at", "id", include=["status", "currency", "amount", "captured"])
    _index("payments", "status", "created_at", "id")
    _index("payments", "patient_id", "created_at", "id")
    _index("payments", "appointment_id")
    _index("payments", "invoice_id")
    _index("payments", "captured_at")


def _refunds() -> None:
    op.create_table(
        "refunds",
        *_key(),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("gateway_reference", sa.Text),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        *_times(),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_refunds"),
        _reference("refunds", "payments", "payment_id"),
        sa.CheckConstraint("amount > 0", name="ck_refunds_positive"),
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed') AND (status = 'pending') = (settled_at IS NULL)",
            name="ck_refunds_status",
        ),
    )
    _index("refunds", "payment_id")
    _index("refunds", "settled_at")


def _key() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid, nullable=False), sa.Column("id", sa.Uuid, nullable=False)]


def _times() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")]


def _reference(table: str, to: str, column: str, **options: object) -> sa.ForeignKeyConstraint:
    columns, keys = ["tenant_id", column], [f"{to}.tenant_id", f"{to}.id"]
    return sa.ForeignKeyConstraint(columns, keys, name=f"fk_{table}_{to}", **options)  # type: ignore[arg-type]


def _index(table: str, *columns: str, include: list[str] | None = None) -> None:
    name = f"ix_{table}_tenant_id_{'_'.join(columns)}"
    op.create_index(name, table, ["tenant_id", *columns], postgresql_include=include)
