"""How snapshots are written, over HTTP with a real Postgres."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.auth import Actor
from careconnect.db import new_metadata
from careconnect.ids import uuid7
from services.reports.client import ReportsClient
from services.reports.schemas import SnapshotWrite
from tests.conftest import Act
from tests.services.reports.views import ANSWERS, MIDNIGHT, NINE, SCOPES, read, view, write


async def test_a_repeat_and_an_overtaken_snapshot_change_nothing(http: httpx.AsyncClient, both: dict[str, str]) -> None:
    await write(http, both, NINE, view())
    before = await read(http, both)
    await write(http, both, NINE, view("payments"))
    await write(http, both, NINE - timedelta(minutes=1), view(*ANSWERS))
    assert await read(http, both) == before


async def test_the_view_of_a_location_that_is_gone_ceases_to_exist(
    http: httpx.AsyncClient, both: dict[str, str]
) -> None:
    location = str(uuid7())
    await write(http, both, NINE, view(), view(location_id=location))
    await write(http, both, NINE + timedelta(minutes=1), view())
    assert (await read(http, both, location_id=location))["as_of"] is None
    assert (await read(http, both))["as_of"] is not None


@pytest.mark.parametrize(
    "views",
    [[], [view(), view()], [view(days=0)], [view(period="year")], [view(answers={"weather": {}})]],
    ids=["none", "twice", "empty period", "unknown period", "unknown source"],
)
async def test_a_snapshot_that_makes_no_sense_is_refused(
    http: httpx.AsyncClient, both: dict[str, str], views: list[Any]
) -> None:
    answer = await http.put("/snapshots", json={"as_of": NINE.isoformat(), "views": views}, headers=both)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert (await read(http, both))["as_of"] is None


async def test_no_tenant_sees_the_dashboard_of_another(http: httpx.AsyncClient, act: Act, both: dict[str, str]) -> None:
    await write(http, both, NINE, view())
    assert (await read(http, act(*SCOPES, tenant=uuid7())))["as_of"] is None


async def test_writers_that_meet_leave_the_newest_figures(http: httpx.AsyncClient, both: dict[str, str]) -> None:
    moments = [NINE + timedelta(seconds=second) for second in range(8)]
    await asyncio.gather(*(write(http, both, moment, view()) for moment in moments))
    assert datetime.fromisoformat((await read(http, both))["as_of"]) == moments[-1]


async def test_the_client_writes_and_reads_the_same(
    connect: Callable[[type[ReportsClient]], ReportsClient], actor: Callable[..., Actor]
) -> None:
    client, asker, location = connect(ReportsClient), actor(*SCOPES), uuid7()
    snapshot = SnapshotWrite.model_validate({"as_of": NINE, "views": [view(), view(location_id=str(location))]})
    await client.write(asker, snapshot)
    found = await client.dashboard(asker, "today", location)
    assert (found.as_of, found.from_, found.location_id) == (NINE, MIDNIGHT, location)
    assert (await client.dashboard(asker, "month")).as_of is None


async def test_a_service_that_falls_silent_or_comes_back_is_an_event_and_nothing_else_is(
    http: httpx.AsyncClient, both: dict[str, str], apps: Callable[[str], Any], tenant_id: UUID
) -> None:
    for minute, silent in enumerate([(), (), ("payments",), ("payments",), ()]):
        await write(http, both, NINE + timedelta(minutes=minute), view(*silent))
    assert await told(apps, tenant_id) == [[], ["payments"], []]


async def told(apps: Callable[[str], Any], tenant_id: UUID) -> list[list[str]]:
    outbox = new_metadata().tables["outbox_events"]
    async with apps("reports").state.database.read(Actor.system(tenant_id=tenant_id)) as session:
        rows = await session.scalars(outbox.select().with_only_columns(outbox.c.data).order_by(outbox.c.id))
        return [row["silent"] for row in rows]
