"""Patients over REST: keys, ETags, pages, scopes within a record, and what people really type."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.clinic import Clinic, eventually, person
from tests.web.conftest import problem

VERSIONS = 2


async def test_a_repeated_registration_gives_the_same_answer_and_one_record(clinic: Clinic) -> None:
    body = person()
    first, again = [await clinic.post("/patients", json=body, key="register once") for _ in range(VERSIONS)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    problem(
        await clinic.post("/patients", json=body | {"gender": "other"}, key="register once"),
        422, "idempotency_conflict",
    )  # fmt: skip


async def test_many_at_once_with_one_key_make_one_record(clinic: Clinic) -> None:
    body = person()
    answers = await asyncio.gather(*(clinic.post("/patients", json=body, key="at once") for _ in range(6)))
    assert {one.status_code for one in answers} == {201}
    assert len({one.json()["id"] for one in answers}) == 1


async def test_somebody_who_looks_the_same_is_refused_with_candidates_unless_confirmed(clinic: Clinic) -> None:
    body = person()
    known = await clinic.made("/patients", body)
    refused = problem(await clinic.post("/patients", json=body), 409, "possible_duplicate")
    assert [one["id"] for one in refused["candidates"]] == [known]
    assert await clinic.made("/patients", body | {"confirm_duplicate": True}) != known


async def test_a_held_record_that_did_not_change_is_not_sent_again(clinic: Clinic) -> None:
    place = f"/patients/{await clinic.patient()}"
    first = await clinic.get(place)
    etag = first.headers["etag"]
    for held in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = await clinic.get(place, headers={"if-none-match": held})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert (await clinic.get(place, headers={"if-none-match": '"other"'})).content == first.content
    await clinic.ask("PATCH", place, json={"phone": "077 123 4567"})
    assert (await clinic.get(place, headers={"if-none-match": etag})).status_code == 200


async def test_a_change_of_what_somebody_else_changed_is_refused(clinic: Clinic) -> None:
    place = f"/patients/{await clinic.patient()}"
    etag = (await clinic.get(place)).headers["etag"]
    changed = await clinic.ask("PATCH", place, json={"phone": "077 123 4567"}, headers={"if-match": etag})
    assert (changed.status_code, changed.json()["version"]) == (200, 2), changed.text
    assert changed.headers["etag"] != etag
    for more in (
        {"headers": {"if-match": etag}, "json": {"phone": None}},
        {"json": {"phone": None, "version": 1}},
        {"headers": {"if-match": "nonsense"}, "json": {"phone": None}},
        {"headers": {"if-match": changed.headers["etag"]}, "json": {"phone": None, "version": 1}},
    ):
        problem(await clinic.ask("PATCH", place, **more), 409, "version_conflict")
    problem(await clinic.ask("DELETE", place, headers={"if-match": etag}), 409, "version_conflict")
    current = await clinic.ask("PATCH", place, json={"phone": None}, headers={"if-match": changed.headers["etag"]})
    assert (current.status_code, current.json()["phone"]) == (200, None)


async def test_an_etag_tells_apart_what_different_callers_see(clinic: Clinic) -> None:
    place = f"/patients/{await clinic.patient(blood_group='O+')}"
    clinical = await clinic.get(place)
    plain = await clinic.get(place, scopes=("patients:read",))
    assert clinical.json()["blood_group"] == "O+"
    assert "blood_group" not in plain.json()
    held = {"if-none-match": plain.headers["etag"]}
    assert (await clinic.get(place, headers=held)).status_code == 200


async def test_medical_fields_take_their_own_scope(clinic: Clinic) -> None:
    place = f"/patients/{await clinic.patient()}/medical-info"
    refused = await clinic.ask("PATCH", place, json={"blood_group": "O+"}, scopes=("patients:write",))
    problem(refused, 403, "forbidden")
    noted = await clinic.ask("PATCH", place, json={"blood_group": "O+", "allergies": ["Penicillin"]})
    assert (noted.json()["blood_group"], noted.json()["allergies"]) == ("O+", ["Penicillin"])


async def test_a_record_is_replaced_patched_archived_and_counted(clinic: Clinic) -> None:
    before = (await clinic.get("/patients/count")).json()["count"]
    key = await clinic.patient()
    place = f"/patients/{key}"
    replaced = await clinic.put(place, json=person(first_name="Kamal", version=1))
    assert (replaced.status_code, replaced.json()["first_name"]) == (200, "Kamal"), replaced.text
    called = await clinic.ask("PATCH", f"{place}/emergency-contact", json={"name": "Sunila", "phone": "071 234 5678"})
    assert called.json()["emergency_contact"] == {"name": "Sunila", "phone": "+94712345678"}
    assert (await clinic.get("/patients/count")).json()["count"] == before + 1
    assert (await clinic.ask("DELETE", place)).json()["archived"] is True
    assert (await clinic.get("/patients/count")).json()["count"] == before
    problem(await clinic.ask("PATCH", place, json={"phone": None}), 409, "patient_archived")


async def test_pages_hold_every_record_once_and_count_only_when_asked(clinic: Clinic) -> None:
    made = {await clinic.patient(first_name="Paged") for _ in range(7)}
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"q": "Paged", "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await clinic.get("/patients", params=params)).json()
        assert "total" not in page
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert (len(seen), set(seen)) == (7, made)
    counted = (await clinic.get("/patients", params={"q": "Paged", "limit": 2, "count": True})).json()
    assert (counted["total"], len(counted["items"])) == (7, 2)


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0}, {"limit": 201}, {"limit": "many"}, {"cursor": "nonsense"}, {"cursor": "é"}, {"cursor": "W10"},
        {"q": "x" * 201}, {"count": "perhaps"},
    ],
)  # fmt: skip
async def test_a_page_that_cannot_be_is_refused(clinic: Clinic, params: dict[str, Any]) -> None:
    refused = problem(await clinic.get("/patients", params=params), 422, "invalid_input")
    assert refused["errors"][0]["field"] == next(iter(params))


@pytest.mark.parametrize(
    "name",
    [
        "නිමල් පෙරේරා",
        "நிமல் பெரேரா",
        "Zoë Müller-Łęcka",
        "O'Neill",
        "山田",
        "\u200fمحمد",
        "Жанна",
        "x" * 100,
        "Robert'); --",
    ],
)
async def test_a_name_of_any_script_comes_back_as_it_was_written(clinic: Clinic, name: str) -> None:
    key = await clinic.patient(first_name=name)
    assert (await clinic.get(f"/patients/{key}")).json()["first_name"] == name
    found = (await clinic.get("/patients", params={"q": name})).json()["items"]
    assert key in {one["id"] for one in found}


@pytest.mark.parametrize(
    "changed",
    [
        {"first_name": ""}, {"first_name": "x" * 101}, {"first_name": "a\u0000b"}, {"first_name": "\u202egnp.exe"},
        {"first_name": ["a"]}, {"first_name": None}, {"date_of_birth": "2999-01-01"}, {"date_of_birth": "31/12/1990"},
        {"date_of_birth": 0}, {"gender": "m"}, {"email": "a@b@c"}, {"phone": "call me"}, {"language": "klingon"},
        {"mrn": "MRN-1"}, {"id": "x"}, {"tenant_id": "x"}, {"allergies": "many"}, {"address": {"planet": "Mars"}},
        {"confirm_duplicate": "yes"},
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_by_field(clinic: Clinic, changed: dict[str, Any]) -> None:
    refused = problem(await clinic.post("/patients", json=person(**changed)), 422, "invalid_input")
    assert refused["errors"][0]["field"].split(".")[0] == next(iter(changed))
    assert refused["instance"] == "/api/v1/patients"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"first_name": 1e999}']
)
async def test_a_body_that_is_no_record_is_refused(clinic: Clinic, body: bytes) -> None:
    answer = await clinic.post("/patients", content=body, headers={"content-type": "application/json"})
    problem(answer, 422, "invalid_input")


async def test_the_timeline_tells_what_happened_and_is_planned_newest_first(clinic: Clinic) -> None:
    booked = await clinic.booked()
    place = f"/patients/{booked['patient']['id']}/timeline"
    await clinic.repeated(booked["patient"]["id"])
    far = {"patient_id": booked["patient"]["id"], "visit_type_id": clinic.paid_visit, "earliest": "2030-12-01"}
    await clinic.made("/waitlist", far)
    back = {"amount": {"amount": 100, "currency": "LKR"}, "reason": "Waited for too long"}
    assert (await clinic.post(f"/payments/{booked['payment']['id']}/refunds", json=back)).status_code == 201
    kinds = {"appointment", "payment", "refund", "message", "reminder", "invoice", "series", "waitlist"}
    told = await eventually(
        lambda: clinic.get(place), lambda told: {one["kind"] for one in told.json()["items"]} == kinds
    )
    items = told.json()["items"]
    assert booked["id"] in {one["id"] for one in items}
    moments = [datetime.fromisoformat(one["at"]).astimezone(UTC) for one in items]
    assert moments == sorted(moments, reverse=True)
    plain = (await clinic.get(place, scopes=("patients:read", "appointments:read"))).json()["items"]
    assert {one["kind"] for one in plain} == {"appointment", "series", "waitlist"}
    assert (await clinic.get(place, params={"limit": 200})).status_code == 200


async def test_of_reminders_those_are_planned_that_the_patient_wants_and_none_of_the_past(clinic: Clinic) -> None:
    booked = await clinic.booked()
    patient = booked["patient"]["id"]
    planned = await _planned(clinic, patient)
    assert planned
    assert {one["appointment_id"] for one in planned} == {booked["id"]}
    starts = datetime.fromisoformat(booked["start"])
    for one in planned:
        assert datetime.fromisoformat(one["at"]) == starts - timedelta(hours=int(one["what"])) > datetime.now(UTC)
    assert {one["channel"] for one in planned} == {"email"}
    wishes = {"email": False, "sms": True}
    await clinic.put(f"/patients/{patient}/message-preferences", json=wishes)
    assert await _planned(clinic, patient) == []


async def _planned(clinic: Clinic, patient: str) -> list[dict[str, Any]]:
    items = (await clinic.get(f"/patients/{patient}/timeline", params={"limit": 200})).json()["items"]
    return [one for one in items if one["kind"] == "reminder"]


async def test_the_timeline_comes_in_pages_that_hold_all_of_it_once(clinic: Clinic) -> None:
    patient = await clinic.patient(email=None)
    values = {"starts_at": "2030-01-01T09:00:00Z", "zone": "Asia/Colombo"}
    told = {"patient_id": patient, "channel": "sms", "template": "reminder", "values": values}
    made = {await clinic.made("/messages", told) for _ in range(5)}
    made.add((await clinic.booked(patient_id=patient))["id"])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await clinic.get(f"/patients/{patient}/timeline", params=params)).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


@pytest.mark.parametrize("cursor", ["x", "W10", "OTk5OS0xMi0zMVQyMzo1OTo1OS45OTk5OTktMTQ6MDAgeA"])
async def test_a_broken_place_in_the_timeline_is_refused(clinic: Clinic, cursor: str) -> None:
    place = f"/patients/{await clinic.patient()}/timeline"
    problem(await clinic.get(place, params={"cursor": cursor}), 422, "invalid_input")


async def test_wishes_about_messages_are_kept_and_obeyed(clinic: Clinic) -> None:
    patient = await clinic.patient()
    place = f"/patients/{patient}/message-preferences"
    first = await clinic.get(place)
    assert first.json() == {"email": True, "sms": True, "version": 0}
    no_mail, seen = {"email": False, "sms": True}, {"if-match": first.headers["etag"]}
    assert (await clinic.put(place, json=no_mail, headers=seen)).json() == no_mail | {"version": 1}
    problem(await clinic.put(place, json=no_mail | {"email": True}, headers=seen), 409, "version_conflict")
    problem(await clinic.put(place, json=no_mail | {"version": 7}), 409, "version_conflict")
    assert (await clinic.put(place, json=no_mail | {"version": 1})).json() == no_mail | {"version": 2}
    values = {"starts_at": "2030-01-01T09:00:00Z", "zone": "Asia/Colombo"}
    told = {"patient_id": patient, "channel": "email", "template": "reminder", "values": values}
    message = (await clinic.post("/messages", json=told)).json()
    assert (message["status"], message["failure"]) == ("skipped", "opted_out")
