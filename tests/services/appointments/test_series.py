"""Series over HTTP: laid down once, told apart by tenant, and as their appointments stand."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.conftest import Act

TUESDAY = datetime(2031, 3, 4, 9, 0, tzinfo=UTC)
DESK = ("appointments:read", "appointments:write")


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


def plan(**also: Any) -> dict[str, Any]:
    ids = {name: str(uuid7()) for name in ("patient_id", "consultant_id", "visit_type_id", "location_id")}
    said = {"zone": "Asia/Colombo", "start": TUESDAY.isoformat(), "rule": "FREQ=WEEKLY;BYDAY=TU;COUNT=3"}
    return ids | said | also


async def planned(http: httpx.AsyncClient, headers: dict[str, str], **also: Any) -> dict[str, Any]:
    answer = await http.put(f"/series/{uuid7()}", json=plan(**also), headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def held(http: httpx.AsyncClient, headers: dict[str, str], series: dict[str, Any]) -> UUID:
    key, start = uuid7(), TUESDAY.isoformat()
    end = TUESDAY.replace(minute=30).isoformat()
    times = {"start": start, "end": end, "occupied_from": start, "occupied_to": end}
    names = ("patient_id", "consultant_id", "visit_type_id", "location_id", "zone")
    body = {name: series[name] for name in names} | times
    assert (await http.put(f"/appointments/{key}", json=body, headers=headers)).status_code == 201
    return key


async def test_anonymous_may_not_lay_one_down_and_a_reader_neither(http: httpx.AsyncClient, act: Act) -> None:
    assert (await http.put(f"/series/{uuid7()}", json=plan())).json()["code"] == "not_authenticated"
    refused = await http.put(f"/series/{uuid7()}", json=plan(), headers=act("appointments:read"))
    assert refused.json()["code"] == "forbidden"


async def test_a_repeat_answers_with_what_stands_whatever_it_says(http: httpx.AsyncClient, act: Act) -> None:
    key, headers = uuid7(), act(*DESK)
    first = await http.put(f"/series/{key}", json=plan(), headers=headers)
    again = await http.put(f"/series/{key}", json=plan(rule="FREQ=DAILY;COUNT=9"), headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    assert [one["planned"] for one in first.json()["occurrences"]] == [
        f"2031-03-{day:02}T09:00:00Z" for day in (4, 11, 18)
    ]


async def test_a_rule_that_cannot_be_followed_is_refused(http: httpx.AsyncClient, act: Act) -> None:
    answer = await http.put(f"/series/{uuid7()}", json=plan(rule="FREQ=HOURLY;COUNT=3"), headers=act(*DESK))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rule")


async def test_a_series_tells_how_each_of_its_appointments_stands_now(http: httpx.AsyncClient, act: Act) -> None:
    headers = act(*DESK)
    series = await planned(http, headers)
    at, key = f"/series/{series['id']}", await held(http, headers, series)
    slot = {"consultant_id": series["consultant_id"], "location_id": series["location_id"], "zone": "Asia/Colombo"}
    slot |= {"start": "2031-03-11T10:00:00Z", "end": "2031-03-11T10:30:00Z"}
    outcomes = [
        {"status": "booked", "appointment_id": str(key)},
        {"status": "conflict", "code": "slot_taken", "alternatives": [slot]},
    ]
    for number, outcome in enumerate(outcomes, 1):
        for _ in range(2):  # a repeat is harmless
            answer = await http.put(f"{at}/occurrences/{number}", json=outcome, headers=headers)
            assert answer.status_code == 204, answer.text
    lost = await http.put(f"{at}/occurrences/1", json={"status": "skipped"}, headers=headers)
    unknown = await http.put(f"{at}/occurrences/4", json={"status": "skipped"}, headers=headers)
    assert (lost.status_code, unknown.json()["code"]) == (204, "occurrence_not_found")
    await http.put(f"{at}/status", json={"status": "active"}, headers=headers)
    now = (await http.get(at, headers=headers)).json()
    assert (now["status"], now["total"], now["booked"], now["conflicts"]) == ("active", 3, 1, 1)
    one, two, three = now["occurrences"]
    assert (one["status"], one["appointment_status"], one["start"]) == ("booked", "held", "2031-03-04T09:00:00Z")
    assert (two["code"], two["alternatives"], three["status"]) == ("slot_taken", [slot], "pending")
    place = (await http.get(f"/appointments/{key}/series", headers=headers)).json()
    assert place == [{"series_id": series["id"], "number": 1, "total": 3}]
    assert (await http.get(f"/appointments/{uuid7()}/series", headers=headers)).json() == []


async def test_lists_are_of_ones_own_tenant_and_the_newest_come_first(http: httpx.AsyncClient, act: Act) -> None:
    headers = act(*DESK)
    made = [await planned(http, headers) for _ in range(3)]
    found = (await http.get("/series", params={"limit": 2}, headers=headers)).json()
    rest = (await http.get("/series", params={"cursor": found["next_cursor"]}, headers=headers)).json()
    assert [one["id"] for one in found["items"] + rest["items"]] == [one["id"] for one in reversed(made)]
    assert found["items"][0]["total"] == 3
    of_one = {"patient_id": made[0]["patient_id"], "status": "booking"}
    assert len((await http.get("/series", params=of_one, headers=headers)).json()["items"]) == 1
    stranger = act(*DESK, tenant=uuid7())
    assert (await http.get("/series", headers=stranger)).json()["items"] == []
    assert (await http.get(f"/series/{made[0]['id']}", headers=stranger)).json()["code"] == "series_not_found"
