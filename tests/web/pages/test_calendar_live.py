"""What other desks change reaches an open calendar, over a real connection, and never keeps a process from stopping."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from careconnect import stopping
from careconnect.embedded.ports import pick
from careconnect.ids import uuid7
from careconnect.serving import Server, configure
from tests.web.clinic import Clinic, eventually
from tests.web.pages.desk import Desk
from web.live import Live
from web.pages.calendar import events
from web.session import COOKIE

LOOPBACK = "127.0.0.1"


class Served(Server):
    """The server of the product, which leaves the test's own signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[tuple[Served, str]]:
    """Serve the edge that the tests share; its life is theirs."""
    port = pick()
    config = configure(app, LOOPBACK, port)
    config.lifespan = "off"
    server = Served(config)
    task = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: asyncio.sleep(0, server.started), bool)
        yield server, f"http://{LOOPBACK}:{port}"
    finally:
        server.handle_exit(signal.SIGTERM, None)
        async with asyncio.timeout(4):
            await task
        stopping.forget()


@pytest.fixture
async def served(running: FastAPI, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Serve, and look for changes often."""
    monkeypatch.setattr(running.state.live, "_pause", 0.02)
    async with serving(running) as (_, url):
        yield url


@asynccontextmanager
async def stream(url: str, desk: Desk, *, after: str = "", **query: str) -> AsyncIterator[AsyncIterator[str]]:
    """Open a stream as a browser does, and give its lines."""
    headers = {"cookie": f"{COOKIE}={desk.http.cookies[COOKIE]}", "accept-encoding": "br, gzip"}
    headers |= {"last-event-id": after} if after else {}
    async with (
        httpx.AsyncClient(timeout=10) as http,
        http.stream("GET", f"{url}/calendar/events", headers=headers, params=query) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        lines = answer.aiter_lines()
        assert await anext(lines) == "retry: 3000"
        yield lines


async def event(lines: AsyncIterator[str]) -> dict[str, Any]:
    """Read up to the next event's end."""
    said: dict[str, str] = {}
    async with asyncio.timeout(10):
        async for line in lines:
            if not line and "data" in said:
                return said | {"data": json.loads(said["data"])}
            name, _, value = line.partition(": ")
            said[name] = value
    raise AssertionError(said)


async def told_of(lines: AsyncIterator[str], appointment_id: str) -> dict[str, Any]:
    """Read until an appointment is told of."""
    while True:
        said = await event(lines)
        for one in said["data"].get("appointments", []):
            if one["id"] == appointment_id:
                assert set(one) == {"id", "version"}
                return said | {"version": one["version"]}


async def test_a_stranger_gets_no_stream(served: str) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{served}/calendar/events")).status_code == 401


async def test_a_change_is_told_by_id_and_version_to_its_own_organisation_and_place(
    served: str, owner: Desk, stranger: Desk, clinic: Clinic, running: FastAPI
) -> None:
    async with (
        stream(served, owner, location_id=clinic.location) as here,
        stream(served, owner, location_id=str(uuid7())) as elsewhere,
        stream(served, stranger) as foreign,
    ):
        booked = await clinic.booked()
        first = await told_of(here, booked["id"])
        assert (first["event"], first["version"]) == ("changed", 1)
        for other in (elsewhere, foreign):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(other_event(other)), 0.3)
    live: Live = running.state.live
    await eventually(lambda: asyncio.sleep(0, live.listening), lambda open_streams: not open_streams)


async def other_event(lines: AsyncIterator[str]) -> AsyncIterator[str]:
    """Give the lines that belong to an event."""
    async for line in lines:
        if line.startswith("data"):
            yield line


async def test_who_comes_back_hears_what_was_missed(served: str, owner: Desk, clinic: Clinic) -> None:
    async with stream(served, owner) as lines:
        first = await told_of(lines, (await clinic.booked())["id"])
    missed = await clinic.booked()
    async with stream(served, owner, after=first["id"]) as lines:
        assert (await told_of(lines, missed["id"]))["version"] == 1


async def test_a_quiet_stream_gives_a_sign_of_life(served: str, owner: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.02)
    async with stream(served, owner) as lines, asyncio.timeout(5):
        while await anext(lines) != ": still here":
            pass


async def test_one_person_has_only_so_many_streams(
    served: str, owner: Desk, running: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.state.live, "_each", 1)
    async with stream(served, owner), httpx.AsyncClient() as http:
        answer = await http.get(
            f"{served}/calendar/events", headers={"cookie": f"{COOKIE}={owner.http.cookies[COOKIE]}"}
        )
    assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")


async def test_open_streams_end_when_the_process_is_told_to_stop(running: FastAPI, owner: Desk) -> None:
    async with serving(running) as (server, url), stream(url, owner) as lines:
        server.handle_exit(signal.SIGTERM, None)
        async with asyncio.timeout(3):
            assert [line async for line in lines] in ([], [""])
