"""Bookings beside the floor: latency at one client, rate at twenty, and processor time by part."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import psutil

from bench import floor, instance
from bench.table import Row, show, show_plain
from careconnect import clock, temporal
from careconnect.config import Settings

ALONE = 40
TOGETHER = 20
AT_ONCE = 200
ROUNDS = 2
_LOOK = 0.5
"""Seconds between two looks at whether the instance is at rest."""
_IDLE = 0.3
"""The part of a processor that an instance at rest takes at most."""


async def measure() -> None:
    """Measure bookings and floor in turn, in one run."""
    client = await temporal.connect(Settings())
    async with instance.api() as http, floor_worker() as floor_pid:
        wanted = await _wishes(http, ROUNDS * (ALONE + AT_ONCE) * 2)
        for _ in range(10):
            await _book(http, wanted)
            await floor.once(client)
        alone: dict[str, list[float]] = {"floor": [], "booking with card": []}
        rates: dict[str, list[float]] = {"floor": [], "booking with card": []}
        costs: list[dict[str, float]] = []
        later: list[float] = []
        for _ in range(ROUNDS):
            for _ in range(ALONE):
                alone["floor"].append(await _timed(lambda: floor.once(client)))
                alone["booking with card"].append(await _timed(lambda: _book(http, wanted)))
            rates["floor"].append(await _rate(lambda: floor.once(client)))
            before = instance.cpu()
            rates["booking with card"].append(await _rate(lambda: _book(http, wanted)))
            later.append(await _quiet())
            after = instance.cpu()
            costs.append({part: (after[part] - before[part]) / AT_ONCE * 1000 for part in after})
        floor_cpu = _cpu(floor_pid)
    show(
        "Bookings, one client",
        [Row("floor", alone["floor"]), Row("booking with card", alone["booking with card"], "floor")],
    )
    best = {what: max(found) for what, found in rates.items()}
    show_plain(
        f"Rate, {TOGETHER} clients",
        ("what", "per second", "x floor"),
        [(what, f"{rate:.1f}", f"{rate / best['floor']:.2f}") for what, rate in best.items()],
    )
    show_plain(
        "Processor time per booking, its confirmation with it",
        ("part", "ms"),
        [(part, f"{min(cost[part] for cost in costs):.1f}") for part in costs[0]],
    )
    print(f"What nobody waits for, the confirmations, was done {min(later):.1f} s after the last answer.")
    print(
        f"The floor's worker used {floor_cpu:.1f} s in all; every booking went through REST, with invoice and capture."
    )


async def _quiet() -> float:
    """Wait until the instance has done what is left after the answers; gives seconds."""
    started, known = time.perf_counter(), sum(instance.cpu().values())
    while True:
        await asyncio.sleep(_LOOK)
        present = sum(instance.cpu().values())
        if present - known < _IDLE * _LOOK:
            return time.perf_counter() - started
        known = present


async def _wishes(http: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """Find as many free times as are wanted, each for a patient who has nothing else near it."""
    patients = (await _get(http, "/api/v1/patients", limit=200))["items"]
    types = (await _get(http, "/api/v1/visit-types", limit=200))["items"]
    paid = [one for one in types if one["payment_policy"]["kind"] == "full" and one["active"]]
    moment = clock.now() + timedelta(days=20)
    chosen: list[dict[str, Any]] = []
    while len(chosen) < count:
        offered: list[dict[str, Any]] = []
        for visit_type in paid:
            span = {"from": moment.isoformat(), "to": (moment + timedelta(days=1)).isoformat()}
            offered += (await _get(http, "/api/v1/slots", visit_type_id=visit_type["id"], limit=200, **span))["items"]
        chosen += _apart(offered)[: len(patients)]  # nobody twice on one day
        moment += timedelta(days=1)
    return [
        {
            "patient_id": patients[index % len(patients)]["id"],
            "consultant_id": slot["consultant_id"],
            "location_id": slot["location_id"],
            "visit_type_id": slot["visit_type_id"],
            "start": slot["start"],
            "payment": {"method": "card", "token": "pm_card_visa"},
        }
        for index, slot in enumerate(chosen[:count])
    ]


def _apart(slots: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what begins within two hours of one taken before, so that no visits overlap with their buffers."""
    taken: dict[str, list[datetime]] = {}
    kept = []
    for slot in slots:
        start, others = datetime.fromisoformat(slot["start"]), taken.setdefault(slot["consultant_id"], [])
        if all(abs(start - other) >= timedelta(hours=2) for other in others):
            others.append(start)
            kept.append(slot)
    return kept


async def _get(http: httpx.AsyncClient, path: str, **params: Any) -> dict[str, Any]:
    answer = await http.get(path, params=params)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


async def _book(http: httpx.AsyncClient, wishes: list[dict[str, Any]]) -> None:
    """Book the next wish that is still free; what is refused meanwhile counts as time lost."""
    answer = await http.post("/api/v1/appointments", json=wishes.pop())
    while answer.status_code == httpx.codes.CONFLICT:
        answer = await http.post("/api/v1/appointments", json=wishes.pop())
    answer.raise_for_status()


async def _timed(step: Callable[[], Awaitable[None]]) -> float:
    begun = time.perf_counter()
    await step()
    return time.perf_counter() - begun


async def _rate(step: Callable[[], Awaitable[None]]) -> float:
    """Tell how many a second go through with all clients at work."""
    left = AT_ONCE

    async def one_client() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await step()

    begun = time.perf_counter()
    await asyncio.gather(*(one_client() for _ in range(TOGETHER)))
    return AT_ONCE / (time.perf_counter() - begun)


@asynccontextmanager
async def floor_worker() -> AsyncIterator[int]:
    """Run the worker of the bare workflow beside what is measured."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.floor", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    await process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
