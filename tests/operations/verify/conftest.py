"""An instance of the tests' own, which a test may damage behind the product's back: mended after each test."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from temporalio.testing import WorkflowEnvironment

from careconnect import migrations
from careconnect.config import DATABASES, DatabaseSettings, MailSettings, Settings
from careconnect.embedded.databases import connect as connect_as_superuser
from careconnect.embedded.postgres import PostgresServer
from careconnect.embedded.temporal import NAMESPACE, program
from careconnect.temporal import data_converter
from services.hosting import Services
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance
from tests.workflows.conftest import SEARCH_ATTRIBUTES

_KEEP = """
DO $$ DECLARE name text; BEGIN
  CREATE SCHEMA kept;
  FOR name IN SELECT quote_ident(relname) FROM pg_class
              WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version' LOOP
    EXECUTE 'CREATE TABLE kept.' || name || ' AS TABLE public.' || name;
  END LOOP;
END $$
"""
_BRING_BACK = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'kept'::regnamespace LOOP
    EXECUTE 'DELETE FROM public.' || name;
    EXECUTE 'INSERT INTO public.' || name || ' OVERRIDING SYSTEM VALUE SELECT * FROM kept.' || name;
  END LOOP;
END $$
"""


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    """Run a Postgres that no other test uses."""
    made = PostgresServer(tmp_path_factory.mktemp("damaged"), settings={"fsync": "off", "shared_buffers": "32MB"})
    await made.start()
    try:
        await made.prepare()
        await migrations.upgrade(DatabaseSettings(**made.urls()))
        yield made
    finally:
        await made.stop()


@pytest.fixture(scope="session")
async def engine(settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """Run a workflow engine that no other test uses."""
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
async def superusers(server: PostgresServer) -> AsyncIterator[dict[str, asyncpg.Connection]]:
    """Connect to each database past every law: triggers and foreign keys are asleep."""
    opened = {}
    for service, database in DATABASES.items():
        opened[service] = await connect_as_superuser("127.0.0.1", server.port, server.passwords(), database)
        await opened[service].execute("SET session_replication_role = replica")
    yield opened
    for one in opened.values():
        await one.close()


@pytest.fixture(scope="session")
async def opened(
    server: PostgresServer,
    engine: WorkflowEnvironment,
    settings: Settings,
    superusers: dict[str, asyncpg.Connection],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Clinic]:
    """Open a small clinic whose services, workflows and dashboard keep every law, and keep all of its rows aside."""
    address = engine.client.service_client.config.target_host
    changes: dict[str, Any] = {
        "database": DatabaseSettings(**server.urls()),
        "mail": MailSettings(mailbox=tmp_path_factory.mktemp("mailbox")),
        "temporal": settings.temporal.model_copy(update={"address": address, "namespace": NAMESPACE}),
    }
    instance = Instance(settings.model_copy(update=changes), superusers, engine.client)
    async with Services(instance.settings) as services:
        made = Clinic(services, instance)
        await made.open()
        instance.keep_workflows()
        await asyncio.gather(*(one.execute(_KEEP) for one in superusers.values()))
        yield made


@pytest.fixture
async def clinic(opened: Clinic) -> AsyncIterator[Clinic]:
    """Give the clinic as it was opened."""
    zone = opened.zone
    yield opened
    opened.zone = zone
    await opened.instance.end_workflows()
    await opened.instance.mend()
    await asyncio.gather(*(one.execute(_BRING_BACK) for one in opened.instance.superusers.values()))


@pytest.fixture
def instance(clinic: Clinic) -> Instance:
    """Give the instance that the clinic lives in."""
    return clinic.instance
