"""The ledger: append-only, and an entry that does not add up to zero cannot be committed."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0002"
down_revision = "0001"

_BALANCED = """
CREATE FUNCTION ledger_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  entry uuid;
  lines bigint;
  balanced boolean;
BEGIN
  IF TG_TABLE_NAME = 'ledger_entries' THEN entry := NEW.id; ELSE entry := NEW.entry_id; END IF;
  SELECT sum(per_currency.lines), bool_and(per_currency.balance = 0) INTO lines, balanced
    FROM (SELECT count(*) AS lines, sum(amount) AS balance FROM ledger_lines
           WHERE tenant_id = NEW.tenant_id AND entry_id = entry GROUP BY currency) AS per_currency;
  IF coalesce(lines, 0) < 2 OR NOT balanced THEN
    RAISE EXCEPTION 'ledger entry % does not balance', entry
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_ledger_entries_balanced';
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_ledger_entries"),
        sa.UniqueConstraint("tenant_id", "kind", "subject_id", name="uq_ledger_entries_tenant_id_kind_subject_id"),
    )
    op.create_table(
        "ledger_lines",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("entry_id", sa.Uuid, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "entry_id", "account", name="pk_ledger_lines"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["ledger_entries.tenant_id", "ledger_entries.id"],
            name="fk_ledger_lines_ledger_entries",
        ),
        sa.CheckConstraint("amount <> 0", name="ck_ledger_lines_moved"),
    )
    op.create_index(
        "ix_ledger_lines_tenant_id_account_currency",
        "ledger_lines",
        ["tenant_id", "account", "currency"],
        postgresql_include=["amount"],
    )
    op.execute(_BALANCED)
    for table in ("ledger_entries", "ledger_lines"):
        protect(table, append_only=True)
        op.execute(
            f"CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON {table} "
            "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balanced()"
        )
