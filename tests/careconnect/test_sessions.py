"""Whose data a transaction sees is said with its first word, and forgotten with its last."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from careconnect.auth import Actor
from careconnect.db import Database
from careconnect.ids import uuid7

TENANT = sa.text("SELECT current_setting('app.tenant_id', true)")


@pytest.fixture
def database(apps: Callable[[str], Any]) -> Database:
    """Give a service's database."""
    found: Database = apps("patients").state.database
    return found


async def test_each_transaction_sees_its_own_tenant_and_nobody_the_last_one(
    database: Database, actor: Callable[..., Actor]
) -> None:
    one, other = actor(tenant=uuid7()), actor(tenant=uuid7())
    for asking in (one, other, one):
        async with database.read(asking) as session:
            assert UUID(await session.scalar(TENANT)) == asking.tenant_id
            async with session.begin_nested():
                assert UUID(await session.scalar(TENANT)) == asking.tenant_id
        async with database.engine.connect() as connection:
            assert not await connection.scalar(TENANT)


async def test_a_session_that_asked_nothing_leaves_no_word_behind(
    database: Database, actor: Callable[..., Actor]
) -> None:
    async with database.read(actor(tenant=uuid7())) as session:
        await session.connection()
    async with database.engine.connect() as connection:
        assert not await connection.scalar(TENANT)


async def test_a_reading_session_writes_nothing(database: Database, actor: Callable[..., Actor]) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with database.read(actor(tenant=uuid7()), snapshot=True) as session:
            await session.execute(sa.text("DELETE FROM patients"))
