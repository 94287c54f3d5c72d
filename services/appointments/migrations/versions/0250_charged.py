"""What a visit costs, as it was told when its time was taken."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "appointments_0250"
down_revision = "appointments_0240"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("appointments", sa.Column("charged", JSONB(none_as_null=True)))


def downgrade() -> None:
    op.drop_column("appointments", "charged")
