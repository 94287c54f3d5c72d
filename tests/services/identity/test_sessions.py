"""How long a session lives, over HTTP."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from careconnect.ids import uuid7
from services.identity import credentials
from tests.services.identity.conftest import Database
from tests.services.identity.organisation import EDGE, Organisation, person

Later = Callable[[timedelta], datetime]


async def test_a_session_ends_after_twelve_hours_without_use(organisation: Organisation, later: Later) -> None:
    later(timedelta())
    token = await organisation.token()
    later(timedelta(hours=11, minutes=59))
    assert (await organisation.look_up(token)).status_code == 200
    later(timedelta(hours=23, minutes=58))
    assert (await organisation.look_up(token)).status_code == 200
    later(timedelta(hours=35, minutes=58))
    ended = await organisation.look_up(token)
    assert (ended.status_code, ended.json()["code"]) == (401, "session_ended")


async def test_a_session_ends_after_seven_days_however_much_it_is_used(
    organisation: Organisation, later: Later
) -> None:
    later(timedelta())
    token = await organisation.token()
    for hours in range(10, 168, 10):
        later(timedelta(hours=hours))
        assert (await organisation.look_up(token)).status_code == 200, hours
    later(timedelta(days=7))
    assert (await organisation.look_up(token)).json()["code"] == "session_ended"


async def test_a_session_is_touched_once_a_minute_at_most(
    organisation: Organisation, later: Later, database: Database
) -> None:
    began = later(timedelta())
    token = await organisation.token()

    async def seen(by: timedelta) -> timedelta:
        later(by)
        await organisation.look_up(token)
        async with database() as connection:
            last: datetime = await connection.fetchval("SELECT last_seen_at FROM sessions")
        return last - began

    assert await seen(timedelta(seconds=59)) == timedelta()
    assert await seen(timedelta(seconds=60)) == timedelta(seconds=60)
    assert await seen(timedelta(seconds=119)) == timedelta(seconds=60)
    assert await seen(timedelta(seconds=120)) == timedelta(seconds=120)


async def test_an_ended_session_stays_ended_and_ending_it_twice_is_harmless(organisation: Organisation) -> None:
    token = await organisation.token()
    ends = [await organisation.http.post("/sessions/ending", json={"token": token}, headers=EDGE) for _ in range(2)]
    assert [answer.status_code for answer in ends] == [204, 204]
    assert (await organisation.look_up(token)).json()["code"] == "session_ended"


async def test_deactivating_a_person_ends_their_sessions_for_good(organisation: Organisation) -> None:
    made = await organisation.engage(uuid7(), person())
    token = await organisation.token(made["email"])
    path = f"/staff/{made['id']}"
    await organisation.http.delete(path, headers=organisation.headers)
    assert (await organisation.look_up(token)).json()["code"] == "session_ended"
    await organisation.http.post(f"{path}/activation", headers=organisation.headers)
    assert (await organisation.look_up(token)).json()["code"] == "session_ended"
    assert (await organisation.sign_in(made["email"])).status_code == 201


async def test_a_new_password_ends_every_session_and_is_the_one_that_counts(organisation: Organisation) -> None:
    made = await organisation.engage(uuid7(), person())
    tokens = [await organisation.token(made["email"]) for _ in range(2)]
    path = f"/staff/{made['id']}/password"
    wanted = {"password": "a quite different one"}
    assert (await organisation.http.put(path, json=wanted, headers=organisation.headers)).status_code == 204
    assert [(await organisation.look_up(token)).status_code for token in tokens] == [401, 401]
    assert (await organisation.sign_in(made["email"])).status_code == 401
    assert (await organisation.sign_in(made["email"], wanted["password"])).status_code == 201


async def test_changed_roles_count_in_sessions_that_have_begun(organisation: Organisation) -> None:
    consultant = str(uuid7())
    details = person(password=None)
    made = await organisation.engage(uuid7(), details | {"password": "correct horse battery"})
    token = await organisation.token(made["email"])
    changed = {"name": details["name"], "email": details["email"], "roles": ["clinician"], "consultant_id": consultant}
    await organisation.http.put(f"/staff/{made['id']}/record", json=changed, headers=organisation.headers)
    actor = (await organisation.look_up(token)).json()["actor"]
    assert "patients:clinical" in actor["scopes"]
    assert "payments:write" not in actor["scopes"]
    assert actor["consultant_id"] == consultant


async def test_a_token_moved_to_another_tenant_opens_nothing(organisation: Organisation) -> None:
    token = await organisation.token()
    forged = credentials.new_session_token(organisation.tenant_id)
    elsewhere = credentials.new_session_token(uuid7())[:22] + token[22:]
    for wrong in (forged, elsewhere, token[:-1], token + "A", "", "ä", "\u0000", "=" * 64):
        answer = await organisation.look_up(wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "session_ended"), wrong


@pytest.mark.parametrize("tenant", [UUID(int=0), UUID(int=2**128 - 1), uuid7()])
def test_a_token_and_a_client_id_tell_the_tenant_they_were_minted_for(tenant: UUID) -> None:
    assert credentials.tenant_of_token(credentials.new_session_token(tenant)) == tenant
    assert credentials.tenant_of_client(credentials.new_client_id(tenant)) == tenant
