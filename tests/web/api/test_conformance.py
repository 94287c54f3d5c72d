"""What schemathesis makes of the document: whatever fits it, or just does not, is answered as the document says."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from careconnect.config import MailSettings, Settings
from careconnect.embedded.ports import LOOPBACK, pick
from tests.running import until
from tests.web.api.contract import DOCUMENT
from tests.web.clinic import Clinic
from web.app import create

PROCESSES = (
    r"^/appointments|^/walk-ins|^/series|^/waitlist|^/payments(/\{payment_id\}/.*)?$|^/messages|^/payments/money-check"
)
"""What these begin or move is a process or a mail; the journeys hold them to the same document."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT).exclude(path_regex="^/(oauth|webhooks|[.]well-known)/")
# Hundreds of requests to each endpoint, the same every time; worth running by hand after a change of the contract.
SCHEMA.config.phases.coverage.enabled = False
# Where a process stands is asked of the worker, which stands still while a test is not asynchronous.
READS = SCHEMA.include(method="GET").exclude(path_regex="^/workflows")
WRITES = SCHEMA.exclude(method="GET").exclude(path_regex=PROCESSES)
BOUNDED = settings(
    max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="session")
def address(edge_settings: Settings) -> Iterator[str]:
    """Serve an edge on a port, for a client that is not asynchronous."""
    port = pick()
    app = create(edge_settings.model_copy(update={"mail": MailSettings()}))
    server = uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, 30, "the edge listens")
    yield f"http://{LOOPBACK}:{port}/api/v1"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
async def asking(other_clinic: Clinic, other_records: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Give the headers of an API client, and the ids of records that are there."""
    return {"authorization": f"Bearer {await other_clinic.token()}"}, other_records


@READS.parametrize()
@BOUNDED
def test_reads_answer_as_the_document_says(
    case: schemathesis.Case[Any], address: str, asking: tuple[dict[str, str], dict[str, str]]
) -> None:
    _ask(case, address, *asking)


@WRITES.parametrize()
@BOUNDED
def test_plain_writes_answer_as_the_document_says(
    case: schemathesis.Case[Any], address: str, asking: tuple[dict[str, str], dict[str, str]]
) -> None:
    _ask(case, address, *asking)


def _ask(case: schemathesis.Case[Any], address: str, headers: dict[str, str], records: dict[str, str]) -> None:
    """Ask as generated, and about a record that is there."""
    case.call_and_validate(base_url=address, headers=headers, checks=CHECKS)
    known: dict[str, Any] = {name: records[name] for name in case.path_parameters if name in records}
    if known:
        case.path_parameters.update(known)
        case.call_and_validate(base_url=address, headers=headers, checks=CHECKS)
