"""Organisations, locations, staff, sessions, API clients, and the directory that is asked before a tenant is known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from careconnect.migrations import create_platform_tables, grant, protect

revision = "0001"
down_revision = None

_OWN = "tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)"


def upgrade() -> None:
    create_platform_tables()
    _organisation()
    _staff()
    _access()
    for table in ("tenants", "locations", "staff", "sessions", "api_clients", "sign_in_attempts"):
        protect(table)
    _directory()


def downgrade() -> None:
    for table in ("directory", "sign_in_attempts", "sessions", "api_clients", "staff", "locations", "tenants"):
        op.drop_table(table)


def _organisation() -> None:
    op.create_table(
        "tenants",
        *_key(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_tenants"),
        sa.CheckConstraint("tenant_id = id", name="own"),
    )
    op.create_table(
        "locations",
        *_key(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("address", JSONB),
        sa.Column("phone", sa.Text),
        sa.Column("active", sa.Boolean, nullable=False),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_locations"),
    )
    op.create_index("ix_locations_name", "locations", ["tenant_id", "name", "id"])


def _staff() -> None:
    op.create_table(
        "staff",
        *_key(),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("name_tokens", ARRAY(sa.Text), nullable=False),
        sa.Column("email", sa.LargeBinary, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("roles", ARRAY(sa.Text), nullable=False),
        sa.Column("consultant_id", sa.Uuid),
        sa.Column("location_ids", ARRAY(sa.Uuid), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_staff"),
        sa.CheckConstraint("cardinality(roles) > 0", name="roles"),
    )
    op.create_index("ix_staff_consultant", "staff", ["tenant_id", "consultant_id"])


def _access() -> None:
    op.create_table(
        "sessions",
        *_key(),
        sa.Column("staff_id", sa.Uuid, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], ondelete="CASCADE", name="fk_sessions_staff"
        ),
    )
    op.create_index("uq_sessions_token_hash", "sessions", ["tenant_id", "token_hash"], unique=True)
    op.create_index("ix_sessions_staff", "sessions", ["tenant_id", "staff_id"])
    op.create_table(
        "api_clients",
        *_key(),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        *_times(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_api_clients"),
    )
    op.create_index("uq_api_clients_client_id", "api_clients", ["tenant_id", "client_id"], unique=True)
    op.create_table(
        "sign_in_attempts",
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key_hash", name="pk_sign_in_attempts"),
    )


def _directory() -> None:
    op.create_table(
        "directory",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("tenant_id", sa.Uuid, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key_hash", name="pk_directory"),
    )
    op.execute("ALTER TABLE directory ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE directory FORCE ROW LEVEL SECURITY")
    # It is asked before the tenant is known, so everybody may read it; an entry is written by whom it belongs to.
    op.execute("CREATE POLICY everybody_reads ON directory FOR SELECT USING (true)")
    op.execute(f"CREATE POLICY own_entries ON directory FOR INSERT WITH CHECK ({_OWN})")
    op.execute(f"CREATE POLICY own_removals ON directory FOR DELETE USING ({_OWN})")
    grant("directory", "SELECT, INSERT, DELETE")


def _key() -> list[sa.Column[object]]:
    return [sa.Column("tenant_id", sa.Uuid, nullable=False), sa.Column("id", sa.Uuid, nullable=False)]


def _times() -> list[sa.Column[object]]:
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("created_at", "updated_at")]
