"""Cards that a gateway keeps for a later charge, and how long the sandbox gateway's reservations stand."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0121"
down_revision = "0120"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "kept_cards",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("patient_id", sa.Uuid, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("name", sa.LargeBinary),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("forgotten_at", moment),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_kept_cards"),
        sa.CheckConstraint("(name IS NULL) = (forgotten_at IS NOT NULL)", name="ck_kept_cards_forgotten"),
    )
    op.create_index("ix_kept_cards_tenant_id_patient_id", "kept_cards", ["tenant_id", "patient_id"])
    protect("kept_cards")
    op.add_column(
        "sandbox_charges", sa.Column("authorised_at", moment, nullable=False, server_default=sa.text("now()"))
    )
