"""Which gateway each reference goes through, written down before anything is sent."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0220_gateway_routes"
down_revision = "0210_earned"


def upgrade() -> None:
    op.create_table(
        "gateway_routes",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "reference", name="pk_gateway_routes"),
    )
    protect("gateway_routes", append_only=True)
