"""Taxes and free follow-ups of visit types, price lists, and the organisation's own policies about money."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careconnect.migrations import protect

revision = "0120"
down_revision = "0001"

_ANYBODY = "'00000000-0000-0000-0000-000000000000'::uuid"


def upgrade() -> None:
    op.add_column("visit_types", sa.Column("tax", JSONB))
    op.add_column("visit_types", sa.Column("follow_up", JSONB))
    _price_lists()
    op.create_table(
        "money_policies",
        *_key(),
        sa.Column("payment", JSONB, nullable=False),
        sa.Column("dunning_days", ARRAY(sa.Integer), nullable=False),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_money_policies"),
    )
    for table in ("price_list_entries", "money_policies"):
        protect(table)


def downgrade() -> None:
    op.drop_table("money_policies")
    op.drop_table("price_list_entries")
    op.drop_column("visit_types", "follow_up")
    op.drop_column("visit_types", "tax")


def _price_lists() -> None:
    op.create_table(
        "price_list_entries",
        *_key(),
        sa.Column("visit_type_id", sa.Uuid, nullable=False),
        *(sa.Column(name, sa.Uuid) for name in ("consultant_id", "location_id", "payer_id")),
        sa.Column("price", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_to", sa.Date),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_price_list_entries"),
        _belongs_to("visit_types", "visit_type_id", "fk_price_list_entries_visit_types"),
        _belongs_to("consultants", "consultant_id", "fk_price_list_entries_consultants"),
        sa.CheckConstraint("price >= 0", name="price"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
    )
    op.create_index("ix_price_list_entries_visit_type", "price_list_entries", ["tenant_id", "visit_type_id", "id"])
    whose = ", ".join(f"coalesce({name}, {_ANYBODY}) WITH =" for name in ("consultant_id", "location_id", "payer_id"))
    op.execute(
        "ALTER TABLE price_list_entries ADD CONSTRAINT ex_price_list_entries_days EXCLUDE USING gist ("
        f"tenant_id WITH =, visit_type_id WITH =, {whose}, daterange(valid_from, valid_to, '[]') WITH &&)"
    )


def _key() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid, nullable=False), sa.Column("id", sa.Uuid, nullable=False)]


def _times() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")]


def _belongs_to(table: str, column: str, name: str) -> sa.ForeignKeyConstraint:
    whole = [f"{table}.tenant_id", f"{table}.id"]
    return sa.ForeignKeyConstraint(["tenant_id", column], whole, ondelete="CASCADE", name=name)
