"""Snapshots of the dashboard."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from careconnect.migrations import create_platform_tables, protect

revision = "reports_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_platform_tables()
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "snapshots",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Uuid()),
        sa.Column("zone", sa.Text(), nullable=False),
        *(sa.Column(name, instant, nullable=False) for name in ("start_at", "end_at", "as_of")),
        sa.Column("sources", JSONB(), nullable=False),
        *(sa.Column(name, instant, nullable=False) for name in ("created_at", "updated_at")),
        sa.CheckConstraint("period IN ('today', 'week', 'month')", name="ck_snapshots_period"),
        sa.CheckConstraint("start_at < end_at", name="ck_snapshots_times"),
        sa.UniqueConstraint(
            "tenant_id", "period", "location_id", name="uq_snapshots_view", postgresql_nulls_not_distinct=True
        ),
    )
    protect("snapshots")


def downgrade() -> None:
    op.drop_table("snapshots")
