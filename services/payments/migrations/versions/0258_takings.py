"""What came in and what went back is added up from indexes alone."""

from alembic import op

revision = "payments_0258"
down_revision = "payments_0257"
branch_labels = None
depends_on = None

_ADDED_UP = (
    ("payments", "captured_at", ["currency", "captured"]),
    ("refunds", "settled_at", ["currency", "amount"]),
)


def upgrade() -> None:
    for table, time, added in _ADDED_UP:
        _index(table, time, added)


def downgrade() -> None:
    for table, time, _ in _ADDED_UP:
        _index(table, time, [])


def _index(table: str, time: str, added: list[str]) -> None:
    name = f"ix_{table}_tenant_id_{time}"
    op.drop_index(name, table)
    op.create_index(name, table, ["tenant_id", time], postgresql_include=added)
