"""The tenants' accounts at card gateways, how the gateways stand, and what was sent to them."""

import sqlalchemy as sa
from alembic import op

from careconnect.migrations import protect

revision = "0110"
down_revision = "0020_credits"


def upgrade() -> None:
    _accounts()
    _calls()
    _standings()
    _refusals()
    for table in ("gateway_accounts", "gateway_calls", "gateway_standings", "webhook_refusals"):
        protect(table)
    # An event may be about something that is not ours, such as a payout.
    op.alter_column("webhook_events", "reference", nullable=True)
    op.add_column("webhook_events", sa.Column("follow_up", sa.Text))
    unfinished = sa.text("outcome = 'accepted' OR follow_up IS NOT NULL")
    op.create_index(
        "ix_webhook_events_unfinished", "webhook_events", ["tenant_id", "created_at"], postgresql_where=unfinished
    )
    op.create_index("ix_webhook_events_tenant_id_created_at", "webhook_events", ["tenant_id", "created_at"])


def _accounts() -> None:
    op.create_table(
        "gateway_accounts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("secret_key", sa.LargeBinary),
        sa.Column("publishable_key", sa.Text, nullable=False),
        sa.Column("webhook_secrets", sa.LargeBinary),
        sa.Column("active", sa.Boolean, nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_gateway_accounts"),
        sa.UniqueConstraint("tenant_id", "kind", name="uq_gateway_accounts_tenant_id_kind"),
    )
    op.create_index(
        "ix_gateway_accounts_active", "gateway_accounts", ["tenant_id"], unique=True, postgresql_where=sa.text("active")
    )


def _calls() -> None:
    op.create_table(
        "gateway_calls",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("gateway_id", sa.Text),
        _moment("sent_at"),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("tenant_id", "gateway", "key", name="pk_gateway_calls"),
    )
    op.create_index("ix_gateway_calls_reference", "gateway_calls", ["tenant_id", "gateway", "reference"])


def _standings() -> None:
    op.create_table(
        "gateway_standings",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        _moment("changed_at"),
        sa.PrimaryKeyConstraint("tenant_id", "gateway", name="pk_gateway_standings"),
        sa.CheckConstraint("state IN ('closed', 'half_open', 'open')", name="ck_gateway_standings_state"),
    )


def _refusals() -> None:
    op.create_table(
        "webhook_refusals",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        _moment("last_at"),
        sa.PrimaryKeyConstraint("tenant_id", "gateway", "day", name="pk_webhook_refusals"),
    )


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)
