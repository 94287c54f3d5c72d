"""Holidays that an organisation enters itself, for years of which nobody else can tell, and for days of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0170"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("holiday_policies", sa.Column("own", JSONB, nullable=False, server_default="[]"))
    op.alter_column("holiday_policies", "own", server_default=None)


def downgrade() -> None:
    op.drop_column("holiday_policies", "own")
