"""Marks of audit events, and checkpoints of the whole."""

from alembic import op

from careconnect.migrations import add_audit_checkpoints

revision = "payments_0230"
down_revision = "0220_gateway_routes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_audit_checkpoints()


def downgrade() -> None:
    op.drop_table("audit_checkpoints")
    op.drop_column("audit_events", "mark")
