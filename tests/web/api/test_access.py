"""Who may pass: every endpoint, asked by nobody, without the scope, by every role, and by another organisation."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity.roles import ALL, ROLES, STAFF_ROLES, Role
from services.identity.schemas import StaffWrite
from tests.web.api.contract import ENDPOINTS, Endpoint, each
from tests.web.clinic import API, SCOPES, Clinic, consultant, person
from tests.web.conftest import problem

about_a_record = pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.about_a_record], ids=str)
_EXCEPTION = "/consultants/{consultant_id}/exceptions/{exception_id}"
_REMOVAL = f"DELETE {_EXCEPTION}"
_PLATFORM = Actor.system("identity:authenticate")


@dataclass
class Colleague:
    """Somebody who is signed in with one role."""

    http: httpx.AsyncClient
    token: str
    csrf: str

    @classmethod
    async def hire(cls, clinic: Clinic, *roles: Role, consultant_id: str | None = None) -> "Colleague":
        """Hire and sign in somebody new, who may be a consultant."""
        identity = clinic.gateway.identity
        owner = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
        email, password = f"{uuid7().hex}@clinic.example", "correct horse battery"
        who = UUID(consultant_id) if consultant_id else None
        told = StaffWrite(name="Ishara", email=email, roles=[*roles], password=password, consultant_id=who)
        await identity.create_staff(owner, uuid7(), told)
        signed_in = await identity.sign_in(_PLATFORM, email, password)
        session = await identity.session(_PLATFORM, signed_in.token)
        return cls(clinic.http, signed_in.token, session.csrf_secret)

    async def ask(self, method: str, path: str, *, changing: bool = True, **more: Any) -> httpx.Response:
        """Ask in the session, with its token where something may be changed."""
        headers = {"cookie": f"careconnect_session={self.token}"}
        if changing:
            headers["x-csrf-token"] = self.csrf
        return await self.http.request(method, API + path, headers=headers, **more)


@pytest.fixture(scope="module")
async def colleagues(clinic: Clinic) -> dict[Role, Colleague]:
    """Sign in somebody of each role; the clinician is the consultant whose patients the records are of."""
    return {role: await Colleague.hire(clinic, role, consultant_id=clinic.consultant) for role in STAFF_ROLES}


@each
async def test_anonymous_may_not(http: httpx.AsyncClient, endpoint: Endpoint, strangers: dict[str, str]) -> None:
    answer = await http.request(endpoint.method, API + endpoint.url(strangers), json=endpoint.body(strangers))
    problem(answer, 401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@each
async def test_every_scope_but_one_that_it_takes_is_not_enough(
    clinic: Clinic, endpoint: Endpoint, records: dict[str, str]
) -> None:
    for scope in endpoint.scopes:
        others = tuple(SCOPES - {scope})
        answer = await clinic.ask(endpoint.method, endpoint.url(records), json=endpoint.body(records), scopes=others)
        assert problem(answer, 403, "forbidden")["needed"] == scope


@each
async def test_a_role_passes_where_the_table_gives_it_the_scope_and_nowhere_else(
    colleagues: dict[Role, Colleague], endpoint: Endpoint, strangers: dict[str, str]
) -> None:
    """Asked about what nobody has, and with a body that no endpoint takes, so that nothing comes of it."""
    body = None if endpoint.method == "GET" else {"no endpoint": "takes this"}
    for role, colleague in colleagues.items():
        answer = await colleague.ask(endpoint.method, endpoint.url(strangers), json=body)
        if set(endpoint.scopes) <= ROLES[role]:
            assert answer.status_code not in {401, 403}, (role, answer.text)
        else:
            assert problem(answer, 403, "forbidden")["needed"] in endpoint.scopes, role


@about_a_record
async def test_no_role_reaches_a_record_of_another_organisation(
    colleagues: dict[Role, Colleague], endpoint: Endpoint, records: dict[str, str], other_records: dict[str, str]
) -> None:
    theirs = records | {name: other_records[name] for name in endpoint.records}
    for role, colleague in colleagues.items():
        answer = await colleague.ask(endpoint.method, endpoint.url(theirs), json=endpoint.body(records))
        if answer.status_code == 403:
            assert answer.json()["needed"] not in ROLES[role]
        else:
            assert (answer.status_code, set(endpoint.scopes) <= ROLES[role]) == (404, True), (role, answer.text)


@about_a_record
async def test_a_record_of_another_organisation_does_not_exist(
    clinic: Clinic, endpoint: Endpoint, records: dict[str, str], other_records: dict[str, str]
) -> None:
    """Each id of the path by itself too, beside ids of one's own; removing what is not there is harmless."""
    for names in (endpoint.records, *([name] for name in endpoint.records)):
        theirs = {name: other_records[name] for name in names}
        answer = await clinic.ask(endpoint.method, endpoint.url(records | theirs), json=endpoint.body(records))
        if (str(endpoint), names) == (_REMOVAL, ["exception_id"]):
            assert answer.status_code == 204
            continue
        assert answer.status_code == 404, (names, answer.text)
        assert answer.json()["code"].endswith("_not_found")


