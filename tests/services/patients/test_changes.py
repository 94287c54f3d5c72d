"""Changing a record: only what is named, only from its present version, and never by losing it."""

import asyncio
from typing import Any

import pytest

from careconnect.ids import uuid7
from tests.services.patients.desk import Desk, person, wrong

WHOLE = {
    "national_id": "199010300937",
    "phone": "+94771234567",
    "email": "n@example.com",
    "address": {"line1": "12 Temple Road"},
    "emergency_contact": {"name": "Sunila", "phone": "+94712345678"},
    "language": "si",
    "blood_group": "O+",
    "allergies": ["Dust"],
    "chronic_conditions": ["Asthma"],
}


@pytest.fixture
async def patient(desk: Desk) -> dict[str, Any]:
    """Register somebody of whom everything is known."""
    return await desk.register(**WHOLE)


@pytest.fixture
def path(patient: dict[str, Any]) -> str:
    """Say where the record is."""
    return f"/patients/{patient['id']}"


@pytest.mark.parametrize(
    "change",
    [
        {"first_name": "Nimala"},
        {"date_of_birth": "1991-01-01", "gender": "female"},
        {"phone": "+94712222333"},
        {"email": None, "phone": None, "national_id": None, "address": None, "emergency_contact": None},
        {"language": None, "blood_group": None},
        {"allergies": [], "chronic_conditions": ["Diabetes"]},
    ],
)
async def test_a_patch_changes_what_it_names_and_nothing_else(
    desk: Desk, patient: dict[str, Any], path: str, change: dict[str, Any]
) -> None:
    changed = (await desk.ask("PATCH", path, json=change)).json()
    assert changed == patient | change | {"version": 2}
    assert (await desk.ask("GET", path)).json() == changed


async def test_a_patch_that_says_nothing_new_changes_nothing(desk: Desk, patient: dict[str, Any], path: str) -> None:
    same = {"first_name": "Nimal", "phone": "077 123 4567", "allergies": ["Dust"]}
    assert (await desk.ask("PATCH", path, json=same)).json() == patient
    assert (await desk.ask("PATCH", path, json={})).json() == patient


@pytest.mark.parametrize("field", ["first_name", "last_name", "date_of_birth", "gender"])
async def test_what_everybody_has_cannot_be_emptied(desk: Desk, path: str, field: str) -> None:
    assert wrong(await desk.ask("PATCH", path, json={field: None})) == {field: "required"}


async def test_a_patch_is_checked_like_a_registration(desk: Desk, path: str) -> None:
    answer = await desk.ask("PATCH", path, json={"date_of_birth": "2999-01-01", "email": "x", "mrn": "MRN-000009"})
    assert set(wrong(answer)) == {"date_of_birth", "email", "mrn"}


async def test_a_replacement_empties_what_it_leaves_out(desk: Desk, patient: dict[str, Any], path: str) -> None:
    replaced = (await desk.ask("PUT", f"{path}/record", json=person(first_name="Kamal"))).json()
    empty = dict.fromkeys(WHOLE) | {"allergies": [], "chronic_conditions": []}
    assert replaced == patient | empty | {"first_name": "Kamal", "version": 2}


async def test_the_emergency_contact_is_changed_alone(desk: Desk, patient: dict[str, Any], path: str) -> None:
    contact = {"name": "Amara", "phone": "071 999 9999"}
    changed = (await desk.ask("PATCH", f"{path}/emergency-contact", json=contact)).json()
    assert changed == patient | {"emergency_contact": {"name": "Amara", "phone": "+94719999999"}, "version": 2}


async def test_medical_information_is_changed_field_by_field(desk: Desk, patient: dict[str, Any], path: str) -> None:
    changed = (await desk.ask("PATCH", f"{path}/medical-info", json={"allergies": ["Nuts", "Dust"]})).json()
    assert changed == patient | {"allergies": ["Nuts", "Dust"], "version": 2}


