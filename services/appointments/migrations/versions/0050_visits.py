"""How often an appointment came back, and which ones wait for their patient's choice."""

import sqlalchemy as sa
from alembic import op

revision = "appointments_0050_visits"
down_revision = "appointments_0020"


def upgrade() -> None:
    op.add_column("appointments", sa.Column("returned", sa.Integer, nullable=False, server_default="0"))
    op.create_index(
        "ix_absence_appointments_open",
        "absence_appointments",
        ["tenant_id", "appointment_id"],
        postgresql_where=sa.text("state IN ('waiting', 'offered')"),
    )


def downgrade() -> None:
    op.drop_index("ix_absence_appointments_open", "absence_appointments")
    op.drop_column("appointments", "returned")
