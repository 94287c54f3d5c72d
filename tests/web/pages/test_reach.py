"""What a clinician meets who sees their own patients: lists of these, and a question before anybody else's record."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from services.identity.roles import Role
from tests.web.clinic import Clinic, consultant
from tests.web.pages.desk import HTMX, Desk

_MEDICAL = {"Xanthopenicillin", "Zebulitis", "AB-"}
_FIRST = {"whose": "consultants", "section": "people", "kind": "consultants", "what": "pause", "number": "1"}


@pytest.fixture(scope="module")
async def booked(clinic: Clinic) -> dict[str, Any]:
    """Book a visit of a patient of whom medical fields are known, with the clinic's first consultant."""
    medical = {"allergies": ["Xanthopenicillin"], "chronic_conditions": ["Zebulitis"], "blood_group": "AB-"}
    made = await clinic.booked(patient_id=await clinic.patient(**medical))
    patient = await clinic.get(f"/patients/{made['patient']['id']}")
    return made | {"who": patient.json()}


@pytest.fixture(scope="module")
async def own(edge: FastAPI, clinic: Clinic) -> Desk:
    """Sign in the consultant who has the patient."""
    return await Desk.open(edge, clinic, "clinician", consultant_id=UUID(clinic.consultant))


@pytest.fixture(scope="module")
async def other(edge: FastAPI, clinic: Clinic) -> Desk:
    """Sign in another consultant."""
    who = UUID(await clinic.made("/consultants", consultant(last_name="Gunawardena")))
    return await Desk.open(edge, clinic, "clinician", consultant_id=who)


async def test_no_page_shows_another_consultants_patient(
    edge: FastAPI, clinic: Clinic, other: Desk, booked: dict[str, Any]
) -> None:
    secrets = {booked["who"]["last_name"], booked["who"]["email"], booked["who"]["mrn"], booked["reference"]}
    assert await _found(edge, clinic, other, booked, secrets) == set()


@pytest.mark.parametrize("role", ["front_desk", "billing", "auditor"])
async def test_no_page_shows_medical_fields_to_who_may_not_read_them(
    edge: FastAPI, clinic: Clinic, booked: dict[str, Any], role: Role
) -> None:
    assert await _found(edge, clinic, await Desk.open(edge, clinic, role), booked, _MEDICAL) == set()


async def test_pages_show_medical_fields_to_who_may_read_them(
    edge: FastAPI, clinic: Clinic, booked: dict[str, Any]
) -> None:
    assert await _found(edge, clinic, await Desk.open(edge, clinic, "owner"), booked, _MEDICAL) == _MEDICAL


async def _found(edge: FastAPI, clinic: Clinic, desk: Desk, booked: dict[str, Any], words: set[str]) -> set[str]:
    """Open every page, alone, about the patient and searching for them; give which of `words` stand on any."""
    ids = _FIRST | {"patient_id": booked["patient"]["id"], "appointment_id": booked["id"]}
    ids |= {"consultant_id": clinic.consultant, "location_id": clinic.location, "visit_type_id": clinic.paid_visit}
    ids |= {"invoice_id": booked["invoice"]["id"], "payment_id": booked["payment"]["id"]}
    name, seen, found = booked["who"]["last_name"], 0, set[str]()
    searched = f"?q={name}&find=Nimal&range=month"
    for path in _pages(edge, ids):
        for query, headers in (("", {}), (f"?patient_id={ids['patient_id']}", {}), (searched, HTMX)):
            answer = await desk.http.get(path + query, headers=headers)
            assert answer.status_code < 500, (path, query, answer.text[:500])
            seen += answer.status_code == 200
            shown = answer.text.replace(name, "") if query == searched else answer.text
            found |= {word for word in words if word in shown}
    assert seen > 60
    return found


def _pages(edge: FastAPI, ids: dict[str, str]) -> Iterator[str]:
    for one in iter_route_contexts(edge.routes):
        path, page = str(one.path_format), isinstance(one.original_route, APIRoute) and "GET" in (one.methods or ())
        known = path.count("{") == sum(f"{{{name}}}" in path for name in ids)
        if page and known and path != "/calendar/events":
            yield path.format(**ids)


async def test_lists_calendar_and_search_show_ones_own(own: Desk, other: Desk, booked: dict[str, Any]) -> None:
    name, day = booked["who"]["last_name"], booked["start"][:10]
    for path in (
        "/patients",
        f"/appointments?range=month&date={day}",
        f"/search?q={name}",
        f"/calendar?show=list&date={day}",
    ):
        assert name in (await own.read(path)).text, path
        assert name not in (await other.read(path)).text.replace(f"“{name}”", ""), path


async def test_anothers_record_asks_why_and_opens_for_a_reason(clinic: Clinic, edge: FastAPI, other: Desk) -> None:
    made = await clinic.booked()
    at, patient = f"/appointments/{made['id']}", made["patient"]["id"]
    refused = await other.http.get(at)
    assert (refused.status_code, refused.headers["location"]) == (303, f"/patients/{patient}/access?back={at}")
    page = await other.read(refused.headers["location"])
    assert made["patient"]["name"] not in page.text
    again = await other.send(page, f"/patients/{patient}/access", reason="")
    assert (again.status_code, "Say why in a few words" in again.text) == (422, True)
    opened = await other.send(page, f"/patients/{patient}/access", reason="Covering for a colleague")
    assert (opened.status_code, opened.headers["location"]) == (303, at)
    assert made["patient"]["name"] in (await other.read(at)).text
    owner = await Desk.open(edge, clinic, "owner")
    assert "Covering for a colleague" in (await owner.read("/settings/audit?action=patient.opened")).text


async def test_a_part_of_a_page_leads_to_the_question_too(clinic: Clinic, other: Desk) -> None:
    made = await clinic.booked()
    answer = await other.http.get(f"/calendar/appointments/{made['id']}", headers=HTMX)
    assert answer.headers["hx-redirect"].startswith(f"/patients/{made['patient']['id']}/access")


async def test_somebody_elses_patient_is_found_by_the_whole_mrn_and_by_nothing_else(
    clinic: Clinic, other: Desk
) -> None:
    patient = await clinic.patient()
    who = (await clinic.get(f"/patients/{patient}")).json()
    assert "/patients/elsewhere" in (await other.read("/patients")).html
    page = await other.read("/patients/elsewhere")
    for wrong in (who["last_name"], who["mrn"][:-1], ""):
        answer = await other.send(page, "/patients/elsewhere", mrn=wrong, reason="Asked for advice")
        assert answer.status_code == 422
    found = await other.send(page, "/patients/elsewhere", mrn=who["mrn"], reason="Asked for advice")
    assert (found.status_code, found.headers["location"]) == (303, f"/patients/{patient}")
    assert who["last_name"] in (await other.read(f"/patients/{patient}")).text


async def test_the_calendar_of_a_consultant_has_their_own_column_alone(own: Desk, clinic: Clinic, other: Desk) -> None:
    shown = (await own.http.get("/calendar/data")).json()
    assert [one["id"] for one in shown["columns"]] == [clinic.consultant]
    theirs = await other.http.get(f"/calendar/data?consultant_id={clinic.consultant}")
    assert clinic.consultant not in {one["id"] for one in theirs.json()["columns"]}
