"""Patients are listed by when they were changed."""

import sqlalchemy as sa
from alembic import op

revision = "patients_0250"
down_revision = "patients_0230"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_patients_changed",
        "patients",
        ["tenant_id", "updated_at", "number"],
        postgresql_where=sa.text("archived_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_patients_changed", "patients")
