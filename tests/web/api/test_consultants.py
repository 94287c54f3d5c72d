"""Consultants, their hours, and the catalogue over REST."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from careconnect.ids import uuid7
from tests.web.clinic import ZONE, Clinic, consultant, visit_type
from tests.web.conftest import problem

LOCATION = {"name": "Kandy", "zone": ZONE, "address": {"line1": "1 Lake Road", "city": "Kandy", "country": "LK"}}
CREATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("/consultants", consultant(), {"first_name": "Other"}),
    ("/visit-types", visit_type(), {"duration_minutes": 45}),
    ("/locations", LOCATION, {"name": "Galle"}),
]
EXTRA = {"kind": "extra", "starts_at": "2031-03-01T08:00:00+05:30", "ends_at": "2031-03-01T12:00:00+05:30"}


@pytest.mark.parametrize(("path", "body", "other"), CREATES, ids=lambda one: one if isinstance(one, str) else "")
async def test_a_repeated_creation_gives_the_same_answer(
    clinic: Clinic, path: str, body: dict[str, Any], other: dict[str, Any]
) -> None:
    first, again = [await clinic.post(path, json=body, key="create once") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert again.json() == first.json()
    problem(await clinic.post(path, json=body | other, key="create once"), 422, "idempotency_conflict")
    read = await clinic.get(f"{path}/{first.json()['id']}")
    assert read.json() == first.json()
    assert read.headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(("path", "body", "other"), CREATES, ids=lambda one: one if isinstance(one, str) else "")
async def test_a_stale_replacement_is_refused(
    clinic: Clinic, path: str, body: dict[str, Any], other: dict[str, Any]
) -> None:
    fresh = body | ({"registration_number": uuid7().hex} if "registration_number" in body else {})
    made = await clinic.post(path, json=fresh)
    place, etag = f"{path}/{made.json()['id']}", made.headers["etag"]
    changed = await clinic.put(place, json=fresh | other, headers={"if-match": etag})
    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.text
    problem(await clinic.put(place, json=fresh, headers={"if-match": etag}), 409, "version_conflict")
    problem(await clinic.put(place, json=fresh | {"version": 1}), 409, "version_conflict")


async def test_a_consultant_is_found_changed_and_archived(clinic: Clinic) -> None:
    key = await clinic.made("/consultants", consultant(first_name="Searched", specialties=["Dermatology"]))
    found = await clinic.get("/consultants", params={"q": "sear", "specialty": "Dermatology", "count": True})
    assert ([one["id"] for one in found.json()["items"]], found.json()["total"]) == ([key], 1)
    place = f"/consultants/{key}"
    status = await clinic.put(f"{place}/status", json={"status": "on_leave"})
    assert status.json()["status"] == "on_leave"
    patched = await clinic.ask("PATCH", place, json={"bio": "Skin."})
    assert patched.json()["bio"] == "Skin."
    problem(await clinic.ask("DELETE", place, headers={"if-match": status.headers["etag"]}), 409, "version_conflict")
    for _ in range(2):
        removed = await clinic.ask("DELETE", place, headers={"if-match": patched.headers["etag"]})
        assert removed.status_code == 204, removed.text
    assert (await clinic.get(place)).json()["archived"] is True
    problem(await clinic.ask("PATCH", place, json={"bio": "Gone."}), 409, "consultant_archived")


async def test_one_registration_number_is_one_consultant(clinic: Clinic) -> None:
    body = consultant()
    await clinic.made("/consultants", body)
    problem(await clinic.post("/consultants", json=body), 409, "registration_number_taken")


async def test_hours_take_the_zone_of_their_location(clinic: Clinic) -> None:
    place = f"/consultants/{await clinic.made('/consultants', consultant())}/schedule"
    hours = [{"location_id": clinic.location, "weekday": 0, "starts": "09:00", "ends": "13:00"}]
    put = await clinic.put(place, json={"hours": hours})
    assert (put.status_code, put.json()["hours"][0]["zone"]) == (200, ZONE), put.text
    read = await clinic.get(place)
    assert read.json() == put.json()
    stale = await clinic.put(place, json={"hours": [], "version": 1})
    assert (stale.status_code, put.json()["version"]) == (409, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"weekday": 7}, {"starts": "25:00"}, {"ends": "08:00"}, {"zone": "Mars/Olympus"}, {"valid_from": "soon"},
        {"valid_from": "2031-01-02", "valid_to": "2031-01-01"}, {"location_id": str(uuid7())}, {"day": "Monday"},
    ],
)  # fmt: skip
async def test_hours_that_cannot_be_are_refused(clinic: Clinic, changed: dict[str, Any]) -> None:
    hours = {"location_id": clinic.location, "weekday": 0, "starts": "09:00", "ends": "13:00"} | changed
    refused = await clinic.put(f"/consultants/{clinic.consultant}/schedule", json={"hours": [hours]})
    assert problem(refused, 422, "invalid_input")["errors"]


async def test_hours_that_overlap_are_refused(clinic: Clinic) -> None:
    hours = {"location_id": clinic.location, "weekday": 0, "starts": "09:00", "ends": "13:00"}
    refused = await clinic.put(f"/consultants/{clinic.consultant}/schedule", json={"hours": [hours, hours]})
    assert "overlap" in problem(refused, 422, "invalid_input")["errors"][0]["message"]


async def test_exceptions_are_entered_once_listed_and_removed(clinic: Clinic) -> None:
    place = f"/consultants/{await clinic.made('/consultants', consultant())}/exceptions"
    body = EXTRA | {"location_id": clinic.location, "reason": "Saturday clinic"}
    first, again = [await clinic.post(place, json=body, key="extra once") for _ in range(2)]
    assert (first.status_code, again.json()) == (201, first.json()), first.text
    assert first.json()["zone"] == ZONE
    problem(await clinic.post(place, json=body | {"reason": "Other"}, key="extra once"), 422, "idempotency_conflict")
    listed = (await clinic.get(place)).json()["items"]
    assert [(one["id"], one["reason"]) for one in listed] == [(first.json()["id"], "Saturday clinic")]
    assert (await clinic.get(place, params={"count": True})).json()["total"] == 1
    for _ in range(2):
        assert (await clinic.ask("DELETE", f"{place}/{first.json()['id']}")).status_code == 204
    assert (await clinic.get(place)).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "changed",
    [{"location_id": None}, {"location_id": str(uuid7())}, {"ends_at": EXTRA["starts_at"]}, {"starts_at": "2031-03-01"},
     {"kind": "holiday"}, {"reason": "x" * 501}],
)  # fmt: skip
async def test_exceptions_that_cannot_be_are_refused(clinic: Clinic, changed: dict[str, Any]) -> None:
    body = EXTRA | {"location_id": clinic.location} | changed
    refused = await clinic.post(f"/consultants/{clinic.consultant}/exceptions", json=body)
    assert problem(refused, 422, "invalid_input")["errors"]


async def test_leave_takes_its_times_away_from_the_slots(clinic: Clinic) -> None:
    key = await clinic.made("/consultants", consultant())
    hours = [{"location_id": clinic.location, "weekday": day, "starts": "09:00", "ends": "10:00"} for day in range(7)]
    assert (await clinic.put(f"/consultants/{key}/schedule", json={"hours": hours})).status_code == 200
    asked = {"visit_type_id": clinic.paid_visit, "consultant_id": key, "limit": 200}
    free = (await clinic.get("/slots", params=asked)).json()["items"]
    assert len(free) >= 20
    leave = {"kind": "leave", "starts_at": free[0]["start"], "ends_at": free[-1]["end"]}
    assert (await clinic.post(f"/consultants/{key}/exceptions", json=leave)).status_code == 201
    assert (await clinic.get("/slots", params=asked)).json() == {"items": [], "next_cursor": None}


async def test_the_catalogue_lists_what_a_consultant_offers(clinic: Clinic) -> None:
    key = await clinic.made("/consultants", consultant())
    theirs = await clinic.made("/visit-types", visit_type(consultant_ids=[key]))
    offered = (await clinic.get("/visit-types", params={"consultant_id": key, "limit": 200})).json()["items"]
    others = (await clinic.get("/visit-types", params={"consultant_id": clinic.consultant, "limit": 200})).json()
    assert theirs in {one["id"] for one in offered}
    assert theirs not in {one["id"] for one in others["items"]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/consultants", consultant(registration_number="SLMC\u00001")),
        ("/consultants", consultant(specialties=["Cardio\u0000logy"])),
        ("/visit-types", visit_type(name="Consult\u0000ation")),
        ("/locations", LOCATION | {"name": "Kan\u0000dy"}),
        ("/locations", LOCATION | {"address": {"line1": "1 Lake\u0000Road"}}),
    ],
)
async def test_the_character_that_postgres_cannot_keep_is_refused(
    clinic: Clinic, path: str, body: dict[str, Any]
) -> None:
    problem(await clinic.post(path, json=body), 422, "invalid_input")


@pytest.mark.parametrize("query", ["/consultants?specialty=%00", "/consultants?q=%00", "/slots?specialty=%00"])
async def test_nor_is_it_looked_for(clinic: Clinic, query: str) -> None:
    more = {"params": {"visit_type_id": clinic.paid_visit, "specialty": "\u0000"}} if "slots" in query else {}
    answer = await clinic.get(query, **more)
    assert answer.status_code in {200, 422}, answer.text


async def test_slots_narrow_to_a_part_of_the_day_and_to_weekdays(clinic: Clinic) -> None:
    key = await clinic.made("/consultants", consultant())
    hours = [{"location_id": clinic.location, "weekday": day, "starts": "11:00", "ends": "18:00"} for day in range(7)]
    assert (await clinic.put(f"/consultants/{key}/schedule", json={"hours": hours})).status_code == 200
    asked = {"visit_type_id": clinic.paid_visit, "consultant_id": key, "limit": 200}

    async def free(**narrowed: Any) -> list[datetime]:
        found = (await clinic.get("/slots", params=asked | narrowed)).json()["items"]
        return [datetime.fromisoformat(one["start"]).astimezone(ZoneInfo("Asia/Colombo")) for one in found]

    thursdays = await free(weekday=[3], part_of_day="afternoon")
    assert {start.weekday() for start in thursdays} == {3}
    assert {start.hour for start in thursdays} == {12, 13, 14, 15, 16}
    assert {start.hour for start in await free(part_of_day="morning")} == {11}
    assert {start.hour for start in await free(part_of_day="evening")} == {17}


async def test_a_visit_with_a_room_is_offered_once_there_is_one_and_the_answer_names_no_other(clinic: Clinic) -> None:
    key = await clinic.made("/visit-types", visit_type(room_needed=True, room_features=["laser"]))
    asked = {"visit_type_id": key, "limit": 1}
    assert (await clinic.get("/slots", params=asked)).json()["items"] == []
    room = await clinic.made("/rooms", {"location_id": clinic.location, "name": "Laser", "features": ["Laser"]})
    assert len((await clinic.get("/slots", params=asked)).json()["items"]) == 1
    listed = (await clinic.get("/rooms", params={"location_id": clinic.location, "active": True})).json()["items"]
    assert room in {one["id"] for one in listed}


async def test_locations_come_in_pages_by_name_each_once(edge: FastAPI, http: httpx.AsyncClient) -> None:
    own = await Clinic.begin(edge, http)
    for name in ("Kandy", "Galle", "Jaffna"):
        await own.made("/locations", {"name": name, "zone": ZONE})
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 3, "count": True}
    while True:
        page = (await own.get("/locations", params=params)).json()
        seen += [one["name"] for one in page["items"]]
        assert page["total"] == 4
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == ["Colombo 03", "Galle", "Jaffna", "Kandy"]
    problem(await own.get("/locations", params={"limit": 201}), 422, "invalid_input")


async def test_a_location_is_closed_on_the_days_that_its_calendar_names(clinic: Clinic) -> None:
    place = f"/locations/{clinic.location}/calendar"
    before = (await clinic.get(place)).json()
    told = {"closed_on": ["2030-05-06"], "version": before["version"]}
    changed = await clinic.put(place, json=told)
    assert (changed.status_code, changed.json()["zone"]) == (200, "Asia/Colombo"), changed.text
    days = {"from": "2030-05-01", "to": "2030-05-09", "location_id": clinic.location}
    listed = (await clinic.get("/holidays", params=days)).json()["items"]
    assert [(one["date"], one["closed"]) for one in listed] == [("2030-05-06", True)]
    problem(await clinic.put(place, json=told | {"closed_on": []}), 409, "version_conflict")
