"""Where the evidence comes from: all databases as the auditor, the services' own answers, the workflow engine."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self
from uuid import UUID

import asyncpg
from temporalio.client import Client

from careconnect import temporal
from careconnect.config import DATABASES, Settings
from careconnect.crypto import MasterKey, TenantKeys
from operations.verify.finding import CannotCheckError
from services.hosting import Services

Rows = list[asyncpg.Record]
CONNECT_SECONDS = 10
ENGINE_SECONDS = 10


class Evidence:
    """Opens each source when it is first asked for, and closes all of them at the end."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = AsyncExitStack()
        self._databases: dict[str, asyncpg.Connection] = {}
        self._keys: dict[tuple[str, UUID], TenantKeys | None] = {}
        self._services: Services | None = None
        self._engine: Client | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def rows(self, service: str, question: str, *values: Any) -> Rows:
        """Ask a service's database one question, of one moment."""
        database = await self.database(service)
        found: Rows = await database.fetch(question, *values)
        return found

    async def count(self, service: str, question: str, *values: Any) -> int:
        """Ask a service's database for a number."""
        database = await self.database(service)
        return int(await database.fetchval(question, *values))

    @asynccontextmanager
    async def moment(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """Let several questions to a service's database see the same moment."""
        database = await self.database(service)
        async with database.transaction(isolation="repeatable_read", readonly=True):
            yield database

    async def database(self, service: str) -> asyncpg.Connection:
        """Connect to a service's database as the auditor, who reads every tenant and changes nothing."""
        if service not in self._databases:
            address = f"{self._address('auditor').rstrip('/')}/{DATABASES[service]}"
            self._databases[service] = await self._connect(address)
        return self._databases[service]

    async def as_service(self, service: str) -> asyncpg.Connection:
        """Connect as the service itself does; the caller closes it."""
        return await self._connect(self._address(service), close=False)

    async def keys(self, service: str, tenant_id: UUID) -> TenantKeys | None:
        """Give a tenant's keys in one service's database; None if it has none there.

        Raises:
            CannotCheckError: the master key is not at hand, or is another one.
        """
        if (service, tenant_id) not in self._keys:
            found = await self.rows(service, "SELECT wrapped FROM data_keys WHERE tenant_id = $1", tenant_id)
            self._keys[service, tenant_id] = self._unwrap(found[0]["wrapped"], tenant_id) if found else None
        return self._keys[service, tenant_id]

    async def services(self) -> Services:
        """Reach the services as the edge does: in this process, or at their addresses."""
        if self._services is None:
            try:
                self._services = await self._stack.enter_async_context(Services(self.settings))
            except (ValueError, OSError) as error:
                raise CannotCheckError(str(error)) from error
        return self._services

    async def engine(self) -> Client:
        """Connect to the workflow engine."""
        if self._engine is None:
            try:
                self._engine = await temporal.connect(self.settings)
            except (RuntimeError, ValueError) as error:
                address = self.settings.temporal.address
                message = f"The workflow engine at {address} cannot be reached: start it, or set its address. ({error})"
                raise CannotCheckError(message) from error
        return self._engine

    def _address(self, name: str) -> str:
        try:
            return self.settings.database.url(name).replace("+asyncpg", "")
        except ValueError as error:
            raise CannotCheckError(str(error)) from error

    async def _connect(self, address: str, *, close: bool = True) -> asyncpg.Connection:
        place = address.rpartition("@")[2]
        try:
            connection = await asyncpg.connect(address, timeout=CONNECT_SECONDS)
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            message = f"The database at {place} cannot be read: start the instance, or check its address. ({error})"
            raise CannotCheckError(message) from error
        if close:
            self._stack.push_async_callback(connection.close)
        return connection

    def _unwrap(self, wrapped: bytes, tenant_id: UUID) -> TenantKeys:
        try:
            return TenantKeys(tenant_id, MasterKey(self.settings.master_keys).unwrap(wrapped, tenant_id))
        except ValueError as error:
            raise CannotCheckError(str(error)) from error
