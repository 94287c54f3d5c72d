"""The totals of months that have ended are kept; a line that comes late takes those of its month away with it."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "payments_0259"
down_revision = "payments_0258"
branch_labels = None
depends_on = None

# The lock is that of closing a month, which is held exclusively while totals are made: behind it, they are seen.
_FORGET = """
CREATE FUNCTION ledger_totals_forget() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('ledger ' || tenant_id, 0))
    FROM (SELECT DISTINCT tenant_id FROM added) AS books;
  DELETE FROM ledger_totals USING (SELECT DISTINCT tenant_id, period FROM added) AS touched
   WHERE ledger_totals.tenant_id = touched.tenant_id AND ledger_totals.period = touched.period;
  RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER forget_totals AFTER INSERT ON ledger_lines REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_totals_forget()
"""


def upgrade() -> None:
    op.create_table(
        "ledger_totals",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("period", sa.Date, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("debits", sa.BigInteger, nullable=False),
        sa.Column("credits", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "period", "account", "currency", name="pk_ledger_totals"),
    )
    protect("ledger_totals")
    op.execute(_FORGET)
    op.execute(_TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_totals ON ledger_lines")
    op.execute("DROP FUNCTION ledger_totals_forget()")
    op.drop_table("ledger_totals")
