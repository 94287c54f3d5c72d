"""Appointments, their notes, and the laws against double booking."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import create_platform_tables, protect

revision = "appointments_0001"
down_revision = None
branch_labels = None
depends_on = None

OCCUPIES = "status IN ('held', 'booked', 'arrived', 'checked_in')"
STATES = (
    "'held', 'booked', 'arrived', 'checked_in', 'fulfilled', 'cancelled', 'no_show', 'expired', "
    "'entered_in_error', 'waitlisted'"
)


def upgrade() -> None:
    create_platform_tables()
    _appointments()
    op.create_table(
        "appointment_notes",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    protect("appointments")
    protect("appointment_notes")


def _appointments() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "appointments",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Uuid(), nullable=False)
            for name in ("patient_id", "consultant_id", "visit_type_id", "location_id")
        ),
        sa.Column("zone", sa.Text(), nullable=False),
        *(sa.Column(name, instant, nullable=False) for name in ("start_at", "end_at", "occupied_from", "occupied_to")),
        sa.Column("hold_expires_at", instant),
        sa.Column("status_since", instant, nullable=False),
        sa.Column("overbooked", sa.Boolean(), nullable=False),
        sa.Column("hours_overridden", sa.Boolean(), nullable=False),
        sa.Column("cancellation_reason", sa.Text()),
        sa.Column("refusal_code", sa.Text()),
        sa.Column("needs_attention", sa.Text()),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.CheckConstraint(f"status IN ({STATES})", name="ck_appointments_status"),
        sa.CheckConstraint(
            "occupied_from <= start_at AND start_at < end_at AND end_at <= occupied_to", name="ck_appointments_times"
        ),
        sa.CheckConstraint("(status = 'held') = (hold_expires_at IS NOT NULL)", name="ck_appointments_hold"),
        sa.CheckConstraint("version >= 1", name="ck_appointments_version"),
    )
    for name, column in (
        ("start", None),
        ("consultant", "consultant_id"),
        ("patient", "patient_id"),
        ("location", "location_id"),
        ("status", "status"),
    ):
        columns = ["tenant_id", *([column] if column else []), "start_at", "id"]
        op.create_index(f"ix_appointments_{name}", "appointments", columns)
    op.create_index(
        "ix_appointments_busy",
        "appointments",
        ["tenant_id", "consultant_id", "occupied_to"],
        postgresql_where=sa.text(OCCUPIES),
    )
    op.create_index(
        "ix_appointments_held",
        "appointments",
        ["tenant_id", "hold_expires_at"],
        postgresql_where=sa.text("status = 'held'"),
    )
    op.create_index(
        "ix_appointments_attention",
        "appointments",
        ["tenant_id", "id"],
        postgresql_where=sa.text("needs_attention IS NOT NULL"),
    )
    op.execute(
        "ALTER TABLE appointments ADD CONSTRAINT ex_appointments_consultant EXCLUDE USING gist ("
        "tenant_id WITH =, consultant_id WITH =, tstzrange(occupied_from, occupied_to) WITH &&) "
        f"WHERE ({OCCUPIES} AND NOT overbooked)"
    )
    op.execute(
        "ALTER TABLE appointments ADD CONSTRAINT ex_appointments_patient EXCLUDE USING gist ("
        "tenant_id WITH =, patient_id WITH =, tstzrange(start_at, end_at) WITH &&) "
        f"WHERE ({OCCUPIES} AND NOT overbooked)"
    )


def downgrade() -> None:
    op.drop_table("appointment_notes")
    op.drop_table("appointments")
