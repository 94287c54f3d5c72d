"""Alembic's environment for every service; `careconnect.migrations` hands over connection, models and role."""

import sqlalchemy as sa
from alembic import context

config = context.config
connection: sa.Connection = config.attributes["connection"]

# A migration that waits for a lock makes every request behind it wait too: rather fail, and try at a quieter time.
connection.execute(sa.text("SET lock_timeout = '5s'"))
connection.execute(sa.text("SET statement_timeout = '10min'"))

context.configure(
    connection=connection,
    target_metadata=config.attributes["metadata"],
    compare_type=True,
    compare_server_default=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
