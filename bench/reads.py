"""Lists and pages beside raw asyncpg: what the product adds to the query that it needs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import asyncpg
import httpx

from bench import instance
from bench.table import Row, show
from careconnect import clock
from careconnect.config import DATABASES, Settings

REPEATS = 60
PAUSE = 0.02
"""Seconds between two requests: one client may send a hundred a second."""
PAGES = (
    "/",
    "/calendar",
    "/calendar/data",
    "/appointments",
    "/patients",
    "/consultants",
    "/billing",
    "/billing/ledger",
    "/reports?period=month",
    "/messages",
    "/attention",
)
_LIST = "SELECT * FROM appointments WHERE tenant_id = $1 AND start_at >= $2 ORDER BY start_at, id LIMIT 51"


async def measure() -> None:
    """Measure each list and page, and the floor of a list: its query alone."""
    async with instance.api() as http, instance.signed_in() as pages:
        rows = [await _floor()]
        start = clock.now().isoformat()
        for what, path, params in (
            ("appointments", "/api/v1/appointments", {"from": start}),
            ("appointments summary", "/api/v1/appointments/summary", {"from": start}),
            ("patients", "/api/v1/patients", {}),
            ("patients search", "/api/v1/patients", {"q": "perera nim"}),
            ("consultants", "/api/v1/consultants", {}),
            ("payments", "/api/v1/payments", {}),
            ("invoices", "/api/v1/payments/invoices", {}),
            ("payments summary", "/api/v1/payments/summary", {"from": start}),
            ("slots, a week of all who offer it", "/api/v1/slots", await _week(http)),
            ("dashboard", "/api/v1/reports/dashboard", {"period": "today"}),
        ):
            rows.append(await _repeat(f"GET {what}", partial(_get, http, path, params), "raw asyncpg"))
        rows += [await _repeat(f"page {path}", partial(_get, pages, path, {}), "raw asyncpg") for path in PAGES]
    show("Reads", rows)


async def _floor() -> Row:
    url = Settings().database.url("auditor").replace("+asyncpg", "")
    connection = await asyncpg.connect(f"{url}/{DATABASES['appointments']}")
    tenant = await connection.fetchval("SELECT tenant_id FROM appointments LIMIT 1")
    moment = clock.now() - timedelta(days=1)

    async def once() -> None:
        await connection.fetch(_LIST, tenant, moment)

    row = await _repeat("raw asyncpg", once)
    await connection.close()
    return row


async def _week(http: httpx.AsyncClient) -> dict[str, str]:
    """Ask for the next week's free times of a visit that every consultant offers, as many as one answer holds."""
    kinds = (await http.get("/api/v1/visit-types", params={"limit": "200"})).raise_for_status().json()["items"]
    anybody = next(one for one in kinds if one["active"] and not one["consultant_ids"] and not one["specialty"])
    first = clock.now() + timedelta(days=1)
    span = {"from": first.isoformat(), "to": (first + timedelta(days=7)).isoformat()}
    return span | {"visit_type_id": anybody["id"], "limit": "200"}


async def _get(http: httpx.AsyncClient, path: str, params: dict[str, str]) -> None:
    (await http.get(path, params=params)).raise_for_status()


async def _repeat(what: str, step: Callable[[], Awaitable[None]], floor: str | None = None) -> Row:
    await step()
    seconds: list[float] = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        await step()
        seconds.append(time.perf_counter() - begun)
        await asyncio.sleep(PAUSE)
    return Row(what, seconds, floor)
