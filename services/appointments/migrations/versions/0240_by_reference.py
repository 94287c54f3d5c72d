"""An appointment is found by its reference."""

from alembic import op

revision = "appointments_0240"
down_revision = "appointments_0230"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_appointments_reference", "appointments", ["tenant_id", "reference"])


def downgrade() -> None:
    op.drop_index("ix_appointments_reference", "appointments")
