"""What the tests of the identity service share."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from careconnect import clock
from careconnect.auth import NOBODY
from careconnect.embedded.postgres import PostgresServer
from tests.services.identity.organisation import Organisation

Database = Callable[..., AbstractAsyncContextManager[asyncpg.Connection]]


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    """Give a client on the identity service."""
    return service("identity")


@pytest.fixture
async def organisation(http: httpx.AsyncClient, tenant_id: UUID) -> Organisation:
    """Begin an organisation with an owner."""
    return await Organisation(http, tenant_id).begin()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], datetime]:
    """Move the clock: time stands still from then on, that much after the present."""
    began = clock.now()

    def move(by: timedelta) -> datetime:
        monkeypatch.setattr(clock, "now", lambda: began + by)
        return began + by

    return move


@pytest.fixture
def database(postgres: PostgresServer, tenant_id: UUID) -> Database:
    """Speak to Postgres as the service's own role does, for this test's tenant or for the platform itself."""

    @asynccontextmanager
    async def connect(*, platform: bool = False) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(postgres.urls()["identity"].replace("+asyncpg", ""))
        try:
            tenant = str(NOBODY if platform else tenant_id)
            await connection.execute("SELECT set_config('app.tenant_id', $1, false)", tenant)
            yield connection
        finally:
            await connection.close()

    return connect
