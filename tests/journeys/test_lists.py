"""A series with a conflict, and a freed time that goes down the waiting list, through everything real."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from careconnect.ids import uuid7
from tests.running import Instance, until

HALF = timedelta(minutes=30)


def made(http: httpx.Client, path: str, body: dict[str, Any]) -> str:
    answer = http.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def patient(http: httpx.Client) -> str:
    name = f"Lists-{uuid7().hex[-10:]}"
    person = {"first_name": "Asanka", "last_name": name, "date_of_birth": "1981-05-06", "gender": "other"}
    return made(http, "/patients", person | {"email": f"{name.lower()}@example.com"})


def doctor(http: httpx.Client, place: str, blocks: list[dict[str, Any]]) -> str:
    said = {"title": "Dr", "first_name": "Lists", "last_name": uuid7().hex[-8:], "specialties": ["Lists"]}
    found = made(http, "/consultants", said | {"registration_number": uuid7().hex})
    hours = [block | {"location_id": place} for block in blocks]
    answer = http.put(f"/consultants/{found}/schedule", json={"hours": hours})
    assert answer.status_code == 200, answer.text
    return found


def visit(http: httpx.Client, consultant: str) -> str:
    return made(http, "/visit-types", {
        "name": f"Lists {uuid7().hex[-6:]}", "duration_minutes": 30, "slot_step_minutes": 30,
        "price": {"amount": 100_000, "currency": "LKR"}, "payment_policy": {"kind": "full", "when": "desk"},
        "consultant_ids": [consultant],
    })  # fmt: skip


@pytest.fixture(scope="module")
def place(http: httpx.Client) -> dict[str, Any]:
    said = {"name": f"Lists {uuid7().hex[-6:]}", "zone": "Asia/Colombo"}
    return said | {"id": made(http, "/locations", said)}


def test_a_series_of_four_with_one_conflict_is_booked_once(http: httpx.Client, place: dict[str, Any]) -> None:
    always = [{"weekday": day, "starts": "00:00", "ends": "24:00"} for day in range(7)]
    consultant = doctor(http, place["id"], always)
    kind = visit(http, consultant)
    zone = ZoneInfo(place["zone"])
    first = (datetime.now(zone) + timedelta(days=8)).replace(hour=9, minute=30, second=0, microsecond=0)
    wish = {"consultant_id": consultant, "visit_type_id": kind, "location_id": place["id"]}
    second = (first + timedelta(weeks=1)).isoformat()
    made(http, "/appointments", wish | {"patient_id": patient(http), "start": second})
    body = wish | {"patient_id": patient(http), "start": first.isoformat(), "rule": "FREQ=WEEKLY;COUNT=4"}
    key = {"idempotency-key": uuid7().hex}
    booked, again = http.post("/series", json=body, headers=key), http.post("/series", json=body, headers=key)
    assert booked.status_code == 201, booked.text
    assert booked.json() == again.json()
    series = booked.json()
    assert [one["status"] for one in series["occurrences"]] == ["booked", "conflict", "booked", "booked"]
    near = series["occurrences"][1]["alternatives"][0]["start"]
    at = f"/series/{series['id']}"
    resolved = http.post(f"{at}/occurrences/2/resolution", json={"start": near})
    assert (resolved.status_code, resolved.json()["booked"]) == (200, 4), resolved.text
    later = (first + timedelta(weeks=2, hours=1)).isoformat()
    moved = http.post(f"{at}/rescheduling", json={"number": 3, "scope": "following", "start": later}).json()
    assert [(one["number"], one["changed"]) for one in moved["changes"]] == [(3, True), (4, True)]
    gone = http.post(f"{at}/cancellation", json={"number": 4, "scope": "one", "reason": "pat"}).json()
    states = [one["appointment_status"] for one in gone["series"]["occurrences"]]
    assert states == ["booked", "booked", "booked", "cancelled"]


def test_a_cancellation_frees_a_time_for_the_first_who_declines_and_the_second_who_has_it(
    running: Instance, http: httpx.Client, place: dict[str, Any]
) -> None:
    local = (datetime.now(ZoneInfo(place["zone"])) + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    only = {"weekday": local.weekday(), "starts": f"{local:%H:%M}", "ends": f"{local + HALF:%H:%M}"}
    consultant = doctor(http, place["id"], [only])
    kind = visit(http, consultant)
    wish = {"consultant_id": consultant, "visit_type_id": kind, "start": local.isoformat()}
    taken = made(http, "/appointments", wish | {"patient_id": patient(http)})
    wanted = {"visit_type_id": kind, "consultant_ids": [consultant], "latest": local.date().isoformat()}
    line = [made(http, "/waitlist", wanted | {"patient_id": patient(http)}) for _ in range(2)]

    def standing() -> list[str]:
        return [http.get(f"/waitlist/{one}").json()["status"] for one in line]

    assert standing() == ["waiting", "waiting"]
    cancelled = http.post(f"/appointments/{taken}/cancellation", json={"reason": "pat"})
    assert cancelled.status_code == 200, cancelled.text
    until(lambda: standing() == ["offered", "waiting"], 30, "the first is offered the time")
    assert http.post(f"/waitlist/{line[0]}/answer", json={"accept": False}).json()["status"] == "waiting"
    until(lambda: standing() == ["waiting", "offered"], 30, "the second is offered the time")
    accepted = http.post(f"/waitlist/{line[1]}/answer", json={"accept": True}).json()
    assert (accepted["status"], accepted["offers"][0]["status"]) == ("booked", "accepted")
    booked = http.get(f"/appointments/{accepted['appointment_id']}").json()
    assert booked["status"] == "booked"
    assert datetime.fromisoformat(booked["start"]) == local.astimezone(UTC)
    code, said = running.verify()
    assert code == 0, said
