"""The entries of the ledger that one statement adds are asked together whether their months still take any.

Each entry used to be asked by itself, also where it had just been given its month by the same question.
"""

from alembic import op

revision = "payments_0260"
down_revision = "payments_0259"
branch_labels = None
depends_on = None

# The lock comes first: the question behind it sees what whoever held it has closed.
_OPEN = """
CREATE FUNCTION ledger_entries_stand_in_open_months() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  late date;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('ledger ' || tenant_id, 0))
    FROM (SELECT DISTINCT tenant_id FROM added) AS books;
  SELECT entry.period FROM added AS entry
    LEFT JOIN ledger_books AS books USING (tenant_id)
    LEFT JOIN (SELECT tenant_id, max(period) AS last FROM ledger_periods WHERE status = 'closed' GROUP BY tenant_id)
      AS closed USING (tenant_id)
   WHERE entry.period < date_trunc('month', entry.booked_at AT TIME ZONE coalesce(books.zone, 'UTC'))
      OR entry.period < closed.last + interval '1 month'
   LIMIT 1 INTO late;
  IF FOUND THEN
    RAISE EXCEPTION 'the ledger takes nothing into % any more', to_char(late, 'YYYY-MM')
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_period_open';
  END IF;
  RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER open_months AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_stand_in_open_months()
"""
_MONTH = """
CREATE OR REPLACE FUNCTION ledger_entry_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.period := ledger_period_for(NEW.tenant_id, NEW.booked_at);
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(_OPEN)
    op.execute(_TRIGGER)
    op.execute("DROP TRIGGER period ON ledger_entries")
    op.execute(_MONTH)
    op.execute(
        "CREATE TRIGGER period BEFORE INSERT ON ledger_entries FOR EACH ROW WHEN (NEW.period IS NULL) "
        "EXECUTE FUNCTION ledger_entry_period()"
    )
