"""The chart of accounts as a law, and periods: each entry stands in a month, and a closed month takes no more."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0130"
down_revision = "0003"

_ACCOUNTS = (
    "cash", "bank", "card_terminal_clearing", "gateway_clearing", "insurance_clearing", "receivables",
    "payer_receivables", "deposits", "patient_credits", "tax", "suspense", "revenue", "discounts", "fees_kept",
    "refunds", "gateway_fees", "written_off", "cash_over_short",
)  # fmt: skip

# Whoever posts holds the lock shared until the commit and whoever closes a month holds it alone, so no entry slips
# into a month while that is closed.
_PERIOD_FOR = """
CREATE FUNCTION ledger_period_for(books uuid, booked timestamptz) RETURNS date LANGUAGE plpgsql AS $$
DECLARE
  own date;
  closed date;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('ledger ' || books, 0));
  SELECT date_trunc('month', booked AT TIME ZONE coalesce(
    (SELECT zone FROM ledger_books WHERE tenant_id = books), 'UTC'))::date INTO own;
  SELECT max(period) FROM ledger_periods WHERE tenant_id = books AND status = 'closed' INTO closed;
  RETURN greatest(own, (closed + interval '1 month')::date);
END $$
"""
_ENTRY = """
CREATE FUNCTION ledger_entry_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  earliest date := ledger_period_for(NEW.tenant_id, NEW.booked_at);
BEGIN
  NEW.period := coalesce(NEW.period, earliest);
  IF NEW.period < earliest THEN
    RAISE EXCEPTION 'the ledger takes nothing into % any more', to_char(NEW.period, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_period_open';
  END IF;
  RETURN NEW;
END $$
"""
_LINE = """
CREATE FUNCTION ledger_line_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT period FROM ledger_entries WHERE tenant_id = NEW.tenant_id AND id = NEW.entry_id INTO NEW.period;
  RETURN NEW;
END $$
"""
_BALANCED = """
CREATE OR REPLACE FUNCTION ledger_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  entry uuid;
  lines bigint;
  balanced boolean;
BEGIN
  IF TG_TABLE_NAME = 'ledger_entries' THEN entry := NEW.id; ELSE entry := NEW.entry_id; END IF;
  SELECT sum(per_currency.lines), bool_and(per_currency.balance = 0 AND per_currency.periods = 1) INTO lines, balanced
    FROM (SELECT count(*) AS lines, sum(amount) AS balance, count(DISTINCT period) AS periods FROM ledger_lines
           WHERE tenant_id = NEW.tenant_id AND entry_id = entry GROUP BY currency) AS per_currency;
  IF coalesce(lines, 0) < 2 OR NOT balanced THEN
    RAISE EXCEPTION 'ledger entry % does not balance', entry
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_balanced';
  END IF;
  IF TG_TABLE_NAME = 'ledger_lines' THEN
    PERFORM FROM ledger_entries WHERE tenant_id = NEW.tenant_id AND id = entry AND period = NEW.period;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'a line of ledger entry % stands in another period', entry
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_lines_period';
    END IF;
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    _books()
    _periods_of_what_is_there()
    for function in (_PERIOD_FOR, _ENTRY, _LINE, _BALANCED):
        op.execute(function)
    op.execute(
        "CREATE TRIGGER period BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION ledger_entry_period()"
    )
    op.execute(
        "CREATE TRIGGER period BEFORE INSERT ON ledger_lines FOR EACH ROW WHEN (NEW.period IS NULL) "
        "EXECUTE FUNCTION ledger_line_period()"
    )
    known = ", ".join(f"'{account}'" for account in _ACCOUNTS)
    op.create_check_constraint(
        op.f("ck_ledger_lines_account"), "ledger_lines", f"split_part(account, ':', 1) IN ({known})"
    )
    op.create_check_constraint(op.f("ck_ledger_lines_currency"), "ledger_lines", "currency ~ '^[A-Z]{3}$'")
    op.drop_index("ix_ledger_lines_tenant_id_account_currency", "ledger_lines")
    _index("ledger_lines", "period", "account", "currency", include=["amount", "entry_id"])
    _index("ledger_entries", "period", "booked_at", "id")


def _books() -> None:
    op.create_table(
        "ledger_books",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_ledger_books"),
    )
    op.create_table(
        "ledger_periods",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period", sa.Date, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        sa.Column("changed_by", sa.Uuid, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period", name="pk_ledger_periods"),
        sa.CheckConstraint("status IN ('open', 'closed')", name="ck_ledger_periods_status"),
        sa.CheckConstraint("extract(day FROM period) = 1", name="ck_ledger_periods_month"),
    )
    for table in ("ledger_books", "ledger_periods"):
        protect(table)


def _periods_of_what_is_there() -> None:
    """Give the entries of before their month; nothing else of them is touched, and the laws hold again afterwards."""
    for table in ("ledger_entries", "ledger_lines"):
        op.add_column(table, sa.Column("period", sa.Date))
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER append_only")
    op.execute("UPDATE ledger_entries SET period = date_trunc('month', booked_at AT TIME ZONE 'UTC')::date")
    op.execute(
        "UPDATE ledger_lines AS line SET period = entry.period FROM ledger_entries AS entry "
        "WHERE entry.tenant_id = line.tenant_id AND entry.id = line.entry_id"
    )
    for table in ("ledger_entries", "ledger_lines"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY, ENABLE TRIGGER append_only")
        op.alter_column(table, "period", nullable=False)


def _index(table: str, *columns: str, include: list[str] | None = None) -> None:
    name = f"ix_{table}_tenant_id_{'_'.join(columns)}"
    op.create_index(name, table, ["tenant_id", *columns], postgresql_include=include)
