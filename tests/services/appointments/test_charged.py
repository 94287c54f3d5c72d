"""What visits cost, for the comparison with their invoices."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.conftest import Act
from tests.services.appointments.test_booking_laws import DESK, asked, hold

READER = "appointments:read"


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


def charged(amount: int) -> dict[str, Any]:
    price = {"amount": amount, "currency": "LKR"}
    return {"price": price, "listed": price, "tax": {"name": "VAT", "rate": 1800, "inclusive": True}}


async def _booked(http: httpx.AsyncClient, headers: dict[str, str], amount: int | None) -> UUID:
    key = uuid7()
    body = asked() | ({} if amount is None else {"charged": charged(amount)})
    assert (await hold(http, headers, body, key)).status_code == 201
    assert (await http.post(f"/appointments/{key}/confirmation", headers=headers)).status_code == 200
    return key


@pytest.mark.parametrize("path", ["/charged", f"/appointments/{UUID(int=1)}/charged"])
async def test_anonymous_may_not_and_neither_may_who_reads_no_appointments(
    http: httpx.AsyncClient, act: Act, path: str
) -> None:
    assert (await http.get(path)).status_code == 401
    assert (await http.get(path, headers=act("payments:read"))).json()["needed"] == READER


async def test_visits_that_take_place_and_cost_something_are_listed_in_pages(http: httpx.AsyncClient, act: Act) -> None:
    headers = act(*DESK)
    visits = sorted([await _booked(http, headers, 1_000) for _ in range(3)])
    await _booked(http, headers, 0)
    await _booked(http, headers, None)
    await hold(http, headers, asked() | {"charged": charged(5)})
    gone = await _booked(http, headers, 7)
    ended = {"reason": "pat"}
    assert (await http.put(f"/appointments/{gone}/cancellation", json=ended, headers=headers)).status_code == 200
    found, after = [], None
    while True:
        wanted = {"limit": "2", "grace_seconds": "0"} | ({"after": str(after)} if after else {})
        page = (await http.get("/charged", params=wanted, headers=headers)).json()
        found += [(UUID(one["id"]), one["price"]["amount"]) for one in page["items"]]
        after = page["last"]
        if after is None:
            break
    assert found == [(key, 1_000) for key in visits]
    nothing: dict[str, Any] = {"items": [], "last": None}
    assert (await http.get("/charged", headers=headers)).json() == nothing  # within the grace
    others = act(*DESK, tenant=uuid7())
    assert (await http.get("/charged", headers=others, params={"grace_seconds": 0})).json() == nothing
    assert (await http.get(f"/appointments/{visits[0]}/charged", headers=others)).status_code == 404


async def test_what_was_told_of_a_visits_price_is_kept(http: httpx.AsyncClient, act: Act) -> None:
    headers = act(*DESK)
    key, silent = await _booked(http, headers, 1_000), await _booked(http, headers, None)
    kept = (await http.get(f"/appointments/{key}/charged", headers=headers)).json()
    assert kept == charged(1_000) | {"coverage_id": None}
    assert (await http.get(f"/appointments/{silent}/charged", headers=headers)).status_code == 404
