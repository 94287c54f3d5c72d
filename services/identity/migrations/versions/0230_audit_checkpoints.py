"""Marks of audit events, and checkpoints of the whole."""

from alembic import op

from careconnect.migrations import add_audit_checkpoints

revision = "identity_0230"
down_revision = "0010_directory_created_at"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_audit_checkpoints()


def downgrade() -> None:
    op.drop_table("audit_checkpoints")
    op.drop_column("audit_events", "mark")
