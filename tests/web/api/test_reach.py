"""Who sees whom, at every endpoint: a clinician sees the patients of the consultant who they are, or whom they open."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts

from careconnect.auth import Actor
from careconnect.errors import Forbidden
from careconnect.ids import uuid7
from services.identity.roles import ROLES, Role
from tests.web.api.contract import ENDPOINTS, Endpoint
from tests.web.api.test_access import Colleague
from tests.web.clinic import Clinic, consultant
from tests.web.conftest import problem
from web.reach import OPEN, within_reach

_MAY = [one for one in ENDPOINTS if set(one.scopes) <= ROLES["clinician"]]
_OF_A_PATIENT = re.compile(r"\{(patient|appointment|series|entry|message)_id\}")
_ASKING = "POST /patients/{patient_id}/access"
_NOBODYS = {"GET /workflows/{workflow_id}"}
"""States and steps, without personal data, for whoever started the process."""


@pytest.fixture(scope="module")
async def own(clinic: Clinic) -> Colleague:
    """Sign in the clinician whose patients the records are of."""
    return await Colleague.hire(clinic, "clinician", consultant_id=clinic.consultant)


@pytest.fixture(scope="module")
async def other(clinic: Clinic) -> Colleague:
    """Sign in a clinician who is another consultant, and has no patient yet."""
    return await Colleague.hire(clinic, "clinician", consultant_id=await clinic.made("/consultants", consultant()))


@pytest.fixture(scope="module")
async def secrets(clinic: Clinic, records: dict[str, str]) -> set[str]:
    """Collect what nobody may see of a patient who is not theirs."""
    patient = (await clinic.get(f"/patients/{records['patient_id']}")).json()
    kinds = ("patient_id", "appointment_id", "series_id", "entry_id", "message_id")
    return {patient["last_name"], patient["email"], patient["mrn"], *(records[kind] for kind in kinds)}


@pytest.mark.parametrize("endpoint", _MAY, ids=str)
async def test_no_endpoint_shows_another_consultants_patient_to_a_clinician(
    other: Colleague, endpoint: Endpoint, records: dict[str, str], secrets: set[str]
) -> None:
    if str(endpoint) in {_ASKING, *_NOBODYS}:
        return
    body = endpoint.body(records)
    answer = await other.ask(endpoint.method, endpoint.url(records), json=body)
    if _OF_A_PATIENT.search(endpoint.path) or "patient_id" in str(body):
        assert problem(answer, 403, "reason_needed")["patient_id"] == records["patient_id"]
    else:
        assert answer.status_code != 403 or "absence" in endpoint.path, answer.text
        assert {secret for secret in secrets if secret in answer.text} == set()


@pytest.mark.parametrize("endpoint", [one for one in _MAY if one.method == "GET"], ids=str)
async def test_of_ones_own_patients_a_clinician_reads_everything(
    own: Colleague, endpoint: Endpoint, records: dict[str, str]
) -> None:
    answer = await own.ask("GET", endpoint.url(records))
    assert answer.status_code == 200, answer.text


async def test_a_reason_opens_a_patient_for_that_person_and_is_in_the_audit(clinic: Clinic) -> None:
    booked = await clinic.booked()
    patient, at = booked["patient"]["id"], f"/appointments/{booked['id']}"
    nosy, colleague = [await Colleague.hire(clinic, "clinician") for _ in range(2)]
    problem(await nosy.ask("GET", at), 403, "reason_needed")
    opened = await nosy.ask("POST", f"/patients/{patient}/access", json={"reason": "Covering this afternoon"})
    assert opened.status_code == 201, opened.text
    assert (await nosy.ask("GET", at)).status_code == 200
    assert (await nosy.ask("GET", f"/patients/{patient}")).json()["allergies"] == []
    assert [one["id"] for one in (await nosy.ask("GET", "/patients")).json()["items"]] == [patient]
    problem(await colleague.ask("GET", at), 403, "reason_needed")
    owner = await Colleague.hire(clinic, "owner")
    events = (await owner.ask("GET", "/audit-events", params={"action": "patient.opened"})).json()["items"]
    assert [(one["entity_id"], one["reason"]) for one in events] == [(patient, "Covering this afternoon")]


async def test_a_clinician_finds_and_counts_their_own_patients(
    clinic: Clinic, own: Colleague, other: Colleague, records: dict[str, str]
) -> None:
    stranger = await clinic.patient()
    mine = {one["id"] for one in (await own.ask("GET", "/patients", params={"limit": 200})).json()["items"]}
    assert records["patient_id"] in mine
    assert stranger not in mine
    assert (await own.ask("GET", "/patients/count")).json() == {"count": len(mine)}
    assert (await other.ask("GET", "/patients", params={"q": "Nimal"})).json()["items"] == []
    assert (await other.ask("GET", "/messages")).json()["items"] == []


@pytest.mark.parametrize("role", ["front_desk", "billing", "auditor"])
async def test_no_answer_holds_medical_fields_for_who_may_not_read_them(
    clinic: Clinic, records: dict[str, str], role: Role
) -> None:
    medical = {"allergies": ["Xanthopenicillin"], "chronic_conditions": ["Zebulitis"], "blood_group": "AB-"}
    written = await clinic.ask("PATCH", f"/patients/{records['patient_id']}", json=medical)
    assert written.status_code == 200, written.text
    colleague = await Colleague.hire(clinic, role)
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET" and set(endpoint.scopes) <= ROLES[role]:
            answer = await colleague.ask("GET", endpoint.url(records))
            assert answer.status_code in {200, 404}, (endpoint, answer.text)  # of cash drawers one sees one's own
            assert not {"Xanthopenicillin", "Zebulitis", "AB-"} & {*re.findall(r"[\w-]+", answer.text)}, endpoint
    found = await colleague.ask("GET", "/patients", params={"q": "Nimal"})
    assert found.json()["items"]
    assert "allergies" not in found.text


async def test_who_has_another_role_besides_is_not_limited(clinic: Clinic, records: dict[str, str]) -> None:
    both = await Colleague.hire(clinic, "clinician", "front_desk")
    assert (await both.ask("GET", f"/patients/{records['patient_id']}")).status_code == 200
    assert (await both.ask("GET", f"/appointments/{records['appointment_id']}")).status_code == 200


async def test_nobody_opens_a_patient_whom_nobody_has_or_without_a_reason(other: Colleague, clinic: Clinic) -> None:
    unknown = await other.ask("POST", f"/patients/{uuid7()}/access", json={"reason": "An emergency"})
    problem(unknown, 404, "patient_not_found")
    known = f"/patients/{await clinic.patient()}/access"
    problem(await other.ask("POST", known, json={"reason": " "}), 422, "invalid_input")


async def test_a_path_that_nobody_thought_of_is_closed_to_a_limited_person(edge: FastAPI) -> None:
    limited = Actor(id=uuid7(), tenant_id=uuid7(), kind="staff", scopes=ROLES["clinician"], limited=True)
    asked: dict[str, Any] = {
        "type": "http", "method": "GET", "path": "/api/v1/brand-new", "root_path": "/api/v1", "headers": [],
        "query_string": b"", "path_params": {},
    }  # fmt: skip
    with pytest.raises(Forbidden):
        await within_reach(Request(asked), limited, edge.state.gateway)
    everybody = limited.model_copy(update={"limited": False})
    await within_reach(Request(asked), everybody, edge.state.gateway)


def test_every_path_that_is_open_exists(edge: FastAPI) -> None:
    rest = {f"/api/v1{one.path}" for one in ENDPOINTS}
    pages = {
        str(one.path_format) for one in iter_route_contexts(edge.routes) if isinstance(one.original_route, APIRoute)
    }
    assert OPEN - rest - pages == set()


def test_nobody_is_known_to_an_endpoint_but_through_the_doors() -> None:
    doors = re.compile(r"Depends\((?:caller|person|signed_in)\)|await (?:caller|person|signed_in)\(")
    found = {str(file) for file in Path("web").rglob("*.py") if doors.search(file.read_text())}
    assert found == {
        "web/session.py", "web/console.py", "web/api/workflows.py", "web/pages/calendar/events.py",
        "web/pages/signing_in.py",
    }  # fmt: skip
