"""Rooms, group visits, and the local time that people agreed on."""

import sqlalchemy as sa
from alembic import op

revision = "appointments_0010"
down_revision = "appointments_0030"

OCCUPIES = "status IN ('held', 'booked', 'arrived', 'checked_in')"
SESSION = "visit_session(capacity, id, consultant_id, visit_type_id, location_id, start_at, end_at)"

# What a place in a group visit shares with the others, and what an ordinary appointment shares with nobody. Being
# computed from the row itself, it cannot disagree with it.
_SESSION = """
CREATE FUNCTION visit_session(capacity int, id uuid, consultant_id uuid, visit_type_id uuid, location_id uuid,
                              start_at timestamptz, end_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN capacity = 1 THEN id ELSE substring(encode(sha256(
    uuid_send(consultant_id) || uuid_send(visit_type_id) || uuid_send(location_id)
    || timestamptz_send(start_at) || timestamptz_send(end_at)), 'hex') FOR 32)::uuid END
$$
"""


def upgrade() -> None:
    table = "appointments"
    op.add_column(table, sa.Column("room_id", sa.Uuid()))
    for name in ("capacity", "seat"):
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default="1"))
        op.alter_column(table, name, server_default=None)
    op.add_column(table, sa.Column("local_start", sa.DateTime(timezone=False)))
    op.execute("UPDATE appointments SET local_start = start_at AT TIME ZONE zone")
    op.alter_column(table, "local_start", nullable=False)
    op.create_check_constraint(op.f("ck_appointments_seat"), table, "capacity >= 1 AND seat BETWEEN 1 AND capacity")
    columns = ["tenant_id", "room_id", "start_at", "id"]
    op.create_index("ix_appointments_room", table, columns, postgresql_where=sa.text("room_id IS NOT NULL"))
    op.execute(_SESSION)
    op.execute("ALTER TABLE appointments DROP CONSTRAINT ex_appointments_consultant")
    _exclude("consultant", f"consultant_id WITH =, tstzrange(occupied_from, occupied_to) WITH &&, ({SESSION}) WITH <>")
    _exclude(
        "room",
        f"room_id WITH =, tstzrange(occupied_from, occupied_to) WITH &&, ({SESSION}) WITH <>",
        "room_id IS NOT NULL",
    )
    _exclude("seat", f"({SESSION}) WITH =, seat WITH =", "capacity > 1", method="btree")


def downgrade() -> None:
    for name in ("seat", "room", "consultant"):
        op.execute(f"ALTER TABLE appointments DROP CONSTRAINT ex_appointments_{name}")
    _exclude("consultant", "consultant_id WITH =, tstzrange(occupied_from, occupied_to) WITH &&")
    op.execute("DROP FUNCTION visit_session")
    op.drop_index("ix_appointments_room", "appointments")
    op.drop_constraint(op.f("ck_appointments_seat"), "appointments")
    for name in ("local_start", "seat", "capacity", "room_id"):
        op.drop_column("appointments", name)


def _exclude(name: str, what: str, where: str | None = None, method: str = "gist") -> None:
    condition = " AND ".join([OCCUPIES, "NOT overbooked", *([where] if where else [])])
    op.execute(
        f"ALTER TABLE appointments ADD CONSTRAINT ex_appointments_{name} EXCLUDE USING {method} ("
        f"tenant_id WITH =, {what}) WHERE ({condition})"
    )
