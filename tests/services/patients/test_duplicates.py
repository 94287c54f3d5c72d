"""Nobody is registered twice by accident, and nobody is kept out who only looks like somebody."""

import asyncio
from typing import Any

import pytest

from careconnect.ids import uuid7
from tests.services.patients.desk import Desk, person

KNOWN = person(national_id="901030937V", phone="0771234567")


@pytest.mark.parametrize(
    "newcomer",
    [
        person(first_name="Sunil", date_of_birth="1970-01-01", national_id="901030937V"),
        person(first_name="Sunil", date_of_birth="1970-01-01", national_id="90 103 0937-v"),
        person(first_name="Sunil", date_of_birth="1970-01-01", national_id="199010300937"),
        person(date_of_birth="1970-01-01", phone="+94 77 123 4567"),
        person(first_name="N.", date_of_birth="1970-01-01", phone="0771234567"),
        person(first_name="Nimaal", last_name="Pereera", date_of_birth="1970-01-01", phone="0771234567"),
        person(first_name="Perera", last_name="Nimal", date_of_birth="1970-01-01", phone="0771234567"),
        person(),
        person(first_name="PERERA", last_name="nimál"),
    ],
)
async def test_a_likely_duplicate_is_refused_and_says_of_whom(desk: Desk, newcomer: dict[str, Any]) -> None:
    known = (await desk.put(KNOWN)).json()
    answer = await desk.put(newcomer)
    assert (answer.status_code, answer.json()["code"]) == (409, "possible_duplicate")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["candidates"] == [
        {
            "id": known["id"],
            "name": "Nimal Perera",
            "mrn": "MRN-000001",
            "date_of_birth": "1990-04-12",
            "archived": False,
        }
    ]


@pytest.mark.parametrize(
    "newcomer",
    [
        person(first_name="Sunila", date_of_birth="1992-01-01", phone="0771234567"),
        person(first_name="Amara", last_name="Silva", phone="0771234567"),
        person(date_of_birth="1990-04-13"),
        person(first_name="Kamal"),
        person(first_name="Kamal", national_id="901030938V"),
    ],
)
async def test_families_and_namesakes_are_not_taken_for_duplicates(desk: Desk, newcomer: dict[str, Any]) -> None:
    await desk.put(KNOWN)
    assert (await desk.put(newcomer)).status_code == 201


async def test_a_confirmed_duplicate_is_registered(desk: Desk) -> None:
    await desk.put(KNOWN)
    assert (await desk.put(KNOWN | {"confirm_duplicate": True})).status_code == 201


async def test_an_archived_record_is_still_a_candidate_and_says_so(desk: Desk) -> None:
    known = (await desk.put(KNOWN)).json()
    await desk.ask("DELETE", f"/patients/{known['id']}")
    assert (await desk.put(KNOWN)).json()["candidates"][0]["archived"] is True


async def test_of_ten_registrations_of_one_person_at_once_one_is_made(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.put(KNOWN) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_a_change_that_makes_somebody_look_like_another_asks_too(desk: Desk) -> None:
    await desk.put(KNOWN)
    other = await desk.register(first_name="Amara", last_name="Silva", date_of_birth="1985-01-01")
    path = f"/patients/{other['id']}"
    asked = await desk.ask("PATCH", path, json={"national_id": "199010300937"})
    assert (asked.status_code, asked.json()["code"]) == (409, "possible_duplicate")
    assert (await desk.ask("GET", path)).json()["national_id"] is None
    confirmed = await desk.ask("PATCH", path, json={"national_id": "199010300937", "confirm_duplicate": True})
    assert (confirmed.status_code, confirmed.json()["national_id"]) == (200, "199010300937")


async def test_a_confirmed_duplicate_can_be_changed_in_other_fields_without_being_asked_again(desk: Desk) -> None:
    await desk.put(KNOWN)
    twin = (await desk.put(KNOWN | {"confirm_duplicate": True})).json()
    assert (await desk.ask("PATCH", f"/patients/{twin['id']}", json={"language": "ta"})).status_code == 200


async def test_a_refused_duplicate_leaves_no_record_and_no_gap(desk: Desk) -> None:
    await desk.put(KNOWN)
    refused = uuid7()
    await desk.put(KNOWN, refused)
    assert (await desk.ask("GET", f"/patients/{refused}")).status_code == 404
    assert (await desk.register(first_name="Kamal"))["mrn"] == "MRN-000002"
