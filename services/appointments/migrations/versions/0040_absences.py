"""Absences of consultants, and what becomes of each appointment in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from careconnect.migrations import protect

revision = "appointments_0040"
down_revision = "appointments_0010"
branch_labels = None
depends_on = None

OPEN = "state IN ('running', 'paused', 'undoing')"
STATES = "'waiting', 'moved', 'offered', 'cancelled', 'left', 'failed', 'restored', 'unrestored'"


def upgrade() -> None:
    _absences()
    _appointments()
    protect("absences")
    protect("absence_appointments")


def _absences() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "absences",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("consultant_id", sa.Uuid(), nullable=False),
        sa.Column("exception_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", instant, nullable=False),
        sa.Column("ends_at", instant, nullable=False),
        sa.Column("location_id", sa.Uuid()),
        sa.Column("other_consultants", sa.Boolean(), nullable=False),
        sa.Column("decide_hours", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("undo_until", instant),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'finished', 'undoing', 'undone', 'closed')", name="ck_absences_state"
        ),
        sa.CheckConstraint("starts_at < ends_at", name="ck_absences_times"),
    )
    op.create_index(
        "uq_absences_exception", "absences", ["tenant_id", "exception_id"], unique=True, postgresql_where=sa.text(OPEN)
    )
    op.create_index("ix_absences_consultant", "absences", ["tenant_id", "consultant_id", "created_at", "id"])


def _appointments() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "absence_appointments",
        *(sa.Column(name, sa.Uuid(), primary_key=True) for name in ("tenant_id", "id")),
        *(
            sa.Column(name, sa.Uuid(), nullable=False)
            for name in ("absence_id", "appointment_id", "patient_id", "visit_type_id")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reference", "action", "state")),
        sa.Column("reason", sa.Text()),
        sa.Column("appointment_version", sa.Integer(), nullable=False),
        sa.Column("start_at", instant, nullable=False),
        sa.Column("was", JSONB(), nullable=False),
        sa.Column("place", JSONB()),
        sa.Column("choices", JSONB(), nullable=False),
        sa.Column("decide_by", instant),
        sa.Column("told", sa.Text()),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.CheckConstraint("action IN ('move', 'offer', 'cancel')", name="ck_absence_appointments_action"),
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_absence_appointments_state"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "absence_id"], ["absences.tenant_id", "absences.id"], name="fk_absence_appointments_absences"
        ),
    )
    op.create_index(
        "uq_absence_appointments_once",
        "absence_appointments",
        ["tenant_id", "absence_id", "appointment_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("absence_appointments")
    op.drop_table("absences")
