"""The migrations make what the models describe."""

import importlib

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from careconnect import migrations
from careconnect.config import DATABASES, SERVICES, DatabaseSettings
from careconnect.embedded.postgres import PostgresServer


@pytest.mark.parametrize("service", SERVICES)
async def test_no_model_differs_from_what_the_migrations_made(postgres: PostgresServer, service: str) -> None:
    await migrations.check(DatabaseSettings(**postgres.urls()), (service,))


@pytest.mark.parametrize("service", SERVICES)
async def test_checks_and_conditions_of_indexes_are_what_the_migrations_made_of_them(
    postgres: PostgresServer, service: str
) -> None:
    """Alembic compares neither: the models' tables are made beside the migrated ones, and taken back."""
    metadata = importlib.import_module(f"services.{service}.models").Base.metadata
    engine = create_async_engine(f"{postgres.urls()['owner'].rstrip('/')}/{DATABASES[service]}", poolclass=sa.NullPool)
    async with engine.connect() as connection:
        await connection.execute(sa.text("CREATE SCHEMA modelled"))
        await connection.execute(sa.text("SET LOCAL search_path TO modelled, public"))
        await connection.run_sync(lambda plain: metadata.create_all(plain, checkfirst=False))
        modelled, migrated = [
            {tuple(row) for row in await connection.execute(_SAID, {"schema": schema})}
            for schema in ("modelled", "public")
        ]
        await connection.rollback()
    await engine.dispose()
    assert modelled
    assert sorted(modelled - migrated) == []


_SAID = sa.text("""
SELECT relname::text, 'check', pg_get_constraintdef(pg_constraint.oid, true)
FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
WHERE contype = 'c' AND connamespace = CAST(:schema AS regnamespace)
UNION ALL
SELECT table_.relname::text, index.relname::text, pg_get_expr(indpred, indrelid, true)
FROM pg_index
JOIN pg_class AS table_ ON table_.oid = indrelid
JOIN pg_class AS index ON index.oid = indexrelid
WHERE indpred IS NOT NULL AND table_.relnamespace = CAST(:schema AS regnamespace)
""")
