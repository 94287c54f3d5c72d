"""Cash drawers: what was counted into one and out of it, and that cash is taken into an open one only."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from careconnect.migrations import protect

revision = "0140_drawers"
down_revision = "0111"

_ACCOUNTS = (
    "cash", "bank", "card_terminal_clearing", "gateway_clearing", "insurance_clearing", "receivables",
    "payer_receivables", "deposits", "patient_credits", "tax", "suspense", "revenue", "discounts", "fees_kept",
    "refunds", "gateway_fees", "written_off", "cash_over_short", "petty_expenses",
)  # fmt: skip

# Whoever takes cash holds the drawer shared until the commit and whoever closes it holds it alone, so every payment
# is either counted by the closing or in no drawer.
_TAKES = """
CREATE FUNCTION cash_drawer_takes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM cash_drawers WHERE tenant_id = NEW.tenant_id AND id = NEW.drawer_id AND closed_at IS NULL FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'cash drawer % is not open', NEW.drawer_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_cash_drawers_open';
  END IF;
  RETURN NEW;
END $$
"""
_COUNTED = """
CREATE FUNCTION cash_drawer_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  later text[] := '{reviewed_at, reviewed_by, review_note, version, updated_at}';
BEGIN
  IF OLD.closed_at IS NULL THEN
    later := later || '{closed_at, closed_by, expected, counted, closing_count, reason}'::text[];
  END IF;
  IF TG_OP = 'DELETE' OR to_jsonb(OLD) - later <> to_jsonb(NEW) - later THEN
    RAISE EXCEPTION 'what was counted in cash drawer % stays', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_cash_drawers_counted';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    _drawers()
    _movements()
    op.create_table(
        "cash_rules",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("drawer_needed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_cash_rules"),
    )
    for table in ("cash_drawers", "cash_rules"):
        protect(table)
    protect("cash_movements", append_only=True)
    op.execute(_TAKES)
    op.execute(_COUNTED)
    op.execute(
        "CREATE TRIGGER counted BEFORE UPDATE OR DELETE ON cash_drawers "
        "FOR EACH ROW EXECUTE FUNCTION cash_drawer_counted()"
    )
    for table in ("payments", "refunds"):
        op.add_column(table, sa.Column("drawer_id", sa.Uuid))
        op.create_index(
            f"ix_{table}_tenant_id_drawer_id",
            table,
            ["tenant_id", "drawer_id"],
            postgresql_where=sa.text("drawer_id IS NOT NULL"),
        )
    op.create_check_constraint(
        op.f("ck_payments_drawer"), "payments", "drawer_id IS NULL OR (method = 'cash' AND gateway = 'desk')"
    )
    for table in ("payments", "refunds", "cash_movements"):
        _in_drawer(table)
    known = ", ".join(f"'{account}'" for account in _ACCOUNTS)
    op.drop_constraint(op.f("ck_ledger_lines_account"), "ledger_lines")
    op.create_check_constraint(
        op.f("ck_ledger_lines_account"), "ledger_lines", f"split_part(account, ':', 1) IN ({known})"
    )


def _drawers() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "cash_drawers",
        *(sa.Column(name, sa.Uuid, nullable=False) for name in ("tenant_id", "id", "person_id", "location_id")),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("opening", sa.BigInteger, nullable=False),
        sa.Column("opening_count", JSONB),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("closed_at", moment),
        sa.Column("closed_by", sa.Uuid),
        sa.Column("expected", sa.BigInteger),
        sa.Column("counted", sa.BigInteger),
        sa.Column("closing_count", JSONB),
        sa.Column("reason", sa.LargeBinary),
        sa.Column("reviewed_at", moment),
        sa.Column("reviewed_by", sa.Uuid),
        sa.Column("review_note", sa.LargeBinary),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_cash_drawers"),
        sa.UniqueConstraint("tenant_id", "id", "currency", name="uq_cash_drawers_tenant_id_id_currency"),
        sa.CheckConstraint("opening >= 0 AND counted >= 0", name=op.f("ck_cash_drawers_sums")),
        sa.CheckConstraint(
            "num_nonnulls(closed_at, closed_by, expected, counted) IN (0, 4) "
            "AND (reason IS NOT NULL OR counted IS NOT DISTINCT FROM expected)",
            name=op.f("ck_cash_drawers_closed"),
        ),
        sa.CheckConstraint(
            "(reviewed_at IS NULL) = (reviewed_by IS NULL) AND (reviewed_at IS NULL OR closed_at IS NOT NULL)",
            name=op.f("ck_cash_drawers_reviewed"),
        ),
    )
    op.create_index(
        "uq_cash_drawers_open",
        "cash_drawers",
        ["tenant_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    for columns in (("opened_at", "id"), ("person_id", "opened_at", "id")):
        op.create_index(f"ix_cash_drawers_tenant_id_{'_'.join(columns)}", "cash_drawers", ["tenant_id", *columns])


def _movements() -> None:
    op.create_table(
        "cash_movements",
        *(sa.Column(name, sa.Uuid, nullable=False) for name in ("tenant_id", "id", "drawer_id", "person_id")),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_cash_movements"),
        sa.CheckConstraint(
            "CASE WHEN kind IN ('bank_drop', 'petty_cash') THEN amount < 0 "
            "WHEN kind IN ('bank_cash', 'petty_return') THEN amount > 0 ELSE false END",
            name=op.f("ck_cash_movements_kind"),
        ),
    )
    op.create_index("ix_cash_movements_tenant_id_drawer_id", "cash_movements", ["tenant_id", "drawer_id"])


def _in_drawer(table: str) -> None:
    op.create_foreign_key(
        f"fk_{table}_cash_drawers",
        table,
        "cash_drawers",
        ["tenant_id", "drawer_id", "currency"],
        ["tenant_id", "id", "currency"],
    )
    op.execute(
        f"CREATE TRIGGER drawer BEFORE INSERT OR UPDATE OF drawer_id ON {table} FOR EACH ROW "
        "WHEN (NEW.drawer_id IS NOT NULL) EXECUTE FUNCTION cash_drawer_takes()"
    )
