"""With the consultant since when, from which state it was cancelled, and sealed reasons of what was decided."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "appointments_0020"
down_revision = "appointments_0041"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.add_column("appointments", sa.Column("with_consultant_since", instant))
    op.add_column("appointments", sa.Column("cancelled_from", sa.Text))
    op.add_column("appointments", sa.Column("undo_until", instant))
    op.create_table(
        "appointment_remarks",
        sa.Column("tenant_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("appointment_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
    )
    op.create_index("ix_appointment_remarks_appointment", "appointment_remarks", ["tenant_id", "appointment_id", "id"])
    protect("appointment_remarks", append_only=True)


def downgrade() -> None:
    op.drop_table("appointment_remarks")
    for name in ("undo_until", "cancelled_from", "with_consultant_since"):
        op.drop_column("appointments", name)
