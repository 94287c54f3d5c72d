"""What the tests of workflows share: a real engine, the sandbox of the real worker, and workers on both task queues."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from careconnect.config import Settings, TemporalSettings
from careconnect.embedded.temporal import DYNAMIC_CONFIG, NAMESPACE, program
from careconnect.temporal import data_converter
from tests.workflows.office import Office
from tests.workflows.sandbox import sandbox
from workflows import ids

SEARCH_ATTRIBUTES: Sequence[SearchAttributeKey[Any]] = (
    ids.TENANT,
    ids.LOCATION,
    ids.CONSULTANT,
    ids.APPOINTMENT_STATUS,
    ids.PAYMENT_STATUS,
    ids.VISIT_AT,
    ids.NEEDS_ATTENTION,
    ids.FAILED_STEPS,
)


@pytest.fixture(scope="session")
async def temporal(keys: Path) -> AsyncIterator[WorkflowEnvironment]:
    """Run an engine of this session's own, with our search attributes; payloads are encrypted as everywhere."""
    settings = Settings(
        environment="test", temporal=TemporalSettings(codec_key_file=keys / "codec.key", namespace=NAMESPACE)
    )
    environment = await WorkflowEnvironment.start_local(
        namespace=NAMESPACE,
        data_converter=data_converter(settings),
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(program()),
        dev_server_log_level="error",
        dev_server_extra_args=flags(),
    )
    async with environment:
        yield environment


def flags() -> list[str]:
    """Give the flags of an engine that is as quick as ours, and lets tests pass time."""
    config = DYNAMIC_CONFIG | {"frontend.WorkflowTimeSkippingEnabled": "true"}
    return [word for name, value in config.items() for word in ("--dynamic-config-value", f"{name}={value}")]


@pytest.fixture
def engine(temporal: WorkflowEnvironment) -> Client:
    """Give a client on the engine."""
    return temporal.client


@asynccontextmanager
async def working(
    client: Client, workflows: Sequence[type], activities: Sequence[Callable[..., Any]]
) -> AsyncIterator[None]:
    """Work on both task queues with `workflows` and `activities`, in the sandbox of the real worker."""
    bookings = Worker(
        client, task_queue=ids.BOOKINGS, workflows=workflows, activities=activities, workflow_runner=sandbox()
    )
    async with bookings, Worker(client, task_queue=ids.BACKGROUND, activities=activities):
        yield


@pytest.fixture
async def office(engine: Client) -> AsyncIterator[Office]:
    """Give a clinic of made-up services with its workers, for one test."""
    async with Office(engine).open() as opened:
        yield opened
