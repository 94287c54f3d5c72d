"""The waiting list over HTTP: an offer holds its time, one at a time, and gives it back unless it was accepted."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.conftest import Act

NINE = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)
DESK = ("appointments:read", "appointments:write")


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


def wanted(**also: Any) -> dict[str, Any]:
    return {"patient_id": str(uuid7()), "visit_type_id": str(uuid7()), "until": "2031-06-01T00:00:00Z"} | also


def offer(patient_id: str, consultant_id: str | None = None, start: datetime = NINE) -> dict[str, Any]:
    ids = {name: str(uuid7()) for name in ("visit_type_id", "location_id")}
    end = start + timedelta(minutes=30)
    times = {"start": start, "end": end, "occupied_from": start, "occupied_to": end}
    who = {"patient_id": patient_id, "consultant_id": consultant_id or str(uuid7()), "zone": "Asia/Colombo"}
    hold = ids | who | {name: at.isoformat() for name, at in times.items()} | {"hold_seconds": 960}
    return {"hold": hold, "expires_at": (clock.now() + timedelta(minutes=15)).isoformat()}


async def joined(http: httpx.AsyncClient, headers: dict[str, str], **also: Any) -> dict[str, Any]:
    answer = await http.put(f"/waitlist/{uuid7()}", json=wanted(**also), headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def offered(
    http: httpx.AsyncClient, headers: dict[str, str], entry: dict[str, Any], key: UUID, consultant: str | None = None
) -> httpx.Response:
    body = offer(entry["patient_id"], consultant)
    return await http.put(f"/waitlist/{entry['id']}/offers/{key}", json=body, headers=headers)


async def standing(http: httpx.AsyncClient, headers: dict[str, str], entry: dict[str, Any], key: UUID) -> list[str]:
    now = (await http.get(f"/waitlist/{entry['id']}", headers=headers)).json()
    held = (await http.get(f"/appointments/{key}/standing", headers=headers)).json()
    return [now["status"], now["offers"][0]["status"], held["status"]]


async def test_anonymous_may_not_join_and_a_reader_neither(http: httpx.AsyncClient, act: Act) -> None:
    assert (await http.put(f"/waitlist/{uuid7()}", json=wanted())).json()["code"] == "not_authenticated"
    refused = await http.put(f"/waitlist/{uuid7()}", json=wanted(), headers=act("appointments:read"))
    assert refused.json()["code"] == "forbidden"


async def test_who_came_first_is_first_in_line_within_ones_own_tenant(http: httpx.AsyncClient, act: Act) -> None:
    headers = act(*DESK)
    line = [(await joined(http, headers))["id"] for _ in range(3)]
    await http.put(f"/waitlist/{line[1]}/status", json={"status": "left"}, headers=headers)
    found = (await http.get("/waitlist", headers=headers)).json()["items"]
    waiting = (await http.get("/waitlist", params={"status": "waiting"}, headers=headers)).json()["items"]
    assert [one["id"] for one in found] == line
    assert [one["id"] for one in waiting] == [line[0], line[2]]
    assert (await http.get("/waitlist", headers=act(*DESK, tenant=uuid7()))).json()["items"] == []


async def test_an_offer_holds_its_time_and_is_made_once(http: httpx.AsyncClient, act: Act) -> None:
    headers, key = act(*DESK), uuid7()
    entry = await joined(http, headers)
    first, again = [await offered(http, headers, entry, key) for _ in range(2)]
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    second = await offered(http, headers, entry, uuid7())
    assert (second.status_code, second.json()["code"]) == (409, "wrong_state")
    assert await standing(http, headers, entry, key) == ["offered", "offered", "held"]


async def test_of_many_offers_of_one_time_one_is_made(http: httpx.AsyncClient, act: Act) -> None:
    headers, consultant = act(*DESK), str(uuid7())
    entries = [await joined(http, headers) for _ in range(8)]
    answers = await asyncio.gather(*(offered(http, headers, one, uuid7(), consultant) for one in entries))
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 7}
    states = Counter(one["status"] for one in (await http.get("/waitlist", headers=headers)).json()["items"])
    assert states == {"offered": 1, "waiting": 7}, "who got nothing waits on"


@pytest.mark.parametrize("how", ["declined", "lapsed", "withdrawn"])
async def test_an_offer_that_came_to_nothing_gives_its_time_back(http: httpx.AsyncClient, act: Act, how: str) -> None:
    headers, key = act(*DESK), uuid7()
    entry = await joined(http, headers)
    await offered(http, headers, entry, key)
    at = f"/waitlist/{entry['id']}/offers/{key}"
    for _ in range(2):
        assert (await http.put(f"{at}/status", json={"status": how}, headers=headers)).status_code == 204
    assert await standing(http, headers, entry, key) == ["waiting", how, "expired"]
    late = await http.put(f"{at}/status", json={"status": "accepted"}, headers=headers)
    assert (late.status_code, late.json()["code"]) == (409, "offer_over")


async def test_an_accepted_offer_is_a_booking_under_its_own_id_and_nothing_takes_it_back(
    http: httpx.AsyncClient, act: Act
) -> None:
    headers, key = act(*DESK), uuid7()
    entry = await joined(http, headers)
    await offered(http, headers, entry, key)
    at = f"/waitlist/{entry['id']}/offers/{key}"
    await http.put(f"{at}/telling", json={"told": False}, headers=headers)
    body = offer(entry["patient_id"])["hold"]
    same = await http.put(f"/appointments/{key}", json=body, headers=headers)
    assert (same.status_code, same.json()["status"]) == (200, "held"), "the booking finds the time held"
    await http.post(f"/appointments/{key}/confirmation", headers=headers)
    await http.put(f"{at}/status", json={"status": "accepted"}, headers=headers)
    assert await standing(http, headers, entry, key) == ["booked", "accepted", "booked"]
    assert (await http.get(f"/offers/{key}", headers=headers)).json()["told"] is False
    lapsed = await http.put(f"{at}/status", json={"status": "lapsed"}, headers=headers)
    assert (lapsed.status_code, await standing(http, headers, entry, key)) == (409, ["booked", "accepted", "booked"])
