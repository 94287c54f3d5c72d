"""Since when the directory knows each of its entries, so that organisations can be listed by age."""

import sqlalchemy as sa
from alembic import op

revision = "0010_directory_created_at"
down_revision = "0001"
branch_labels = None
depends_on = None

_BEGUN = """
UPDATE directory SET created_at = tenants.created_at
FROM tenants WHERE directory.kind = 'tenant' AND tenants.id = directory.tenant_id
"""


def upgrade() -> None:
    # The code that runs meanwhile does not name the column.
    since = sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))
    op.add_column("directory", since)
    # Row-level security holds for the owner of the tables too, and this is about every tenant.
    for table in ("directory", "tenants"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(_BEGUN)
    for table in ("directory", "tenants"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_column("directory", "created_at")
