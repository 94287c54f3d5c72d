"""What the tests of the patients service share."""

from collections.abc import AsyncIterator, Callable

import asyncpg
import httpx
import pytest

from careconnect.embedded.postgres import PostgresServer
from tests.services.patients.desk import Desk


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    """Give a client on the patients service."""
    return service("patients")


@pytest.fixture
def desk(http: httpx.AsyncClient, act: Callable[..., dict[str, str]]) -> Desk:
    """Make somebody who may do everything with patients."""
    return Desk(http, act("patients:read", "patients:write", "patients:clinical", "reports:read"))


@pytest.fixture
def front_desk(http: httpx.AsyncClient, act: Callable[..., dict[str, str]]) -> Desk:
    """Make somebody of the same tenant without the right to medical fields."""
    return Desk(http, act("patients:read", "patients:write"))


@pytest.fixture
async def rows(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """Connect as somebody who reads every row of the patients database, behind the service's back."""
    address = postgres.urls()["auditor"].replace("+asyncpg", "").rstrip("/")
    connection = await asyncpg.connect(f"{address}/careconnect_patient_db")
    try:
        yield connection
    finally:
        await connection.close()
