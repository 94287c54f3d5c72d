"""Whose patients a consultant has ever had, and patients that were opened for a person with a reason."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "appointments_0251"
down_revision = "appointments_0250"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "patient_accesses",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_patient_accesses_actor", "patient_accesses", ["tenant_id", "actor_id", "until"])
    protect("patient_accesses")
    op.create_index("ix_appointments_treated", "appointments", ["tenant_id", "consultant_id", "patient_id"])


def downgrade() -> None:
    op.drop_index("ix_appointments_treated", "appointments")
    op.drop_table("patient_accesses")
