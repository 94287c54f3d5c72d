"""Consultants, their schedules and the catalogue of visit types."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careconnect.migrations import create_platform_tables, protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_platform_tables()
    _consultants()
    _schedules()
    _exceptions()
    _visit_types()
    for table in (
        "consultants",
        "schedules",
        "schedule_blocks",
        "schedule_exceptions",
        "visit_types",
        "visit_type_consultants",
    ):
        protect(table)


def downgrade() -> None:
    for table in (
        "visit_type_consultants",
        "visit_types",
        "schedule_exceptions",
        "schedule_blocks",
        "schedules",
        "consultants",
    ):
        op.drop_table(table)


def _consultants() -> None:
    op.create_table(
        "consultants",
        *_key(),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("first_name", sa.Text, nullable=False),
        sa.Column("last_name", sa.Text, nullable=False),
        sa.Column("specialties", ARRAY(sa.Text), nullable=False),
        sa.Column("specialty_keys", ARRAY(sa.Text), nullable=False),
        sa.Column("registration_number", sa.Text, nullable=False),
        sa.Column("email", sa.LargeBinary),
        sa.Column("phone", sa.LargeBinary),
        sa.Column("bio", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("colour", sa.Text, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_consultants"),
        sa.CheckConstraint("status IN ('active', 'inactive', 'on_leave')", name="status"),
    )
    registration = ["tenant_id", "registration_number"]
    op.create_index("uq_consultants_registration_number", "consultants", registration, unique=True)
    op.create_index("ix_consultants_name", "consultants", ["tenant_id", "last_name", "first_name", "id"])


def _schedules() -> None:
    op.create_table(
        "schedules",
        *_key(),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_schedules"),
        _belongs_to("consultants", "id", "fk_schedules_consultants"),
    )
    op.create_table(
        "schedule_blocks",
        *_key(),
        sa.Column("consultant_id", sa.Uuid, nullable=False),
        sa.Column("location_id", sa.Uuid, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("weekday", sa.SmallInteger, nullable=False),
        sa.Column("starts", sa.Integer, nullable=False),
        sa.Column("ends", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_schedule_blocks"),
        _belongs_to("schedules", "consultant_id", "fk_schedule_blocks_schedules"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        sa.CheckConstraint("0 <= starts AND starts < ends AND ends <= 1440", name="minutes"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
    )
    op.execute(
        "ALTER TABLE schedule_blocks ADD CONSTRAINT ex_schedule_blocks_overlap EXCLUDE USING gist ("
        "tenant_id WITH =, consultant_id WITH =, zone WITH =, weekday WITH =, "
        "int4range(starts, ends) WITH &&, daterange(valid_from, valid_to, '[]') WITH &&)"
    )
    op.create_index("ix_schedule_blocks_location", "schedule_blocks", ["tenant_id", "location_id"])


def _exceptions() -> None:
    op.create_table(
        "schedule_exceptions",
        *_key(),
        sa.Column("consultant_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location_id", sa.Uuid),
        sa.Column("zone", sa.Text),
        sa.Column("reason", sa.LargeBinary),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_schedule_exceptions"),
        _belongs_to("schedules", "consultant_id", "fk_schedule_exceptions_schedules"),
        sa.CheckConstraint("kind IN ('leave', 'blocked', 'extra')", name="kind"),
        sa.CheckConstraint("starts_at < ends_at", name="times"),
        sa.CheckConstraint(
            "kind <> 'extra' OR (location_id IS NOT NULL AND zone IS NOT NULL)",
            name="extra_place",
        ),
    )
    op.execute(
        "ALTER TABLE schedule_exceptions ADD CONSTRAINT ex_schedule_exceptions_extra EXCLUDE USING gist ("
        "tenant_id WITH =, consultant_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (kind = 'extra')"
    )
    times = ["tenant_id", "consultant_id", "starts_at", "id"]
    op.create_index("ix_schedule_exceptions_times", "schedule_exceptions", times)


def _visit_types() -> None:
    op.create_table(
        "visit_types",
        *_key(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("duration", sa.Integer, nullable=False),
        sa.Column("buffer_before", sa.Integer, nullable=False),
        sa.Column("buffer_after", sa.Integer, nullable=False),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("payment_policy", JSONB, nullable=False),
        sa.Column("cancellation_policy", JSONB, nullable=False),
        sa.Column("reminder_offsets", ARRAY(sa.Integer), nullable=False),
        sa.Column("min_notice", sa.Integer, nullable=False),
        sa.Column("horizon_days", sa.Integer, nullable=False),
        sa.Column("slot_step", sa.Integer, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("specialty", sa.Text),
        sa.Column("specialty_key", sa.Text),
        sa.Column("colour", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_visit_types"),
        sa.CheckConstraint("duration > 0 AND buffer_before >= 0 AND buffer_after >= 0", name="durations"),
        sa.CheckConstraint("price >= 0", name="price"),
        sa.CheckConstraint("mode IN ('in_person', 'telehealth')", name="mode"),
    )
    op.create_index("ix_visit_types_name", "visit_types", ["tenant_id", "name", "id"])
    op.create_table(
        "visit_type_consultants",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("visit_type_id", sa.Uuid, nullable=False),
        sa.Column("consultant_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "visit_type_id", "consultant_id", name="pk_visit_type_consultants"),
        _belongs_to("visit_types", "visit_type_id", "fk_visit_type_consultants_visit_types"),
        _belongs_to("consultants", "consultant_id", "fk_visit_type_consultants_consultants"),
    )
    op.create_index("ix_visit_type_consultants_consultant", "visit_type_consultants", ["tenant_id", "consultant_id"])


def _key() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid, nullable=False), sa.Column("id", sa.Uuid, nullable=False)]


def _times() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")]


def _belongs_to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    whole = [f"{table}.tenant_id", f"{table}.id"]
    return sa.ForeignKeyConstraint(["tenant_id", column], whole, ondelete="CASCADE", name=name)
