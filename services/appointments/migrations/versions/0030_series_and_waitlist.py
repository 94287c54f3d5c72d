"""Series of appointments, and the waiting list with its offers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from careconnect.migrations import protect

revision = "appointments_0030"
down_revision = "appointments_0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _series()
    _occurrences()
    _entries()
    _offers()
    for table in ("series", "series_occurrences", "waitlist_entries", "waitlist_offers"):
        protect(table)


def _series() -> None:
    op.create_table(
        "series",
        *_key(),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        *_ids("patient_id", "consultant_id", "visit_type_id", "location_id"),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        *_times(),
        sa.CheckConstraint("status IN ('booking', 'active', 'ended', 'cancelled')", name="ck_series_status"),
    )
    op.create_index("ix_series_created", "series", ["tenant_id", "created_at", "id"])
    op.create_index("ix_series_patient", "series", ["tenant_id", "patient_id", "created_at", "id"])


def _occurrences() -> None:
    op.create_table(
        "series_occurrences",
        *_key(),
        *_ids("series_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("appointment_id", sa.Uuid()),
        sa.Column("alternatives", postgresql.JSONB(), nullable=False),
        *_times(),
        sa.UniqueConstraint("tenant_id", "series_id", "number", name="uq_series_occurrences_number"),
        sa.CheckConstraint(
            "status IN ('pending', 'booked', 'conflict', 'skipped')", name="ck_series_occurrences_status"
        ),
        sa.CheckConstraint("status <> 'booked' OR appointment_id IS NOT NULL", name="ck_series_occurrences_booked"),
        sa.CheckConstraint("number >= 1", name="ck_series_occurrences_number"),
    )
    op.create_index("ix_series_occurrences_appointment", "series_occurrences", ["tenant_id", "appointment_id"])


def _entries() -> None:
    op.create_table(
        "waitlist_entries",
        *_key(),
        sa.Column("status", sa.Text(), nullable=False),
        *_ids("patient_id", "visit_type_id"),
        sa.Column("consultant_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("location_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("weekdays", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("earliest", sa.Date()),
        sa.Column("latest", sa.Date()),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("appointment_id", sa.Uuid()),
        sa.Column("request_hash", sa.Text(), nullable=False),
        *_times(),
        sa.CheckConstraint(
            "status IN ('waiting', 'offered', 'booked', 'left', 'lapsed')", name="ck_waitlist_entries_status"
        ),
        sa.CheckConstraint("(status = 'booked') = (appointment_id IS NOT NULL)", name="ck_waitlist_entries_booked"),
    )
    op.create_index("ix_waitlist_entries_line", "waitlist_entries", ["tenant_id", "created_at", "id"])
    op.create_index("ix_waitlist_entries_patient", "waitlist_entries", ["tenant_id", "patient_id", "created_at", "id"])
    op.create_index(
        "ix_waitlist_entries_waiting",
        "waitlist_entries",
        ["tenant_id", "created_at", "id"],
        postgresql_where=sa.text("status IN ('waiting', 'offered')"),
    )


def _offers() -> None:
    op.create_table(
        "waitlist_offers",
        *_key(),
        *_ids("entry_id"),
        sa.Column("status", sa.Text(), nullable=False),
        *_ids("consultant_id", "location_id"),
        sa.Column("zone", sa.Text(), nullable=False),
        *(sa.Column(name, INSTANT, nullable=False) for name in ("start_at", "end_at", "offered_at", "expires_at")),
        sa.Column("told", sa.Boolean()),
        *_times(),
        sa.CheckConstraint(
            "status IN ('offered', 'accepted', 'declined', 'lapsed', 'withdrawn')", name="ck_waitlist_offers_status"
        ),
    )
    op.create_index("ix_waitlist_offers_entry", "waitlist_offers", ["tenant_id", "entry_id", "offered_at"])
    op.create_index(
        "uq_waitlist_offers_open",
        "waitlist_offers",
        ["tenant_id", "entry_id"],
        unique=True,
        postgresql_where=sa.text("status = 'offered'"),
    )


def _key() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid(), primary_key=True), sa.Column("id", sa.Uuid(), primary_key=True)]


def _ids(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in names]


def _times() -> list[sa.Column[object]]:
    return [sa.Column(name, INSTANT, nullable=False) for name in ("created_at", "updated_at")]


def downgrade() -> None:
    for table in ("waitlist_offers", "waitlist_entries", "series_occurrences", "series"):
        op.drop_table(table)
