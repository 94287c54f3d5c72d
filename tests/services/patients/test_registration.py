"""Registering: once per request, numbered without gaps, and only what a person can be."""

import asyncio
from typing import Any

import pytest

from careconnect.ids import uuid7
from tests.services.patients.desk import Desk, person, wrong

FULL = person(
    national_id="199010300937",
    phone="077 123 4567",
    email="nimal.perera@example.com",
    address={"line1": "12 Temple Road", "city": "Colombo", "country": "LK"},
    blood_group="O+",
    allergies=["Penicillin", "penicillin", "Dust"],
    chronic_conditions=["Asthma"],
    emergency_contact={"name": "Sunila Perera", "phone": "0712345678"},
    language="si",
)


async def test_a_registered_patient_reads_as_written_with_numbers_in_the_international_form(desk: Desk) -> None:
    registered = (await desk.put(FULL)).json()
    read = (await desk.ask("GET", f"/patients/{registered['id']}")).json()
    assert read == registered
    assert registered | FULL | {"allergies": ["Penicillin", "Dust"]} == registered | FULL | {
        "phone": "077 123 4567",
        "allergies": registered["allergies"],
    }
    assert (registered["phone"], registered["emergency_contact"]["phone"]) == ("+94771234567", "+94712345678")
    assert (registered["mrn"], registered["version"], registered["archived"]) == ("MRN-000001", 1, False)


async def test_the_same_registration_again_answers_the_same_and_registers_nobody(desk: Desk) -> None:
    patient_id = uuid7()
    first, second = await desk.put(FULL, patient_id), await desk.put(FULL, patient_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (await desk.ask("GET", "/patients/count")).json() == {"count": 1}


async def test_the_same_registration_written_otherwise_is_still_the_same(desk: Desk) -> None:
    patient_id = uuid7()
    await desk.put(person(phone="077 123 4567"), patient_id)
    assert (await desk.put(person(phone="+94 (77) 123-4567"), patient_id)).status_code == 200


async def test_a_retry_after_a_change_still_answers_with_the_record(desk: Desk) -> None:
    patient_id = uuid7()
    await desk.put(FULL, patient_id)
    await desk.ask("PATCH", f"/patients/{patient_id}", json={"first_name": "Nimala"})
    answer = await desk.put(FULL, patient_id)
    assert (answer.status_code, answer.json()["first_name"]) == (200, "Nimala")


@pytest.mark.parametrize("other", [{"first_name": "Kamal"}, {"allergies": ["Nuts"]}, {"phone": "0777654321"}])
async def test_the_same_id_for_other_content_is_refused(desk: Desk, other: dict[str, Any]) -> None:
    patient_id = uuid7()
    await desk.put(FULL, patient_id)
    answer = await desk.put(FULL | other, patient_id)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")


async def test_twenty_retries_at_once_register_one_patient(desk: Desk) -> None:
    patient_id = uuid7()
    answers = await asyncio.gather(*(desk.put(FULL, patient_id) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.text for answer in answers}) == 1


async def test_medical_record_numbers_have_no_gaps_although_registrations_race_and_fail(desk: Desk) -> None:
    people = [person(first_name=f"Name{index}", last_name="X" * (index + 1)) for index in range(12)]
    await asyncio.gather(*(desk.put(one) for one in people + people))
    listed = (await desk.ask("GET", "/patients", params={"limit": 200})).json()["items"]
    assert [one["mrn"] for one in listed] == [f"MRN-{number:06d}" for number in range(12, 0, -1)]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("date_of_birth", "2999-01-01", "future_date"),
        ("date_of_birth", "1700-01-01", "too_long_ago"),
        ("date_of_birth", "1990-02-30", "date_from_datetime_parsing"),
        ("date_of_birth", "12/04/1990", "date_format"),
        ("date_of_birth", 0, "date_format"),
        ("email", "nobody", "value_error"),
        ("email", f"{'a' * 250}@example.com", "value_error"),
        ("phone", "12345", "invalid_phone"),
        ("phone", "not a number", "invalid_phone"),
        ("phone", "077 123 4567 8901 2345", "invalid_phone"),
        ("gender", "m", "literal_error"),
        ("first_name", "N" * 101, "string_too_long"),
        ("first_name", "N" * 900_000, "string_too_long"),
        ("first_name", "", "string_too_short"),
        ("first_name", " \u200d ", "blank"),
        ("first_name", 7, "string_type"),
        ("last_name", "Per\x00era", "control_characters"),
        ("last_name", "Per\nera", "control_characters"),
        ("last_name", "\u202eareraP", "control_characters"),
        ("blood_group", "C+", "literal_error"),
        ("allergies", ["x"] * 51, "too_long"),
        ("language", "Sinhala", "string_pattern_mismatch"),
        ("confirm_duplicate", "yes", "bool_type"),
        ("shoe_size", 43, "extra_forbidden"),
        ("id", "1", "extra_forbidden"),
    ],
)
async def test_a_wrong_field_is_named_with_a_code(desk: Desk, field: str, value: object, code: str) -> None:
    answer = await desk.put(person(**{field: value}))
    assert [(name.split(".")[0], said) for name, said in wrong(answer).items()] == [(field, code)]


async def test_all_wrong_fields_are_named_at_once(desk: Desk) -> None:
    answer = await desk.put({"first_name": "", "gender": "male", "date_of_birth": "2999-01-01"})
    assert set(wrong(answer)) == {"first_name", "last_name", "date_of_birth"}


async def test_a_wrong_number_of_the_emergency_contact_is_named_by_its_path(desk: Desk) -> None:
    answer = await desk.put(person(phone="1", emergency_contact={"name": "A", "phone": "2"}))
    assert set(wrong(answer)) == {"phone", "emergency_contact.phone"}


async def test_a_lone_surrogate_is_refused_and_not_a_fault(desk: Desk) -> None:
    raw = b'{"first_name":"\\ud800","last_name":"P","date_of_birth":"1990-04-12","gender":"male"}'
    answer = await desk.ask("PUT", f"/patients/{uuid7()}", content=raw, headers={"content-type": "application/json"})
    assert wrong(answer) == {"first_name": "string_unicode"}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe"])
async def test_a_body_that_is_no_record_is_refused_and_not_a_fault(desk: Desk, raw: bytes) -> None:
    answer = await desk.ask("PUT", f"/patients/{uuid7()}", content=raw, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    "name",
    ["නිමල්", "ශ්‍රී", "நிமல்", "نِمال", "Nguyễn", "Ó Briain", "👩🏽‍⚕️ Ann", "'; DROP TABLE patients; --", "<b>x</b>"],
)
async def test_names_of_every_script_and_spelling_are_kept_and_found_literally(desk: Desk, name: str) -> None:
    registered = await desk.register(first_name=name)
    assert registered["first_name"] == name
    assert await desk.find(name) == [f"{name} Perera"]


async def test_text_is_kept_composed_and_with_single_spaces(desk: Desk) -> None:
    registered = await desk.register(first_name="  Jose\u0301  Luis ")
    assert registered["first_name"] == "José Luis"
