"""Drafts of remarks: why something is asked for, until it is decided whether it is done."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "appointments_0070"
down_revision = "appointments_0060"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "appointment_remark_drafts",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("created_at", "updated_at")),
    )
    protect("appointment_remark_drafts")


def downgrade() -> None:
    op.drop_table("appointment_remark_drafts")
