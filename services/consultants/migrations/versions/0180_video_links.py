"""Where a visit by video takes place, for those types that have a standing address; without one the clinic calls."""

import sqlalchemy as sa
from alembic import op

revision = "0180"
down_revision = "0170"


def upgrade() -> None:
    op.add_column("visit_types", sa.Column("video_url", sa.Text))


def downgrade() -> None:
    op.drop_column("visit_types", "video_url")
