"""API clients over HTTP: admitted, authenticated, renewed and revoked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from services.identity import credentials
from services.identity.roles import ROLES
from tests.services.identity.conftest import Database
from tests.services.identity.organisation import EDGE, Organisation

PROGRAM = {"name": "Laboratory", "scopes": ["patients:read", "appointments:write"]}
Later = Callable[[timedelta], datetime]


async def admit(organisation: Organisation, **changed: Any) -> dict[str, Any]:
    answer = await organisation.http.put(f"/clients/{uuid7()}", json=PROGRAM | changed, headers=organisation.headers)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def authenticate(organisation: Organisation, client_id: str, secret: str) -> httpx.Response:
    told = {"client_id": client_id, "client_secret": secret}
    return await organisation.http.post("/clients/authentication", json=told, headers=EDGE)


async def test_an_admitted_program_authenticates_with_the_scopes_it_was_given(organisation: Organisation) -> None:
    made = await admit(organisation)
    answer = await authenticate(organisation, made["client_id"], made["client_secret"])
    assert answer.json() == {
        "id": made["id"],
        "tenant_id": str(organisation.tenant_id),
        "name": "Laboratory",
        "scopes": ["appointments:write", "patients:read"],
    }


async def test_the_secret_is_shown_once_and_only_its_hash_is_kept(
    organisation: Organisation, database: Database
) -> None:
    made = await admit(organisation)
    path = f"/clients/{made['id']}"
    again = await organisation.http.put(path, json=PROGRAM, headers=organisation.headers)
    assert (again.status_code, again.json()["client_secret"]) == (200, None)
    assert "client_secret" not in (await organisation.http.get(path, headers=organisation.headers)).json()
    async with database() as connection:
        row = await connection.fetchrow("SELECT secret_hash, api_clients::text AS whole FROM api_clients")
    assert row is not None
    assert row["secret_hash"] == credentials.digest(made["client_secret"])
    assert made["client_secret"] not in row["whole"]


async def test_whatever_is_wrong_with_credentials_the_answer_is_the_same(organisation: Organisation) -> None:
    made, revoked = await admit(organisation), await admit(organisation)
    gone = await organisation.http.delete(f"/clients/{revoked['id']}", headers=organisation.headers)
    assert gone.status_code == 204
    wrong = [
        (made["client_id"], revoked["client_secret"]),
        (made["client_id"], ""),
        (credentials.new_client_id(organisation.tenant_id), made["client_secret"]),
        (credentials.new_client_id(uuid7()), made["client_secret"]),
        (revoked["client_id"], revoked["client_secret"]),
        ("cc_", made["client_secret"]),
        ("nonsense", made["client_secret"]),
    ]
    answers = [await authenticate(organisation, *told) for told in wrong]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(401, answers[0].json())] * len(wrong)
    assert answers[0].json()["code"] == "invalid_client"


async def test_a_renewed_secret_is_the_only_one_that_counts(organisation: Organisation) -> None:
    made = await admit(organisation)
    fresh = (await organisation.http.post(f"/clients/{made['id']}/secret", headers=organisation.headers)).json()
    assert (fresh["client_id"], fresh["version"]) == (made["client_id"], 2)
    assert (await authenticate(organisation, made["client_id"], made["client_secret"])).status_code == 401
    assert (await authenticate(organisation, made["client_id"], fresh["client_secret"])).status_code == 200


async def test_a_revoked_program_stays_revoked(organisation: Organisation) -> None:
    made = await admit(organisation)
    path = f"/clients/{made['id']}"
    assert [(await organisation.http.delete(path, headers=organisation.headers)).status_code for _ in "ab"] == [204] * 2
    renewed = await organisation.http.post(f"{path}/secret", headers=organisation.headers)
    assert (renewed.status_code, renewed.json()["code"]) == (409, "client_revoked")
    listed = await organisation.http.get("/clients", params={"active": "true"}, headers=organisation.headers)
    assert listed.json()["items"] == []


@pytest.mark.parametrize("scope", ["staff:manage", "audit:read", "console:operate"])
async def test_no_program_gets_rights_over_people(organisation: Organisation, scope: str) -> None:
    wanted = {"name": "Too much", "scopes": [scope]}
    answer = await organisation.http.put(f"/clients/{uuid7()}", json=wanted, headers=organisation.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "beyond_your_rights")


async def test_nobody_gives_a_program_more_than_they_have(organisation: Organisation) -> None:
    headers = organisation.acting("staff:manage", "patients:read")
    answer = await organisation.http.put(f"/clients/{uuid7()}", json=PROGRAM, headers=headers)
    assert (answer.status_code, answer.json()["needed"]) == (403, ["appointments:write"])
    made = await admit(organisation)
    renewed = await organisation.http.post(f"/clients/{made['id']}/secret", headers=headers)
    assert (renewed.status_code, renewed.json()["code"]) == (403, "beyond_your_rights")


async def test_an_unknown_scope_is_refused(organisation: Organisation) -> None:
    wanted = {"name": "Laboratory", "scopes": ["*"]}
    answer = await organisation.http.put(f"/clients/{uuid7()}", json=wanted, headers=organisation.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_the_most_that_a_program_can_have_it_can_have(organisation: Organisation) -> None:
    made = await admit(organisation, scopes=sorted(ROLES["integration"]))
    assert set(made["scopes"]) == ROLES["integration"]


async def test_the_last_use_is_known_to_the_minute_and_raises_no_version(
    organisation: Organisation, later: Later
) -> None:
    began = later(timedelta())
    made = await admit(organisation)
    uses = []
    for seconds in (0, 59, 60):
        later(timedelta(seconds=seconds))
        await authenticate(organisation, made["client_id"], made["client_secret"])
        told = (await organisation.http.get(f"/clients/{made['id']}", headers=organisation.headers)).json()
        uses.append((datetime.fromisoformat(told["last_used_at"]) - began, told["version"]))
    assert uses == [(timedelta(), 1), (timedelta(), 1), (timedelta(seconds=60), 1)]


async def test_right_and_wrong_credentials_are_audited(organisation: Organisation, database: Database) -> None:
    made = await admit(organisation)
    await authenticate(organisation, made["client_id"], made["client_secret"])
    await authenticate(organisation, made["client_id"], "wrong")
    async with database() as connection:
        rows = await connection.fetch("SELECT action FROM audit_events WHERE entity = 'api_client' ORDER BY id")
    assert [row["action"] for row in rows] == ["client.admitted", "client.authenticated", "client.refused"]