@about_a_record
async def test_a_record_that_nobody_has_looks_just_the_same(
    clinic: Clinic, endpoint: Endpoint, records: dict[str, str], other_records: dict[str, str],
    strangers: dict[str, str],
) -> None:  # fmt: skip
    answers = []
    for whose in (other_records, strangers):
        ids = records | {name: whose[name] for name in endpoint.records}
        answer = await clinic.ask(endpoint.method, endpoint.url(ids), json=endpoint.body(records))
        answers.append({key: value for key, value in answer.json().items() if key != "instance"})
    assert answers[0] == answers[1]


async def test_a_removal_under_ones_own_consultant_leaves_anothers_leave_alone(
    clinic: Clinic, other_clinic: Clinic, records: dict[str, str], other_records: dict[str, str]
) -> None:
    mixed = records | {"exception_id": other_records["exception_id"]}
    assert (await clinic.ask("DELETE", _EXCEPTION.format(**mixed))).status_code == 204
    left = await other_clinic.get(f"{_EXCEPTION}/affected".format(**other_records))
    assert left.status_code == 200, left.text


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.about_a_record and one.method == "GET"], ids=str)
async def test_a_record_of_ones_own_does(clinic: Clinic, endpoint: Endpoint, records: dict[str, str]) -> None:
    answer = await clinic.ask(endpoint.method, endpoint.url(records))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.gives_a_record], ids=str)
async def test_a_single_record_that_is_held_already_is_not_sent_again(
    clinic: Clinic, endpoint: Endpoint, records: dict[str, str]
) -> None:
    first = await clinic.get(endpoint.url(records))
    again = await clinic.get(endpoint.url(records), headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "ETag" in endpoint.said["responses"]["200"]["headers"]


async def test_what_is_named_in_a_body_is_looked_for_in_ones_own_organisation(
    clinic: Clinic, records: dict[str, str], other_records: dict[str, str]
) -> None:
    money = {"amount": 100, "currency": "LKR"}
    invoice = {"patient_id": other_records["patient_id"], "lines": [{"description": "X-ray", "unit": money}]}
    problem(await clinic.post("/payments/invoices", json=invoice), 404, "patient_not_found")
    payment = {"invoice_id": other_records["invoice_id"], "method": "cash", "amount": money}
    problem(await clinic.post("/payments", json=payment), 404, "invoice_not_found")
    message = {"patient_id": other_records["patient_id"], "channel": "sms", "template": "reminder"}
    problem(await clinic.post("/messages", json=message), 404, "patient_not_found")
    hours = [{"location_id": other_records["location_id"], "weekday": 0, "starts": "09:00", "ends": "10:00"}]
    place = f"/consultants/{records['consultant_id']}/schedule"
    refused = problem(await clinic.put(place, json={"hours": hours}), 422, "invalid_input")
    assert refused["errors"][0]["field"] == "hours.0.location_id"


@pytest.mark.parametrize(
    "path",
    [
        "/patients", "/consultants", "/appointments", "/payments", "/payments/invoices", "/messages", "/locations",
        "/visit-types", "/rooms", "/price-lists", "/series", "/waitlist", "/payers", "/claims", "/claims/batches",
        "/drawers",
    ],
)  # fmt: skip
async def test_lists_hold_nothing_of_another_organisation(
    clinic: Clinic, other_clinic: Clinic, records: dict[str, str], other_records: dict[str, str], path: str
) -> None:
    assert len(records) == len(other_records)
    mine, theirs = [await _listed(whose, path) for whose in (clinic, other_clinic)]
    assert mine
    assert theirs
    assert not mine & theirs


async def _listed(whose: Clinic, path: str) -> set[str]:
    answer = await whose.get(path, params={"limit": 100})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return {one["id"] for one in (found if isinstance(found, list) else found["items"])}


@pytest.mark.parametrize(
    "header",
    [
        "Bearer", "Bearer x", "Bearer a.b.c", "Bearer " + "x" * 9000, "Basic dXNlcjpwYXNz", "bearer null",
        "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer \xff\xfe",
    ],
)  # fmt: skip
async def test_what_is_no_token_of_ours_is_nobody(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.get(f"{API}/patients", headers=[(b"authorization", header.encode("latin-1"))])
    problem(answer, 401, "not_authenticated")


async def test_a_token_whose_words_were_changed_is_nobody(clinic: Clinic) -> None:
    head, body, signature = (await clinic.token("patients:read")).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert (claims["scope"], claims["tenant"]) == ("patients:read", str(clinic.tenant_id))
    wider = base64.urlsafe_b64encode(json.dumps(claims | {"scope": "patients:write"}).encode()).decode().rstrip("=")
    headers = {"authorization": f"Bearer {head}.{wider}.{signature}"}
    problem(await clinic.http.get(f"{API}/patients", headers=headers), 401, "not_authenticated")


async def test_staff_use_their_session_and_carry_its_token_to_change_something(
    clinic: Clinic, colleagues: dict[Role, Colleague]
) -> None:
    desk = colleagues["front_desk"]
    assert (await desk.ask("GET", "/patients", changing=False)).status_code == 200
    problem(await desk.ask("POST", "/patients", json=person(), changing=False), 403, "csrf_failed")
    assert (await desk.ask("POST", "/patients", json=person())).status_code == 201
    problem(await desk.ask("POST", "/consultants", json=consultant()), 403, "forbidden")
    await clinic.gateway.identity.end_session(_PLATFORM, desk.token)
    problem(await desk.ask("GET", "/patients"), 401, "not_authenticated")
