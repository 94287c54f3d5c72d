"""How every answer behaves: request ids, problems, sizes, methods, and headers that protect."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from careconnect.errors import Unavailable
from services.patients.client import PatientsClient
from tests.web.clinic import API, Clinic
from tests.web.conftest import problem
from web.gateway.engine import Engine
from web.gateway.errors import EngineUnavailable, StillDeciding


async def test_a_request_keeps_its_id_and_gets_one_if_it_has_none(clinic: Clinic) -> None:
    kept = await clinic.get("/patients", headers={"x-request-id": "01a203f0-7e57"})
    assert kept.headers["x-request-id"] == "01a203f0-7e57"
    given = [(await clinic.get("/patients")).headers["x-request-id"] for _ in range(2)]
    assert len(set(given)) == 2


async def test_a_refusal_is_a_problem_that_says_where(clinic: Clinic) -> None:
    place = f"/patients/{UUID(int=1)}"
    body = problem(await clinic.get(place), 404, "patient_not_found")
    assert body["instance"] == API + place


@pytest.mark.parametrize("path", ["/nothing", "/patients/not-an-id/what", "/payments/invoices/x/receipt.txt"])
async def test_an_unknown_path_is_a_problem(clinic: Clinic, path: str) -> None:
    body = problem(await clinic.get(path), 404, "not_found")
    assert "address" in body["detail"]


async def test_a_body_that_is_missing_is_named(clinic: Clinic) -> None:
    body = problem(await clinic.post("/patients", headers={"content-type": "application/json"}), 422, "invalid_input")
    assert body["errors"][0]["field"] == "body"


async def test_an_id_that_is_none_is_invalid(clinic: Clinic) -> None:
    body = problem(await clinic.get("/patients/not-an-id"), 422, "invalid_input")
    assert body["errors"][0]["field"] == "patient_id"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/appointments?patinet_id=1&limit=1", "Did you mean patient_id?"),
        ("/ledger/entries?acount=cash", "Did you mean account?"),
        ("/claims?q=x", "Here are known: count, cursor, "),
        (f"/patients/{UUID(int=1)}?expand", "Here are known: none."),
    ],
)
async def test_a_parameter_that_is_not_known_is_refused_by_its_name(clinic: Clinic, path: str, hint: str) -> None:
    (wrong,) = problem(await clinic.get(path), 422, "invalid_input")["errors"]
    assert wrong["field"] == path.partition("?")[2].partition("&")[0].partition("=")[0]
    assert wrong["code"] == "unknown_parameter"
    assert hint in wrong["message"]


async def test_many_parameters_that_are_not_known_are_answered_in_short(clinic: Clinic) -> None:
    many = {f"{number}{'x' * 3000}": "1" for number in range(20)}
    body = problem(await clinic.get("/patients", params=many), 422, "invalid_input")
    assert len(body["errors"]) == 20
    assert len(str(body)) < 6000


async def test_a_method_that_is_not_offered_is_405_and_says_which_are(clinic: Clinic) -> None:
    answer = await clinic.ask("DELETE", "/patients")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_413(clinic: Clinic, announced: bool) -> None:
    body = b'{"first_name": "' + b"x" * 1_100_000 + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 64_000):
            yield body[at : at + 64_000]

    headers = {"content-type": "application/json"}
    answer = await clinic.post("/patients", content=body if announced else pieces(), headers=headers)
    problem(answer, 413, "too_large")


async def test_a_length_that_is_no_number_is_refused(clinic: Clinic) -> None:
    headers = {"content-type": "application/json", "content-length": "many"}
    answer = await clinic.post("/patients", content=b"{}", headers=headers)
    assert answer.status_code in {400, 413, 422}


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data"])
async def test_a_body_of_another_kind_is_refused(clinic: Clinic, content_type: str) -> None:
    answer = await clinic.post("/patients", content=b"<patient/>", headers={"content-type": content_type})
    problem(answer, 422, "invalid_input")


async def test_answers_are_compressed_and_protected(clinic: Clinic) -> None:
    answer = await clinic.get("/visit-types", headers={"accept-encoding": "br"})
    assert answer.headers["content-encoding"] == "br"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_that_cannot_be_is_refused(clinic: Clinic, key: str) -> None:
    answer = await clinic.post("/patients", json={}, headers={"idempotency-key": key})
    problem(answer, 422, "invalid_input")


async def test_a_service_that_is_away_is_503_with_a_time_to_come_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable.of("The patients service")

    monkeypatch.setattr(PatientsClient, "call", away)
    answer = await clinic.get("/patients")
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]


async def test_an_engine_that_is_away_is_503(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise EngineUnavailable

    wish = await clinic.wish()
    monkeypatch.setattr(Engine, "begin", away)
    answer = await clinic.post("/appointments", json=wish)
    problem(answer, 503, "engine_unavailable")
    assert answer.headers["retry-after"]


async def test_what_is_not_decided_in_time_says_where_to_look(
    clinic: Clinic, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Engine.begin

    async def slow(self: Engine, run: object, request: object, workflow_id: str, *more: object, **also: object) -> None:
        await begin(self, run, request, workflow_id, *more, **also)  # type: ignore[arg-type]
        raise StillDeciding(workflow_id=workflow_id, retry_after=2)

    wish = await clinic.wish()
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "begin", slow)
        answer = await clinic.post("/appointments", json=wish, key="slow")
    problem(answer, 202, "still_deciding")
    assert answer.headers["retry-after"] == "2"
    headers = {"authorization": f"Bearer {await clinic.token()}"}
    told = (await http.get(answer.headers["location"], headers=headers)).json()
    assert told["result"]["status"] == "booked"
    repeated = await clinic.post("/appointments", json=wish, key="slow")
    assert (repeated.status_code, repeated.json()["id"]) == (201, told["result"]["appointment_id"])
