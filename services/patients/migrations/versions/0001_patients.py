"""Patients, what they are found by, and the counter of their numbers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from careconnect.migrations import create_platform_tables, protect

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_platform_tables()
    op.create_table(
        "patients",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("demographics", sa.LargeBinary, nullable=False),
        sa.Column("clinical", sa.LargeBinary, nullable=False),
        sa.Column("terms", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("registration", sa.Text, nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_patients"),
        sa.UniqueConstraint("tenant_id", "number", name="uq_patients_tenant_id_number"),
        sa.CheckConstraint("number > 0", name="ck_patients_number_positive"),
    )
    op.create_index(
        "ix_patients_active", "patients", ["tenant_id", "number"], postgresql_where=sa.text("archived_at IS NULL")
    )
    op.create_index("ix_patients_tenant_id_created_at", "patients", ["tenant_id", "created_at"])
    protect("patients")
    op.create_table(
        "search_terms",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("term", sa.BigInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "term", "number", name="pk_search_terms"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "number"],
            ["patients.tenant_id", "patients.number"],
            name="fk_search_terms_patients",
            ondelete="CASCADE",
        ),
    )
    protect("search_terms")
    op.create_table(
        "counters",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "kind", name="pk_counters"),
    )
    protect("counters")


def downgrade() -> None:
    for table in ("counters", "search_terms", "patients", "audit_events", "outbox_events", "data_keys"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")
