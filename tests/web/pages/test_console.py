"""The workflow console behind our sign-in: whose operators use it, and what they may do there."""

import json
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from careconnect.embedded.postgres import PostgresServer
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk

PROCESS = "/console/api/v1/namespaces/careconnect/workflows/appointment-01a203f0-41cf"
FROM_ITS_PAGES = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def asked(edge: FastAPI, clinic: Clinic) -> AsyncIterator[list[str]]:
    """Open the console to the operators of one organisation, and note what reaches it."""
    reached: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        reached.append(f"{request.method} {request.url.path}")
        return httpx.Response(200, stream=httpx.ByteStream(b"{}"))

    settings, console = edge.state.settings, edge.state.console
    ours = {"console_tenant": clinic.tenant_id, "ui_url": "http://console.test"}
    edge.state.settings = settings.model_copy(update={"temporal": settings.temporal.model_copy(update=ours)})
    upstream = httpx.AsyncClient(base_url="http://console.test", transport=httpx.MockTransport(answer))
    async with upstream:
        edge.state.console = upstream
        yield reached
    edge.state.settings, edge.state.console = settings, console


async def test_an_operator_of_the_platforms_own_organisation_looks_at_processes(owner: Desk, asked: list[str]) -> None:
    assert (await owner.http.get("/console/")).status_code == 200
    assert (await owner.http.get(PROCESS)).status_code == 200
    assert asked == ["GET /console/", f"GET {PROCESS}"]
    assert 'href="/console"' in (await owner.http.get("/")).text


@pytest.mark.parametrize("path", ["/console", "/console/", PROCESS])
async def test_an_owner_of_another_organisation_is_told_that_it_is_not_theirs(
    stranger: Desk, asked: list[str], path: str
) -> None:
    answer = await stranger.http.get(path)
    assert (answer.status_code, asked) == (403, [])
    assert "run this installation" in answer.json()["detail"]
    assert 'href="/console"' not in (await stranger.http.get("/")).text


async def test_an_owner_of_another_organisation_has_nothing_decrypted(stranger: Desk, asked: list[str]) -> None:
    answer = await stranger.http.post("/console/codec/decode", json={"payloads": []}, headers=FROM_ITS_PAGES)
    assert (answer.status_code, asked) == (403, [])


async def test_whoever_has_something_decrypted_is_noted_first(
    owner: Desk, clinic: Clinic, asked: list[str], postgres: PostgresServer
) -> None:
    answer = await owner.http.post("/console/codec/decode", json={"payloads": [{"data": ""}]}, headers=FROM_ITS_PAGES)
    assert (answer.status_code, asked) == (200, [])
    connection = await asyncpg.connect(
        postgres.urls()["auditor"].replace("+asyncpg", "").rstrip("/") + "/careconnect_identity_db"
    )
    noted = await connection.fetch(
        "SELECT data FROM audit_events WHERE action = 'console.payloads_read' AND tenant_id = $1", clinic.tenant_id
    )
    await connection.close()
    assert [json.loads(one["data"]) for one in noted] == [{"count": 1}]


async def test_other_roles_of_that_organisation_do_not_reach_it(front_desk: Desk, asked: list[str]) -> None:
    assert ((await front_desk.http.get("/console/")).status_code, asked) == (403, [])


@pytest.mark.parametrize("path", ["/reset", "/runs/01a203f0-7e57/query/progress", "/query/progress"])
async def test_an_operator_asks_a_process_and_resets_one(owner: Desk, asked: list[str], path: str) -> None:
    answer = await owner.http.post(PROCESS + path, json={}, headers=FROM_ITS_PAGES)
    assert (answer.status_code, asked) == (200, [f"POST {PROCESS}{path}"])


@pytest.mark.parametrize(
    "call",
    [
        f"POST {PROCESS}/terminate", f"POST {PROCESS}/terminate/", f"POST {PROCESS}/cancel", f"POST {PROCESS}/signal/x",
        f"POST {PROCESS}", f"DELETE {PROCESS}", f"POST {PROCESS}/terminate%3Fx=/reset",
        f"POST {PROCESS}/terminate%23/reset",
        f"POST {PROCESS}/query/..%2Fterminate", f"POST {PROCESS}/%2E%2E/x/reset",
        "POST /console/api/v1/namespaces/careconnect/batch-operations/everything",
        "POST /console/api/v1/namespaces/careconnect/schedules/dashboard", "PUT /console/api/v1/namespaces/careconnect",
        "DELETE /console/api/v1/namespaces/careconnect/schedules/dashboard-1", "PATCH /console/api/v1/namespaces/x",
    ],
)  # fmt: skip
async def test_nobody_ends_deletes_or_changes_a_process_there(owner: Desk, asked: list[str], call: str) -> None:
    method, path = call.split(" ")
    ending = {"terminationOperation": {"identity": "x"}}
    answer = await owner.http.request(method, path, json=ending, headers=FROM_ITS_PAGES)
    assert (answer.status_code, asked) == (403, [])
