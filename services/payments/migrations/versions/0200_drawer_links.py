"""Payment links are closed: by staff, and by themselves once their invoice is paid or owed no more."""

import sqlalchemy as sa
from alembic import op

revision = "0200_drawer_links"
down_revision = "0190_dunning"

# Whoever ends an invoice, by whatever route, closes its links in the same transaction.
_CLOSE = """
CREATE FUNCTION close_payment_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payment_links SET closed_at = now(), updated_at = now()
   WHERE tenant_id = NEW.tenant_id AND invoice_id = NEW.id AND paid_at IS NULL AND closed_at IS NULL;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for name in ("closed_at", "shut_at"):
        op.add_column("payment_links", sa.Column(name, moment))
    op.create_index(
        "ix_payment_links_unshut",
        "payment_links",
        ["tenant_id", "closed_at"],
        postgresql_where=sa.text("closed_at IS NOT NULL AND shut_at IS NULL AND paid_at IS NULL"),
    )
    op.execute(_CLOSE)
    op.execute(
        "CREATE TRIGGER close_payment_links AFTER UPDATE OF status ON invoices FOR EACH ROW "
        "WHEN (NEW.status IS DISTINCT FROM OLD.status AND NEW.status <> 'issued') "
        "EXECUTE FUNCTION close_payment_links()"
    )
