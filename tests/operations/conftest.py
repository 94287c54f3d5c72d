"""An instance of its own for the demo clinic: nothing else is in its databases, so every law can be asked of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from careconnect import migrations
from careconnect.auth import Actor
from careconnect.config import DATABASES, DatabaseSettings, Settings
from careconnect.embedded.folder import read_json, write_json
from careconnect.embedded.postgres import PostgresServer
from careconnect.embedded.temporal import NAMESPACE, program
from careconnect.temporal import data_converter
from operations.seed.ground import DOMAIN, TENANT
from operations.seed.seeding import Options, seed
from operations.seed.told import Report
from services.hosting import Services
from tests.workflows.conftest import SEARCH_ATTRIBUTES


@dataclass
class Seeded:
    """An instance that `careconnect seed` was run on, and what the first run reported."""

    settings: Settings
    engine: Client
    services: Services
    reports: list[Report]
    tenant_id: UUID = TENANT
    domain: str = DOMAIN

    async def seed(self, options: Options | None = None) -> dict[str, int]:
        """Run the command, and tell what it wrote."""
        wanted = replace(options or Options(), tenant_id=self.tenant_id, domain=self.domain)
        self.reports.append(await seed(self.settings, wanted, lambda _: None, self.engine))
        return {step.name: step.count for step in self.reports[-1].steps}

    def another(self, folder: Path, tenant_id: UUID) -> "Seeded":
        """Give another tenant of the same databases, with a data folder and an owner of its own."""
        domain = f"clinic{tenant_id.int}.example"
        client = {"client_id": "none", "client_secret": "none"}
        admin = {"email": f"owner@{domain}", "password": "a password of some length"}
        write_json(folder / "credentials.json", {"admin": admin, "api_client": client})
        settings = self.settings.model_copy(update={"data_dir": folder})
        return Seeded(settings, self.engine, self.services, [], tenant_id, domain)

    @property
    def actor(self) -> Actor:
        """Somebody who may do everything."""
        return Actor.system("*", tenant_id=self.tenant_id)

    @property
    def credentials(self) -> dict[str, Any]:
        """What is in the credentials file."""
        return read_json(self.settings.data_dir / "credentials.json")

    async def ask(self, service: str, question: str, *values: object) -> list[Any]:
        """Ask a service's database as the auditor, who reads everything; `$1` is the tenant."""
        url = f"{self.settings.database.auditor.replace('+asyncpg', '')}/{DATABASES[service]}"
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(question, self.tenant_id, *values)]
        finally:
            await connection.close()


@pytest.fixture(scope="session")
async def seed_engine(settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """Run a workflow engine; no worker runs, so every workflow waits as it was started."""
    private = settings.model_copy(update={"temporal": settings.temporal.model_copy(update={"namespace": NAMESPACE})})
    environment = await WorkflowEnvironment.start_local(
        namespace=NAMESPACE,
        data_converter=data_converter(private),
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(program()),
        dev_server_log_level="error",
    )
    async with environment:
        yield environment


@pytest.fixture(scope="session")
async def seeded(
    settings: Settings, seed_engine: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Seeded]:
    """Seed an instance, once for all tests."""
    server = PostgresServer(tmp_path_factory.mktemp("seeded"), settings={"fsync": "off", "shared_buffers": "64MB"})
    await server.start()
    try:
        await server.prepare()
        await migrations.upgrade(DatabaseSettings(**server.urls()))
        own = _own(settings, server, seed_engine, tmp_path_factory.mktemp("data"))
        async with Services(own) as services:
            instance = Seeded(own, seed_engine.client, services, [])
            await instance.seed()
            yield instance
    finally:
        await server.stop()


def _own(settings: Settings, server: PostgresServer, engine: WorkflowEnvironment, data: Path) -> Settings:
    address = engine.client.service_client.config.target_host
    temporal = settings.temporal.model_copy(update={"address": address, "namespace": NAMESPACE})
    return settings.model_copy(
        update={"database": DatabaseSettings(**server.urls()), "temporal": temporal, "data_dir": data}
    )
