"""What is counted by day, state, place and consultant is counted from the index alone."""

from alembic import op

revision = "appointments_0252"
down_revision = "appointments_0251"
branch_labels = None
depends_on = None

_NAME = "ix_appointments_start"
_KEY = ["tenant_id", "start_at", "id"]


def upgrade() -> None:
    op.drop_index(_NAME, "appointments")
    counted = ["consultant_id", "location_id", "status", "end_at"]
    op.create_index(_NAME, "appointments", _KEY, postgresql_include=counted)


def downgrade() -> None:
    op.drop_index(_NAME, "appointments")
    op.create_index(_NAME, "appointments", _KEY)
