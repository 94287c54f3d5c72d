"""Money: payments per second beside the floor, and how long a money check takes and what it needs."""

import asyncio
import time
from itertools import count
from typing import Any

import httpx

from bench import floor, instance
from bench.bookings import floor_worker
from bench.table import Row, show, show_plain
from careconnect import temporal
from careconnect.config import Settings

ALONE, TOGETHER, AT_ONCE = 30, 10, 120
PAUSE = 0.03
"""Seconds between two requests that nobody measures: one client may send a hundred a second."""
PRICE = {"amount": 250_000, "currency": "LKR"}
_NUMBERS = count(time.time_ns())


async def measure() -> None:
    """Measure both."""
    async with instance.api() as http:
        await _payments(http)
        await _check(http)


async def _payments(http: httpx.AsyncClient) -> None:
    """Take money at the desk: an invoice is issued before, and the payment alone is measured."""
    client = await temporal.connect(Settings())
    async with floor_worker():
        invoices = [await _invoice(http) for _ in range(ALONE + AT_ONCE + 5)]
        for _ in range(5):
            await floor.once(client)
            await _pay(http, invoices.pop())
        alone: dict[str, list[float]] = {"floor": [], "payment": []}
        for _ in range(ALONE):
            begun = time.perf_counter()
            await floor.once(client)
            between = time.perf_counter()
            await _pay(http, invoices.pop())
            alone["floor"].append(between - begun)
            alone["payment"].append(time.perf_counter() - between)
        rates = {"floor": await _rate(lambda: floor.once(client))}
        rates["payment"] = await _rate(lambda: _pay(http, invoices.pop()))
    show("Payments, one client", [Row("floor", alone["floor"]), Row("payment", alone["payment"], "floor")])
    show_plain(
        f"Rate, {TOGETHER} clients",
        ("what", "per second", "x floor"),
        [(what, f"{rate:.1f}", f"{rate / rates['floor']:.2f}") for what, rate in rates.items()],
    )


async def _invoice(http: httpx.AsyncClient) -> str:
    patient = (await _asked(http.get("/api/v1/patients", params={"limit": 1})))["items"][0]["id"]
    body = {"patient_id": patient, "lines": [{"description": "X-ray", "unit": PRICE}]}
    await asyncio.sleep(PAUSE)
    found: str = (await _asked(http.post("/api/v1/payments/invoices", json=body)))["id"]
    return found


async def _pay(http: httpx.AsyncClient, invoice: str) -> None:
    body = {"invoice_id": invoice, "method": "card", "token": "pm_card_visa", "amount": PRICE}
    await _asked(http.post("/api/v1/payments", json=body, headers={"Idempotency-Key": str(next(_NUMBERS))}))


async def _rate(step: Any) -> float:
    left = AT_ONCE

    async def one_client() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await step()

    begun = time.perf_counter()
    await asyncio.gather(*(one_client() for _ in range(TOGETHER)))
    return AT_ONCE / (time.perf_counter() - begun)


async def _check(http: httpx.AsyncClient) -> None:
    """Have everything compared, and watch the worker's memory meanwhile."""
    before = await asyncio.to_thread(instance.memory)
    most, begun = _workers(before), time.perf_counter()
    process = (await _asked(http.post("/api/v1/payments/money-check")))["workflow_id"]
    while (await _asked(http.get(f"/api/v1/workflows/{process}")))["state"] == "running":
        most = max(most, _workers(await asyncio.to_thread(instance.memory)))
        await asyncio.sleep(0.5)
    seconds = time.perf_counter() - begun
    last = (await _asked(http.get("/api/v1/payments/money-check")))["last"]
    rows = [(name, said["checked"], said["found"]) for name, said in last["compared"].items()]
    show_plain("Money check: what was compared", ("what", "records", "orphans"), rows)
    print(
        f"It took {seconds:.1f} s; the workers held {most:.0f} MB at most, {most - _workers(before):.0f} MB more "
        f"than before. Missing: {', '.join(last['missing']) or 'nothing'}."
    )


def _workers(memory: dict[str, float]) -> float:
    return sum(held for name, held in memory.items() if name.startswith("worker"))


async def _asked(call: Any) -> Any:
    answer = await call
    answer.raise_for_status()
    return answer.json()
