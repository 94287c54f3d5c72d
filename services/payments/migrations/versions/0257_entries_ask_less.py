"""An entry of the ledger asks at the commit only whether it has lines, and for its period in one question.

That the lines balance, and stand in one period with their entry, is looked at with each statement that adds some
(0256): lines that balance and are not nothing are two at least.
"""

from alembic import op

revision = "payments_0257"
down_revision = "payments_0256"
branch_labels = None
depends_on = None

_ENTRY = """
CREATE OR REPLACE FUNCTION ledger_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM ledger_lines WHERE tenant_id = NEW.tenant_id AND entry_id = NEW.id LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'ledger entry % does not balance', NEW.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_balanced';
  END IF;
  RETURN NULL;
END $$
"""
# The lock comes first: the question behind it sees what whoever held it has closed.
_PERIOD = """
CREATE OR REPLACE FUNCTION ledger_period_for(books uuid, booked timestamptz) RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('ledger ' || books, 0));
  RETURN greatest(
    date_trunc('month', booked AT TIME ZONE coalesce(
      (SELECT zone FROM ledger_books WHERE tenant_id = books), 'UTC'))::date,
    (SELECT (max(period) + interval '1 month')::date FROM ledger_periods
      WHERE tenant_id = books AND status = 'closed'));
END $$
"""


def upgrade() -> None:
    op.execute(_ENTRY)
    op.execute(_PERIOD)
