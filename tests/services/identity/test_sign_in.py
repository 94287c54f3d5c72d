"""Signing in, and what a session tells, over HTTP."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher

from careconnect.ids import uuid7
from services.identity import passwords
from services.identity.roles import ROLES
from tests.services.identity.conftest import Database
from tests.services.identity.organisation import EDGE, PASSWORD, Organisation, person

Later = Callable[[timedelta], datetime]


async def test_signing_in_gives_a_session_that_tells_who_asks_and_what_they_may_do(organisation: Organisation) -> None:
    begun = (await organisation.sign_in()).json()
    assert begun["staff"]["id"] == str(organisation.owner_id)
    assert begun["tenant"]["name"] == "Serendib Clinics"
    told = (await organisation.look_up(begun["token"])).json()
    assert told["actor"]["id"] == str(organisation.owner_id)
    assert told["actor"]["tenant_id"] == str(organisation.tenant_id)
    assert set(told["actor"]["scopes"]) == ROLES["owner"]
    assert (told["staff_name"], told["locale"], told["roles"]) == ("Ishara Perera", "en_LK", ["owner"])
    assert told["expires_at"] == begun["expires_at"]
    assert begun["token"] not in told["csrf_secret"]


async def test_an_email_is_the_same_however_it_is_written(organisation: Organisation) -> None:
    assert (await organisation.sign_in(f"  {organisation.owner_email.upper()} ")).status_code == 201


async def test_each_sign_in_has_a_token_and_a_csrf_secret_of_its_own(organisation: Organisation) -> None:
    tokens = {await organisation.token() for _ in range(3)}
    secrets = {(await organisation.look_up(token)).json()["csrf_secret"] for token in tokens}
    assert len(tokens) == len(secrets) == 3


async def test_signing_in_again_ends_the_session_before_where_it_is_named(organisation: Organisation) -> None:
    old = await organisation.token()
    assert (await organisation.sign_in(previous_token=old)).status_code == 201
    assert (await organisation.look_up(old)).json()["code"] == "session_ended"


async def test_a_wrong_password_an_unknown_email_and_a_person_who_left_get_one_and_the_same_answer(
    organisation: Organisation,
) -> None:
    left = await organisation.engage(uuid7(), person())
    unset = await organisation.engage(uuid7(), person(password=None))
    await organisation.http.delete(f"/staff/{left['id']}", headers=organisation.headers)
    answers = [
        await organisation.sign_in(password="wrong"),
        await organisation.sign_in("nobody@nowhere.example"),
        await organisation.sign_in(left["email"]),
        await organisation.sign_in(unset["email"]),
    ]
    bodies = [(answer.status_code, answer.json()) for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert (bodies[0][0], bodies[0][1]["code"]) == (401, "invalid_credentials")


async def test_an_unknown_email_costs_a_password_comparison_too(
    organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    compare = passwords._verify  # noqa: SLF001 - the very work is what is counted

    def counted(kept: str, password: str) -> bool:
        compared.append(kept)
        return compare(kept, password)

    monkeypatch.setattr(passwords, "_verify", counted)
    await organisation.sign_in("nobody@nowhere.example")
    await organisation.sign_in(password="wrong")
    parameters = [kept.rsplit("$", 2)[0] for kept in compared]
    assert len(parameters) == 2
    assert parameters[0] == parameters[1]


async def test_after_ten_tries_none_is_looked_at_until_a_quarter_of_an_hour_has_passed(
    organisation: Organisation, later: Later
) -> None:
    later(timedelta())
    codes = [(await organisation.sign_in(password="wrong")).json()["code"] for _ in range(11)]
    assert codes == ["invalid_credentials"] * 10 + ["too_many_attempts"]
    later(timedelta(minutes=5))
    throttled = await organisation.sign_in()
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "600")
    later(timedelta(minutes=15))
    assert (await organisation.sign_in()).status_code == 201


async def test_an_unknown_email_is_throttled_like_a_known_one(organisation: Organisation, later: Later) -> None:
    later(timedelta())
    email = f"{uuid7().hex}@nowhere.example"
    codes = [(await organisation.sign_in(email)).json()["code"] for _ in range(11)]
    assert codes == ["invalid_credentials"] * 10 + ["too_many_attempts"]


async def test_of_thirty_tries_at_once_ten_are_looked_at(organisation: Organisation) -> None:
    answers = await asyncio.gather(*(organisation.sign_in(password=f"wrong {turn}") for turn in range(30)))
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 20


async def test_throttling_one_email_leaves_the_others_alone(organisation: Organisation) -> None:
    other = await organisation.engage(uuid7(), person())
    await asyncio.gather(*(organisation.sign_in(password="wrong") for _ in range(11)))
    assert (await organisation.sign_in(other["email"])).status_code == 201


async def test_a_sign_in_forgets_the_tries_before_it(organisation: Organisation) -> None:
    for _ in range(2):
        for _ in range(9):
            await organisation.sign_in(password="wrong")
        assert (await organisation.sign_in()).status_code == 201


async def test_a_hash_of_older_parameters_is_renewed_at_sign_in_and_raises_no_version(
    organisation: Organisation, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT password_hash, version FROM staff"
    async with database() as connection:
        before = await connection.fetchrow(query)
        stronger = PasswordHasher(time_cost=passwords.TIME_COST + 1, memory_cost=8192, parallelism=1)
        monkeypatch.setattr(passwords, "_HASHER", stronger)
        assert (await organisation.sign_in()).status_code == 201
        after = await connection.fetchrow(query)
        assert (await organisation.sign_in()).status_code == 201
        again = await connection.fetchrow(query)
    assert before is not None
    assert after is not None
    assert before["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert after["password_hash"].startswith("$argon2id$v=19$m=8192,t=3,p=1$")
    assert (after["version"], again) == (before["version"], after)


async def test_every_sign_in_and_every_refusal_is_audited_without_the_email(
    organisation: Organisation, database: Database
) -> None:
    token = await organisation.token()
    await organisation.sign_in(password="wrong")
    await organisation.http.post("/sessions/ending", json={"token": token}, headers=EDGE)
    query = "SELECT action, actor_kind, entity_id, audit_events::text AS whole FROM audit_events ORDER BY id"
    async with database() as connection:
        rows = [row for row in await connection.fetch(query) if row["action"].startswith("session.")]
    assert [(row["action"], row["actor_kind"], row["entity_id"]) for row in rows] == [
        ("session.begun", "staff", organisation.owner_id),
        ("session.refused", "system", organisation.owner_id),
        ("session.ended", "staff", organisation.owner_id),
    ]
    assert not [row for row in rows if organisation.owner_email in row["whole"] or token in row["whole"]]


async def test_what_is_kept_tells_neither_name_nor_email_nor_password_nor_token(
    organisation: Organisation, database: Database
) -> None:
    token = await organisation.token()
    tables = ["staff", "sessions", "directory", "sign_in_attempts", "audit_events", "outbox_events"]
    whole = ""
    async with database() as mine, database(platform=True) as platform:
        for connection in (mine, platform):
            for table in tables:
                rows = await connection.fetch(f"SELECT {table}::text AS whole FROM {table}")  # noqa: S608 - fixed names
                whole += "".join(row["whole"] for row in rows)
    assert str(organisation.owner_id) in whole
    for secret in ("Ishara", organisation.owner_email.split("@")[0], PASSWORD, token):
        assert secret not in whole
        assert secret.encode().hex() not in whole
