"""Which kinds of orphans a money check mends by itself, as an organisation says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from careconnect.migrations import protect

revision = "payments_0252"
down_revision = "payments_0251"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mending_rules",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("mends", ARRAY(sa.Text), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_mending_rules"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_mending_rules_version")),
    )
    protect("mending_rules")


def downgrade() -> None:
    op.drop_table("mending_rules")
