"""`POST /oauth/token`, as RFC 6749 has it."""

import httpx
import pytest

from tests.web.clinic import API, SCOPES, Clinic

GRANT = {"grant_type": "client_credentials"}


async def test_a_client_gets_a_token_with_all_its_scopes(clinic: Clinic) -> None:
    answer = await clinic.http.post("/oauth/token", data=GRANT, auth=(clinic.client_id, clinic.client_secret))
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
    assert set(body["scope"].split()) == SCOPES
    assert answer.headers["cache-control"] == "no-store"
    told = await clinic.http.get(f"{API}/patients", headers={"authorization": f"Bearer {body['access_token']}"})
    assert told.status_code == 200


async def test_a_client_may_ask_for_less(clinic: Clinic) -> None:
    form = GRANT | {"scope": "patients:read"}
    answer = await clinic.http.post("/oauth/token", data=form, auth=(clinic.client_id, clinic.client_secret))
    assert answer.json()["scope"] == "patients:read"


async def test_the_secret_may_come_in_the_form(clinic: Clinic) -> None:
    form = GRANT | {"client_id": clinic.client_id, "client_secret": clinic.client_secret}
    assert (await clinic.http.post("/oauth/token", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("form", "secret", "status", "error"),
    [
        (GRANT, "wrong", 401, "invalid_client"),
        (GRANT, "", 401, "invalid_client"),
        (GRANT, "x" * 5000, 401, "invalid_client"),
        (GRANT | {"scope": "staff:manage"}, None, 400, "invalid_scope"),
        (GRANT | {"scope": "no:such"}, None, 400, "invalid_scope"),
        ({"grant_type": "password"}, None, 400, "unsupported_grant_type"),
        ({}, None, 400, "invalid_request"),
    ],
)
async def test_refusals_are_those_of_the_standard(
    clinic: Clinic, form: dict[str, str], secret: str | None, status: int, error: str
) -> None:
    auth = (clinic.client_id, clinic.client_secret if secret is None else secret)
    answer = await clinic.http.post("/oauth/token", data=form, auth=auth)
    assert (answer.status_code, answer.json().get("error")) == (status, error)


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "/" * 20, "Basic bm9jb2xvbg=="])
async def test_broken_credentials_are_a_wrong_client(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.post("/oauth/token", data=GRANT, headers={"authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_the_public_keys_are_there_and_hold_nothing_secret(http: httpx.AsyncClient) -> None:
    keys = (await http.get("/.well-known/jwks.json")).json()["keys"]
    assert keys
    assert all(set(key) <= {"kty", "n", "e", "use", "alg", "kid"} for key in keys)
