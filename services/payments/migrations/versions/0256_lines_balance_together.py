"""The lines of the ledger that one statement adds are looked at together; each entry at the commit, as before.

Each line used to ask by itself whether its entry balances, at the commit: three questions for an entry of two lines.
"""

from alembic import op

revision = "payments_0256"
down_revision = "payments_0255"
branch_labels = None
depends_on = None

_LINES = """
CREATE FUNCTION ledger_lines_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wrong uuid;
BEGIN
  SELECT line.entry_id FROM added AS line
    LEFT JOIN ledger_entries AS entry
      ON entry.tenant_id = line.tenant_id AND entry.id = line.entry_id AND entry.period = line.period
   WHERE entry.id IS NULL LIMIT 1 INTO wrong;
  IF FOUND THEN
    RAISE EXCEPTION 'a line of ledger entry % stands in another period', wrong
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_lines_period';
  END IF;
  SELECT line.entry_id FROM ledger_lines AS line
    JOIN (SELECT DISTINCT tenant_id, entry_id FROM added) AS touched USING (tenant_id, entry_id)
   GROUP BY tenant_id, entry_id, currency
  HAVING sum(line.amount) <> 0 OR min(line.period) <> max(line.period) LIMIT 1 INTO wrong;
  IF FOUND THEN
    RAISE EXCEPTION 'ledger entry % does not balance', wrong
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_balanced';
  END IF;
  RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER balanced AFTER INSERT ON ledger_lines REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_lines_balanced()
"""


def upgrade() -> None:
    op.execute("DROP TRIGGER balanced ON ledger_lines")
    op.execute(_LINES)
    op.execute(_TRIGGER)
