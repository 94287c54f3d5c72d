"""Holds over HTTP: a time is kept for whoever holds it, passes to their booking without a gap, and is freed in time."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.conftest import Act
from tests.services.appointments.test_booking_laws import DESK, NINE, asked, hold


@pytest.fixture
def http(service: Callable[[str], httpx.AsyncClient]) -> httpx.AsyncClient:
    return service("appointments")


@pytest.fixture
def headers(act: Act) -> dict[str, str]:
    return act(*DESK)


def time(**also: Any) -> dict[str, Any]:
    """Describe a time without a patient, as a hold needs it."""
    return {name: value for name, value in asked(**also).items() if name != "patient_id"}


async def placed(http: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.put(f"/holds/{uuid7()}", json=body, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (201, "held"), answer.text
    made: dict[str, Any] = answer.json()
    return made


async def end(http: httpx.AsyncClient, headers: dict[str, str], hold_id: str, how: str = "released") -> None:
    assert (await http.put(f"/holds/{hold_id}/end", json={"how": how}, headers=headers)).status_code == 204


async def status(http: httpx.AsyncClient, headers: dict[str, str], hold_id: str) -> str:
    said: str = (await http.get(f"/holds/{hold_id}", headers=headers)).json()["status"]
    return said


def booking(body: dict[str, Any], held: dict[str, Any], **also: Any) -> dict[str, Any]:
    return body | {"patient_id": str(uuid7()), "hold_id": held["id"]} | also


async def test_anonymous_may_not_hold_and_a_reader_neither_and_another_tenants_hold_does_not_exist(
    http: httpx.AsyncClient, act: Act, headers: dict[str, str]
) -> None:
    body, key = time(), uuid7()
    assert (await http.put(f"/holds/{key}", json=body)).json()["code"] == "not_authenticated"
    assert (await http.put(f"/holds/{key}", json=body, headers=act("appointments:read"))).status_code == 403
    held, stranger = await placed(http, headers, body), act(*DESK, tenant=uuid7())
    assert (await http.get(f"/holds/{held['id']}", headers=stranger)).json()["code"] == "hold_not_found"
    await end(http, stranger, held["id"])
    taken = await hold(http, stranger, booking(body, held))
    assert (taken.status_code, taken.json()["code"]) == (404, "hold_not_found")
    assert await status(http, headers, held["id"]) == "held"


async def test_of_many_who_hold_one_time_one_has_it_and_its_patient_is_busy_elsewhere(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    patient, body = str(uuid7()), time()
    several = (http.put(f"/holds/{uuid7()}", json=body | {"patient_id": patient}, headers=headers) for _ in range(8))
    answers = await asyncio.gather(*several)
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 7}
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"slot_taken"}
    elsewhere = await http.put(f"/holds/{uuid7()}", json=time() | {"patient_id": patient}, headers=headers)
    assert elsewhere.json()["code"] == "patient_busy"
    for _ in range(2):  # those for whom nobody is named are not in each other's way
        await placed(http, headers, time())
    assert (await http.get("/appointments", headers=headers)).json()["items"][0]["patient_id"] == patient
    assert len((await http.get("/appointments", headers=headers)).json()["items"]) == 1


async def test_a_held_time_passes_to_its_booking_and_to_nobody_else_however_many_ask_meanwhile(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    rooms = [str(uuid7()) for _ in range(2)]
    body = time(rooms=rooms)
    other = await hold(http, headers, asked(rooms=rooms, location_id=body["location_id"]))
    held, key = await placed(http, headers, body), uuid7()
    assert [other.json()["room_id"], held["room_id"]] == rooms
    await http.put(f"/appointments/{other.json()['id']}/release", json={"code": "gone"}, headers=headers)
    strangers = [body | {"patient_id": str(uuid7())} for _ in range(4)]
    answers = await asyncio.gather(
        *(hold(http, headers, one) for one in strangers[:2]),
        hold(http, headers, booking(body, held), key),
        *(hold(http, headers, one) for one in strangers[2:]),
    )
    assert [one.status_code for one in answers] == [409, 409, 201, 409, 409]
    assert answers[2].json()["room_id"] == held["room_id"], "the room passes over with the time"
    assert (await hold(http, headers, booking(body, held), key)).status_code == 200, "a repeat is harmless"
    again = await hold(http, headers, booking(body, held))
    assert (again.status_code, again.json()["code"], again.json()["appointment_id"]) == (409, "hold_used", str(key))
    await end(http, headers, held["id"], "expired")
    kept = (await http.get(f"/appointments/{key}/standing", headers=headers)).json()
    assert (kept["status"], await status(http, headers, held["id"])) == ("held", "used")


@pytest.mark.parametrize("name", ["visit_type_id", "consultant_id", "location_id", "start"])
async def test_a_booking_that_names_a_hold_agrees_with_it(
    http: httpx.AsyncClient, headers: dict[str, str], name: str
) -> None:
    body = time()
    held = await placed(http, headers, body)
    earlier = (NINE - timedelta(minutes=5)).isoformat()
    other = {"start": earlier, "occupied_from": earlier} if name == "start" else {name: str(uuid7())}
    refused = await hold(http, headers, booking(body, held, **other))
    assert (refused.status_code, refused.json()["code"]) == (409, "hold_differs")
    assert await status(http, headers, held["id"]) == "held"


async def test_a_booking_that_comes_to_nothing_gives_the_time_back_to_its_hold_while_that_lasts(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = time()
    held = await placed(http, headers, body)
    for attempt in range(2):
        key = uuid7()
        assert (await hold(http, headers, booking(body, held), key)).status_code == 201
        if attempt:
            await end(http, headers, held["id"])  # the form was closed meanwhile
        for _ in range(2):
            await http.put(f"/appointments/{key}/release", json={"code": "card_declined"}, headers=headers)
        stranger = await hold(http, headers, body | {"patient_id": str(uuid7())})
        assert stranger.status_code == (201 if attempt else 409)
        now = (await http.get(f"/holds/{held['id']}", headers=headers)).json()
        assert now["status"] == ("used" if attempt else "held")
        assert attempt or now["expires_at"] == held["expires_at"], "it lasts no longer than before"


async def test_a_hold_is_extended_once_and_its_end_frees_the_time_at_once(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = time()
    held = await placed(http, headers, body)
    at, first = f"/holds/{held['id']}", str(uuid7())
    for _ in range(2):
        longer = (await http.put(f"{at}/extension", json={"id": first}, headers=headers)).json()
        assert longer["expires_at"] > held["expires_at"]
        assert longer["extended"]
    second = await http.put(f"{at}/extension", json={"id": str(uuid7())}, headers=headers)
    assert (second.status_code, second.json()["code"]) == (409, "hold_extended")
    for _ in range(2):
        await end(http, headers, held["id"])
    assert await status(http, headers, held["id"]) == "released"
    assert (await http.get(f"/appointments/{held['id']}/standing", headers=headers)).status_code == 404
    other = await placed(http, headers, body)
    late = await http.put(f"{at}/extension", json={"id": str(uuid7())}, headers=headers)
    assert (late.status_code, late.json()["code"]) == (410, "hold_over")
    plain = await hold(http, headers, booking(body, held))
    assert plain.json()["code"] == "slot_taken", "a hold that is over gives no right to the time"
    await end(http, headers, other["id"])
    assert (await hold(http, headers, booking(body, held))).status_code == 201, "and is no obstacle if it is free"


async def test_a_hold_that_ran_out_blocks_nobody_although_nothing_gave_it_back(
    http: httpx.AsyncClient, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = time()
    held = await placed(http, headers, body | {"hold_seconds": 60})
    search = window(body)
    assert (await http.post("/slots", json=search, headers=headers)).json() == []
    mine = await http.post("/slots", json=search | {"without": held["id"]}, headers=headers)
    assert len(mine.json()) == 1, "one's own hold is not in one's way"
    later = clock.now() + timedelta(seconds=61)
    monkeypatch.setattr("careconnect.clock.now", lambda: later)
    assert await status(http, headers, held["id"]) == "expired"
    late = await http.put(f"/holds/{held['id']}/extension", json={"id": str(uuid7())}, headers=headers)
    assert late.json()["code"] == "hold_over"
    assert len((await http.post("/slots", json=search, headers=headers)).json()) == 1
    key: UUID = uuid7()
    assert (await hold(http, headers, body | {"patient_id": str(uuid7())}, key)).status_code == 201
    await end(http, headers, held["id"], "expired")
    assert (await http.get(f"/appointments/{key}/standing", headers=headers)).json()["status"] == "held"


def window(body: dict[str, Any]) -> dict[str, Any]:
    """Ask for free times where there is room for one visit."""
    names = ("consultant_id", "location_id", "zone", "start", "end")
    return {
        "windows": [{name: body[name] for name in names}], "duration_minutes": 30, "step_minutes": 30,
        "not_before": body["start"],
    }  # fmt: skip
