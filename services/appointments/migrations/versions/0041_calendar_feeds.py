"""Calendar feeds of consultants and locations."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "appointments_0041"
down_revision = "appointments_0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("shows_names", sa.Boolean(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('consultant', 'location')", name="ck_calendar_feeds_kind"),
    )
    op.create_index(
        "uq_calendar_feeds_active",
        "calendar_feeds",
        ["tenant_id", "kind", "subject_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    protect("calendar_feeds")


def downgrade() -> None:
    op.drop_table("calendar_feeds")
