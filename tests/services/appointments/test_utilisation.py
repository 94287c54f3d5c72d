"""How much of consultants' time is booked, over HTTP with a real Postgres."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from tests.conftest import Act
from tests.services.appointments.test_booking_laws import CHIEF, NINE, at, booked, hold
from tests.services.appointments.test_booking_laws import asked as wanted

HOUR = timedelta(hours=1)
DAY = {"from_": NINE.isoformat(), "to": (NINE + timedelta(days=1)).isoformat()}


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


async def minutes(http: httpx.AsyncClient, headers: dict[str, str], **where: Any) -> dict[str, int]:
    answer = await http.get("/booked-time", params=DAY | where, headers=headers)
    assert answer.status_code == 200, answer.text
    return {one["consultant_id"]: one["minutes"] for one in answer.json()}


async def test_anonymous_and_the_desk_may_not_ask_for_it(http: httpx.AsyncClient, act: Act) -> None:
    assert (await http.get("/booked-time", params=DAY)).status_code == 401
    answer = await http.get("/booked-time", params=DAY, headers=act(*CHIEF))
    assert (answer.status_code, answer.json()["needed"]) == (403, "reports:read")


async def test_minutes_in_which_several_patients_are_booked_count_once(http: httpx.AsyncClient, act: Act) -> None:
    headers, whose = act(*CHIEF, "reports:read"), str(uuid7())
    await booked(http, headers, consultant_id=whose)
    await booked(http, headers, consultant_id=whose, start=NINE + timedelta(minutes=20), overbooked=True)
    await booked(http, headers, consultant_id=whose, start=NINE + 2 * HOUR, minutes=45)
    assert await minutes(http, headers) == {whose: 50 + 45}


async def test_what_is_cancelled_or_only_held_or_begins_outside_is_not_booked_and_a_missed_visit_was(
    http: httpx.AsyncClient, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, whose = act(*CHIEF, "reports:read"), str(uuid7())
    missed = await booked(http, headers, consultant_id=whose)
    cancelled = await booked(http, headers, consultant_id=whose, start=NINE + HOUR)
    await http.put(f"/appointments/{cancelled}/cancellation", json={"reason": "pat"}, headers=headers)
    assert (await hold(http, headers, wanted(NINE + 2 * HOUR, consultant_id=whose))).status_code == 201
    await booked(http, headers, consultant_id=whose, start=NINE + timedelta(days=1))
    await booked(http, headers, consultant_id=whose, start=NINE - HOUR)
    at(monkeypatch, NINE + HOUR)
    answer = await http.put(f"/appointments/{missed}/no-show", headers=headers)
    assert answer.json()["status"] == "no_show", answer.text
    assert await minutes(http, headers) == {whose: 30}


async def test_only_the_place_and_the_organisation_asked_about_count(http: httpx.AsyncClient, act: Act) -> None:
    headers, place = act(*CHIEF, "reports:read"), str(uuid7())
    here, there = str(uuid7()), str(uuid7())
    await booked(http, headers, consultant_id=here, location_id=place)
    await booked(http, headers, consultant_id=there)
    assert await minutes(http, headers) == {here: 30, there: 30}
    assert await minutes(http, headers, location_id=place) == {here: 30}
    assert await minutes(http, act("reports:read", tenant=uuid7())) == {}
