"""Rooms, opening times and holidays of locations, and what a visit type needs of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careconnect.migrations import protect

revision = "0010"
down_revision = "0120"


def upgrade() -> None:
    _visit_types()
    op.create_table(
        "rooms",
        *_key(),
        sa.Column("location_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("features", ARRAY(sa.Text), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_rooms"),
    )
    op.create_index("ix_rooms_location", "rooms", ["tenant_id", "location_id", "name", "id"])
    op.create_table(
        "location_calendars",
        *_key(),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("opening", JSONB),
        sa.Column("holidays", sa.Text, nullable=False),
        sa.Column("country", sa.Text),
        sa.Column("subdivision", sa.Text),
        sa.Column("open_on", ARRAY(sa.Date), nullable=False),
        sa.Column("closed_on", ARRAY(sa.Date), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_location_calendars"),
        sa.CheckConstraint("holidays IN ('as_organisation', 'closed', 'open')", name="holidays"),
    )
    op.create_table(
        "holiday_policies",
        *_key(),
        sa.Column("country", sa.Text),
        sa.Column("subdivision", sa.Text),
        sa.Column("closed", sa.Boolean, nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_holiday_policies"),
        sa.CheckConstraint("tenant_id = id", name="own"),
    )
    for table in ("rooms", "location_calendars", "holiday_policies"):
        protect(table)


def downgrade() -> None:
    for table in ("holiday_policies", "location_calendars", "rooms"):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_visit_types_capacity"), "visit_types")
    for name in ("room_features", "room_needed", "location_ids", "capacity"):
        op.drop_column("visit_types", name)


def _visit_types() -> None:
    for column in (
        sa.Column("capacity", sa.Integer, nullable=False, server_default="1"),
        sa.Column("location_ids", ARRAY(sa.Uuid), nullable=False, server_default="{}"),
        sa.Column("room_needed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("room_features", ARRAY(sa.Text), nullable=False, server_default="{}"),
    ):
        op.add_column("visit_types", column)
        op.alter_column("visit_types", column.name, server_default=None)
    op.create_check_constraint(op.f("ck_visit_types_capacity"), "visit_types", "capacity >= 1")


def _key() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid, nullable=False), sa.Column("id", sa.Uuid, nullable=False)]


def _times() -> list[sa.Column[object]]:
    instants: list[sa.Column[object]] = [
        sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")
    ]
    return [*instants, sa.Column("version", sa.Integer, nullable=False)]
