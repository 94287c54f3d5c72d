"""What the tests of the edge share: the real edge over ASGI, all services, a real engine with the real worker."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from temporalio.testing import WorkflowEnvironment

import worker
from careconnect.config import MailSettings, Settings, TemporalSettings, WebSettings
from careconnect.embedded.ports import pick
from careconnect.embedded.temporal import NAMESPACE, program
from careconnect.propagation import Propagation
from careconnect.temporal import data_converter
from services.hosting import Services
from tests.web.clinic import Clinic
from tests.workflows.conftest import SEARCH_ATTRIBUTES, flags
from web.app import create

ADDRESS = "http://edge.test"


@pytest.fixture(scope="session")
async def engine_environment(settings: Settings) -> AsyncIterator[WorkflowEnvironment]:
    """Run an engine of this session's own; payloads are encrypted as everywhere."""
    known = settings.model_copy(update={"temporal": settings.temporal.model_copy(update={"namespace": NAMESPACE})})
    environment = await WorkflowEnvironment.start_local(
        namespace=NAMESPACE,
        data_converter=data_converter(known),
        interceptors=[Propagation()],
        search_attributes=SEARCH_ATTRIBUTES,
        dev_server_existing_path=str(program()),
        dev_server_log_level="error",
        dev_server_extra_args=flags(),
    )
    async with environment:
        yield environment


@pytest.fixture(scope="session")
def edge_settings(
    settings: Settings, engine_environment: WorkflowEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Give the settings of the edge and the worker; the edge serves a mailbox that is really spoken to by SMTP."""
    return settings.model_copy(
        update={
            "temporal": TemporalSettings(
                address=engine_environment.client.service_client.config.target_host,
                namespace=NAMESPACE,
                codec_key_file=settings.temporal.codec_key_file,
            ),
            "web": WebSettings(public_url=ADDRESS, requests_per_second=100_000, failed_sign_ins=1000),
            "mail": MailSettings(smtp_port=pick(), mailbox=tmp_path_factory.mktemp("mailbox") / "maildir"),
        }
    )


@pytest.fixture(scope="session")
async def edge(edge_settings: Settings) -> AsyncIterator[FastAPI]:
    """Run the edge with all services behind it."""
    app = create(edge_settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="session")
async def running(
    edge: FastAPI, edge_settings: Settings, engine_environment: WorkflowEnvironment
) -> AsyncIterator[FastAPI]:
    """Work on all task queues beside the edge, as the worker process does."""
    async with Services(edge_settings) as services:
        working = worker.workers(engine_environment.client, services, edge_settings)
        tasks = [asyncio.create_task(one.run()) for one in working]
        yield edge
        for one in working:
            await one.shutdown()
        await asyncio.gather(*tasks)


@pytest.fixture(scope="session")
async def http(running: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Give somebody who comes to the edge and says nothing of who they are."""
    transport = httpx.ASGITransport(app=running, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield client


@pytest.fixture(scope="module")
async def clinic(edge: FastAPI, http: httpx.AsyncClient) -> Clinic:
    """Begin an organisation with an API client, a location, a consultant who works, and visit types.

    Each file of tests has its own, so that it does not matter which files came before it in the same process.
    """
    return await Clinic.begin(edge, http)


@pytest.fixture(scope="module")
async def other_clinic(edge: FastAPI, http: httpx.AsyncClient) -> Clinic:
    """Begin another organisation."""
    return await Clinic.begin(edge, http)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Expect a refusal, well-formed."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code), answer.text
    assert body["title"]
    assert body["type"].endswith(code)
    return body
