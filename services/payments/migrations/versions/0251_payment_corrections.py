"""Corrections of payments: what was taken, where the gateway says another amount than the books."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "payments_0251"
down_revision = "payments_0250"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_corrections",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("surplus", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_payment_corrections"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name="fk_payment_corrections_tenant_id_payment_id_payments",
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_payment_corrections_moved")),
    )
    op.create_index("ix_payment_corrections_tenant_id_payment_id", "payment_corrections", ["tenant_id", "payment_id"])
    protect("payment_corrections", append_only=True)


def downgrade() -> None:
    op.drop_table("payment_corrections")
