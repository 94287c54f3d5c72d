"""Holds: a time that is kept while a form is filled in, perhaps before a patient is named."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from careconnect.migrations import protect

revision = "appointments_0060"
down_revision = "appointments_0050_visits"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.alter_column("appointments", "patient_id", existing_type=sa.Uuid(), nullable=True)
    # NOT VALID takes no lock that anybody would notice; the rows are looked through by the second statement.
    op.execute(
        "ALTER TABLE appointments ADD CONSTRAINT ck_appointments_patient "
        "CHECK (patient_id IS NOT NULL OR status IN ('held', 'expired')) NOT VALID"
    )
    op.execute("ALTER TABLE appointments VALIDATE CONSTRAINT ck_appointments_patient")
    op.create_table(
        "holds",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Uuid()),
        *(sa.Column(name, sa.Uuid(), nullable=False) for name in ("consultant_id", "visit_type_id", "location_id")),
        sa.Column("room_id", sa.Uuid()),
        sa.Column("zone", sa.Text(), nullable=False),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("start_at", "end_at", "expires_at")),
        sa.Column("extension_id", sa.Uuid()),
        sa.Column("appointment_id", sa.Uuid()),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("created_at", "updated_at")),
        sa.CheckConstraint("status IN ('held', 'used', 'released', 'expired')", name="ck_holds_status"),
        sa.CheckConstraint("(status = 'used') = (appointment_id IS NOT NULL)", name="ck_holds_used"),
    )
    op.create_index("ix_holds_open", "holds", ["tenant_id", "expires_at"], postgresql_where=sa.text("status = 'held'"))
    op.create_index(
        "uq_holds_appointment",
        "holds",
        ["tenant_id", "appointment_id"],
        unique=True,
        postgresql_where=sa.text("appointment_id IS NOT NULL"),
    )
    protect("holds")


def downgrade() -> None:
    op.drop_table("holds")
    op.execute("DELETE FROM appointments WHERE patient_id IS NULL")
    op.drop_constraint("ck_appointments_patient", "appointments")
    op.alter_column("appointments", "patient_id", existing_type=sa.Uuid(), nullable=False)