@pytest.mark.parametrize(
    ("method", "part", "body"),
    [
        ("PATCH", "", {"language": "ta"}),
        ("PUT", "/record", person()),
        ("PATCH", "/emergency-contact", {"name": "A", "phone": "0771234567"}),
        ("PATCH", "/medical-info", {"blood_group": "A+"}),
    ],
)
async def test_a_change_from_a_stale_version_is_refused_and_one_from_the_present_is_taken(
    desk: Desk, path: str, method: str, part: str, body: dict[str, Any]
) -> None:
    await desk.ask("PATCH", path, json={"language": "en"})
    stale = await desk.ask(method, path + part, json=body | {"version": 1})
    assert (stale.status_code, stale.json()["code"], stale.json()["current_version"]) == (409, "version_conflict", 2)
    assert (await desk.ask(method, path + part, json=body | {"version": 2})).status_code == 200


async def test_of_changes_made_at_once_from_one_version_one_is_taken(desk: Desk, path: str) -> None:
    changes = [desk.ask("PATCH", path, json={"language": code, "version": 1}) for code in ("en", "ta", "ar", "hi")]
    answers = await asyncio.gather(*changes)
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_an_archived_record_can_be_read_and_not_changed_or_booked(desk: Desk, path: str) -> None:
    archived = (await desk.ask("DELETE", path, params={"version": 1})).json()
    assert (archived["archived"], archived["version"]) == (True, 2)
    assert (await desk.ask("GET", path)).json() == archived
    for method, part, body in (
        ("PATCH", "", {"language": "ta"}),
        ("PUT", "/record", person()),
        ("GET", "/standing", None),
    ):
        answer = await desk.ask(method, path + part, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "patient_archived")


async def test_archiving_and_restoring_twice_is_harmless(desk: Desk, path: str) -> None:
    versions = [(await desk.ask("DELETE", path)).json()["version"] for _ in range(2)]
    versions += [(await desk.ask("POST", f"{path}/restoration")).json()["version"] for _ in range(2)]
    assert versions == [2, 2, 3, 3]
    standing = (await desk.ask("GET", f"{path}/standing")).json()
    assert standing == {"id": path.removeprefix("/patients/"), "archived": False, "version": 3}


async def test_the_count_leaves_the_archived_out(desk: Desk, path: str) -> None:
    await desk.register(first_name="Kamal")
    await desk.ask("DELETE", path)
    assert (await desk.ask("GET", "/patients/count")).json() == {"count": 1}


async def test_names_come_in_the_order_asked_for_once_each_and_without_strangers(desk: Desk) -> None:
    first, second = await desk.register(first_name="Kamal"), await desk.register(first_name="Amara")
    ids = [second["id"], str(uuid7()), first["id"], second["id"]]
    names = (await desk.ask("POST", "/patients/names", json={"ids": ids})).json()
    assert [(one["id"], one["name"], one["mrn"], one["archived"]) for one in names] == [
        (second["id"], "Amara Perera", "MRN-000002", False),
        (first["id"], "Kamal Perera", "MRN-000001", False),
    ]
    assert (await desk.ask("POST", "/patients/names", json={"ids": [first["id"]] * 201})).status_code == 422


async def test_the_contact_says_how_to_reach_somebody_in_which_language(desk: Desk, patient: dict[str, Any]) -> None:
    contact = (await desk.ask("GET", f"/patients/{patient['id']}/contact")).json()
    said = {"name": "Nimal Perera", "email": "n@example.com", "phone": "+94771234567", "language": "si"}
    assert contact == said | {"id": patient["id"]}
    silent = await desk.register(first_name="Kamal")
    assert (await desk.ask("GET", f"/patients/{silent['id']}/contact")).json()["language"] == "en"


async def test_the_figures_count_the_period_and_the_one_before(desk: Desk, patient: dict[str, Any]) -> None:
    created = patient["created_at"]
    later = "2999-01-01T00:00:00Z"
    now = (await desk.ask("GET", "/figures", params={"from_": created, "to": later, "zone": "Asia/Colombo"})).json()
    assert {key: now[key] for key in ("total", "new", "previous_new")} == {"total": 1, "new": 1, "previous_new": 0}
    assert now["watermark"] > 0
    then = {"previous_from": created, "from_": later, "to": later}
    after = (await desk.ask("GET", "/figures", params=then)).json()
    assert {key: after[key] for key in ("total", "new", "previous_new")} == {"total": 1, "new": 0, "previous_new": 1}
