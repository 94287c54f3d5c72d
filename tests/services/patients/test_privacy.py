"""What the record says stays with those who may know it, and every look is noted."""

import json
from typing import Any

import asyncpg
import pytest

from careconnect.ids import uuid7
from tests.services.patients.desk import Desk, person

SECRETS = {
    "first_name": "Zebulonia",
    "last_name": "Quarrington",
    "national_id": "199010300937",
    "phone": "+94771234567",
    "email": "zebulonia@example.com",
    "address": {"line1": "12 Temple Road"},
    "emergency_contact": {"name": "Yolandria", "phone": "+94719876543"},
    "blood_group": "AB-",
    "allergies": ["Xanthopenicillin"],
}
WORDS = ["ebulon", "uarring", "199010300937", "771234567", "emple", "olandr", "719876543", "anthopen", "1990-04-12"]
CLINICAL = {"blood_group", "allergies", "chronic_conditions"}


@pytest.fixture
async def patient(desk: Desk) -> dict[str, Any]:
    """Register somebody with telling words in every field, change and find them."""
    registered = await desk.register(**SECRETS)
    path = f"/patients/{registered['id']}"
    await desk.ask("PATCH", path, json={"language": "si"})
    await desk.find("Zebulonia 0771234567")
    await desk.put(person(**SECRETS))
    await desk.ask("GET", f"{path}/contact")
    await desk.ask("DELETE", path)
    return registered


async def test_no_table_holds_a_word_of_the_record(rows: asyncpg.Connection, patient: dict[str, Any]) -> None:
    tables = await rows.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = [
        (table, word)
        for (table,) in tables
        for word in WORDS
        if await rows.fetchval(
            f'SELECT count(*) FROM "{table}" t WHERE to_jsonb(t)::text ILIKE $1 OR to_jsonb(t)::text LIKE $2',  # noqa: S608
            f"%{word}%",
            f"%{word.encode().hex()}%",
        )
    ]
    assert patient
    assert len(tables) >= 6
    assert found == []


async def test_every_change_and_every_reading_has_its_audit_event(
    rows: asyncpg.Connection, patient: dict[str, Any], desk: Desk
) -> None:
    events = await rows.fetch("SELECT action FROM audit_events WHERE entity_id = $1 ORDER BY id", patient["id"])
    assert [event["action"] for event in events] == [
        "patient.registered", "patient.read",
        "patient.changed", "patient.read",
        "patient.suggested",
        "patient.contact_read",
        "patient.archived", "patient.read",
    ]  # fmt: skip
    searched = await rows.fetch(
        "SELECT action, data FROM audit_events WHERE entity = 'tenant' AND tenant_id = "
        "(SELECT tenant_id FROM patients WHERE id = $1)", patient["id"]
    )  # fmt: skip
    shown = [(event["action"], json.loads(event["data"])) for event in searched]
    assert shown == [("patients.searched", {"shown": [patient["id"]]})]
    assert desk


async def test_a_list_and_the_names_of_some_leave_one_event_each_with_the_ids_that_were_shown(
    rows: asyncpg.Connection, desk: Desk
) -> None:
    one, other = (await desk.register(first_name="Nimali"))["id"], (await desk.register(first_name="Kamal"))["id"]
    listed = await desk.ask("GET", "/patients")
    await desk.ask("POST", "/patients/names", json={"ids": [one, str(uuid7())]})
    await desk.ask("POST", "/patients/names", json={"ids": [str(uuid7())]})
    events = await rows.fetch(
        "SELECT action, data FROM audit_events WHERE entity = 'tenant' AND tenant_id = "
        "(SELECT tenant_id FROM patients WHERE id = $1) ORDER BY id", one
    )  # fmt: skip
    assert listed.status_code == 200
    assert [(event["action"], json.loads(event["data"])["shown"]) for event in events] == [
        ("patients.listed", [other, one]),
        ("patients.named", [one]),
    ], "somebody unknown was not shown"


async def test_the_outbox_tells_changes_and_not_readings(rows: asyncpg.Connection, patient: dict[str, Any]) -> None:
    told = await rows.fetch("SELECT type, data FROM outbox_events WHERE entity_id = $1 ORDER BY id", patient["id"])
    assert [(event["type"], event["data"]) for event in told] == [
        ("patient.registered", '{"mrn": "MRN-000001"}'),
        ("patient.changed", '{"version": 2}'),
        ("patient.archived", '{"version": 3}'),
    ]


async def test_equal_words_of_two_tenants_have_no_equal_term(
    rows: asyncpg.Connection, desk: Desk, act: Any, http: Any
) -> None:
    other = Desk(http, act("patients:read", "patients:write", tenant=uuid7()))
    one, two = await desk.register(), await other.register()
    shared = await rows.fetchval(
        "SELECT count(*) FROM patients a, patients b WHERE a.id = $1 AND b.id = $2 AND a.terms && b.terms",
        one["id"], two["id"],
    )  # fmt: skip
    assert shared == 0


async def test_medical_fields_are_left_out_for_those_who_may_not_read_them(desk: Desk, front_desk: Desk) -> None:
    registered = await desk.register(**SECRETS)
    path = f"/patients/{registered['id']}"
    listed = (await front_desk.ask("GET", "/patients")).json()["items"][0]
    read = (await front_desk.ask("GET", path)).json()
    changed = (await front_desk.ask("PATCH", path, json={"language": "ta"})).json()
    for answer in (listed, read, changed):
        assert CLINICAL & answer.keys() == set()
        assert answer["email"] == "zebulonia@example.com"
    assert (await desk.ask("GET", path)).json().keys() > CLINICAL


async def test_who_sees_their_own_patients_is_listed_nobody_without_saying_among_whom(
    desk: Desk, act: Any, http: Any
) -> None:
    known = [await desk.register(), await desk.register(first_name="Kamal", date_of_birth="1970-01-01")]
    limited = Desk(http, act("patients:read", "patients:clinical", limited=True))
    assert (await limited.ask("GET", "/patients")).json()["code"] == "forbidden"
    for query, names in ((None, ["Kamal"]), ("kam", ["Kamal"]), ("nimal", [])):
        asked = {"q": query, "among": [known[1]["id"]], "count": True}
        found = (await limited.ask("POST", "/patients/search", json=asked)).json()
        assert [one["first_name"] for one in found["items"]] == names
        assert found["total"] == len(names)


@pytest.mark.parametrize("body", [{"allergies": []}, {"blood_group": None}, {"chronic_conditions": ["Asthma"]}])
async def test_medical_fields_cannot_be_written_or_emptied_without_the_right(
    desk: Desk, front_desk: Desk, body: dict[str, Any]
) -> None:
    registered = await desk.register(**SECRETS)
    answer = await front_desk.ask("PATCH", f"/patients/{registered['id']}", json=body)
    assert (answer.status_code, answer.json()["needed"]) == (403, "patients:clinical")
    assert (await front_desk.put(person(allergies=["Dust"]))).status_code == 403
    assert (await desk.ask("GET", f"/patients/{registered['id']}")).json()["allergies"] == ["Xanthopenicillin"]


async def test_a_replacement_by_the_front_desk_keeps_the_medical_fields(desk: Desk, front_desk: Desk) -> None:
    registered = await desk.register(**SECRETS)
    path = f"/patients/{registered['id']}"
    await front_desk.ask("PUT", f"{path}/record", json=person(first_name="Kamal"))
    read = (await desk.ask("GET", path)).json()
    assert (read["first_name"], read["email"], read["allergies"]) == ("Kamal", None, ["Xanthopenicillin"])
