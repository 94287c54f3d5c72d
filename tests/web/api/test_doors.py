"""Who may pass: every endpoint, asked by nobody, by somebody without the scope, and by another organisation."""

import base64
import json

import httpx
import pytest

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity.roles import ALL
from services.identity.schemas import StaffWrite
from tests.web.api.contract import ENDPOINTS, Endpoint, each
from tests.web.clinic import API, SCOPES, Clinic, consultant, person
from tests.web.conftest import problem


@each
async def test_anonymous_may_not(http: httpx.AsyncClient, endpoint: Endpoint, strangers: dict[str, str]) -> None:
    answer = await http.request(endpoint.method, API + endpoint.url(strangers), json=endpoint.body(strangers))
    problem(answer, 401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@each
async def test_every_scope_but_the_one_is_not_enough(
    clinic: Clinic, endpoint: Endpoint, records: dict[str, str]
) -> None:
    others = tuple(SCOPES - {endpoint.scope})
    answer = await clinic.ask(endpoint.method, endpoint.url(records), json=endpoint.body(records), scopes=others)
    assert problem(answer, 403, "forbidden")["needed"] == endpoint.scope


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.about_a_record], ids=str)
async def test_a_record_of_another_organisation_does_not_exist(
    clinic: Clinic, endpoint: Endpoint, records: dict[str, str], other_records: dict[str, str]
) -> None:
    theirs = {name: other_records[name] for name in endpoint.parameters}
    answer = await clinic.ask(endpoint.method, endpoint.url(records | theirs), json=endpoint.body(records))
    assert answer.status_code == 404, answer.text
    assert answer.json()["code"].endswith("_not_found")


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.about_a_record], ids=str)
async def test_a_record_that_nobody_has_looks_just_the_same(
    clinic: Clinic, endpoint: Endpoint, records: dict[str, str], other_records: dict[str, str],
    strangers: dict[str, str],
) -> None:  # fmt: skip
    answers = []
    for whose in (other_records, strangers):
        ids = records | {name: whose[name] for name in endpoint.parameters}
        answer = await clinic.ask(endpoint.method, endpoint.url(ids), json=endpoint.body(records))
        answers.append({key: value for key, value in answer.json().items() if key != "instance"})
    assert answers[0] == answers[1]


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.about_a_record and one.method == "GET"], ids=str)
async def test_a_record_of_ones_own_does(clinic: Clinic, endpoint: Endpoint, records: dict[str, str]) -> None:
    answer = await clinic.ask(endpoint.method, endpoint.url(records))
    assert answer.status_code == 200, answer.text


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


@pytest.mark.parametrize("path", ["/patients", "/consultants", "/appointments", "/payments", "/messages", "/locations"])
async def test_lists_hold_nothing_of_another_organisation(
    clinic: Clinic, other_clinic: Clinic, records: dict[str, str], other_records: dict[str, str], path: str
) -> None:
    assert len(records) == len(other_records)
    mine, theirs = [
        {one["id"] for one in (await whose.get(path, params={"limit": 200})).json()["items"]}
        for whose in (clinic, other_clinic)
    ]
    assert mine
    assert theirs
    assert not mine & theirs


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
    clinic: Clinic, http: httpx.AsyncClient
) -> None:
    identity, platform = clinic.gateway.identity, Actor.system("identity:authenticate")
    owner = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    email, password = f"{uuid7().hex}@clinic.example", "correct horse battery"
    told = StaffWrite(name="Ishara", email=email, roles=["front_desk"], password=password)
    await identity.create_staff(owner, uuid7(), told)
    signed_in = await identity.sign_in(platform, email, password)
    cookie = {"cookie": f"careconnect_session={signed_in.token}"}
    assert (await http.get(f"{API}/patients", headers=cookie)).status_code == 200
    problem(await http.post(f"{API}/patients", json=person(), headers=cookie), 403, "csrf_failed")
    session = await identity.session(platform, signed_in.token)
    changing = cookie | {"x-csrf-token": session.csrf_secret}
    assert (await http.post(f"{API}/patients", json=person(), headers=changing)).status_code == 201
    problem(await http.post(f"{API}/consultants", json=consultant(), headers=changing), 403, "forbidden")
    await identity.end_session(platform, signed_in.token)
    problem(await http.get(f"{API}/patients", headers=cookie), 401, "not_authenticated")
