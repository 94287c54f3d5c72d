"""Staff over HTTP: who is engaged, who may engage whom, and who is the last owner."""

import asyncio
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from services.identity.roles import ROLES, STAFF_ROLES, Role
from tests.services.identity.conftest import Database
from tests.services.identity.organisation import Organisation, person


async def test_an_engaged_person_reads_back_as_entered_without_the_password(organisation: Organisation) -> None:
    place, consultant = str(uuid7()), str(uuid7())
    details = person(roles=["clinician", "front_desk"], consultant_id=consultant, location_ids=[place])
    made = await organisation.engage(uuid7(), details)
    assert made == {
        "id": made["id"],
        "name": "Nadeesha Silva",
        "email": details["email"],
        "roles": ["clinician", "front_desk"],
        "consultant_id": consultant,
        "location_ids": [place],
        "active": True,
        "has_password": True,
        "version": 1,
    }
    assert (await organisation.http.get(f"/staff/{made['id']}", headers=organisation.headers)).json() == made


async def test_a_repeat_is_harmless_and_other_details_under_the_same_id_are_refused(organisation: Organisation) -> None:
    path, details = f"/staff/{uuid7()}", person()
    put = [await organisation.http.put(path, json=details, headers=organisation.headers) for _ in range(2)]
    assert [answer.status_code for answer in put] == [201, 200]
    other = await organisation.http.put(path, json=details | {"name": "Else"}, headers=organisation.headers)
    assert (other.status_code, other.json()["code"]) == (409, "staff_exists")


async def test_an_email_signs_in_one_person_on_the_whole_platform(
    organisation: Organisation, http: httpx.AsyncClient
) -> None:
    elsewhere = await Organisation(http, uuid7()).begin()
    taken = person(email=organisation.owner_email.upper())
    for one in (organisation, elsewhere):
        answer = await http.put(f"/staff/{uuid7()}", json=taken, headers=one.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")


async def test_of_ten_people_engaged_at_once_under_one_email_one_is(organisation: Organisation) -> None:
    details = person()
    answers = await asyncio.gather(
        *(organisation.http.put(f"/staff/{uuid7()}", json=details, headers=organisation.headers) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_a_changed_email_signs_in_and_the_old_one_is_free_again(organisation: Organisation) -> None:
    made = await organisation.engage(uuid7(), person())
    changed = {"name": made["name"], "email": f"new-{made['email']}", "roles": made["roles"], "version": 1}
    path = f"/staff/{made['id']}/record"
    assert (await organisation.http.put(path, json=changed, headers=organisation.headers)).json()["version"] == 2
    assert (await organisation.sign_in(changed["email"])).status_code == 201
    assert (await organisation.sign_in(made["email"])).status_code == 401
    await organisation.engage(uuid7(), person(email=made["email"]))


async def test_a_stale_change_is_refused_and_one_that_is_there_already_is_not(organisation: Organisation) -> None:
    made = await organisation.engage(uuid7(), person())
    path = f"/staff/{made['id']}/record"
    changed = {"name": "Nadeesha de Silva", "email": made["email"], "roles": made["roles"], "version": 1}
    again = [await organisation.http.put(path, json=changed, headers=organisation.headers) for _ in range(2)]
    assert [(answer.status_code, answer.json()["version"]) for answer in again] == [(200, 2)] * 2
    stale = await organisation.http.put(path, json=changed | {"name": "Else"}, headers=organisation.headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")


async def test_the_last_owner_can_neither_leave_nor_give_up_the_role(organisation: Organisation) -> None:
    path = f"/staff/{organisation.owner_id}"
    demoted = {"name": "Ishara Perera", "email": organisation.owner_email, "roles": ["admin"]}
    refused = [
        await organisation.http.delete(path, headers=organisation.headers),
        await organisation.http.put(f"{path}/record", json=demoted, headers=organisation.headers),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(409, "last_owner")] * 2
    await organisation.engage(uuid7(), person(roles=["owner"]))
    assert (
        await organisation.http.put(f"{path}/record", json=demoted, headers=organisation.headers)
    ).status_code == 200


async def test_of_owners_who_all_leave_at_once_one_stays(organisation: Organisation, database: Database) -> None:
    others = [await organisation.engage(uuid7(), person(roles=["owner"])) for _ in range(5)]
    ids = [str(organisation.owner_id), *(one["id"] for one in others)]
    answers = await asyncio.gather(
        *(organisation.http.delete(f"/staff/{one}", headers=organisation.headers) for one in ids)
    )
    assert sorted(answer.status_code for answer in answers) == [204] * 5 + [409]
    async with database() as connection:
        assert await connection.fetchval("SELECT count(*) FROM staff WHERE active") == 1


async def test_an_admin_manages_staff_but_neither_makes_nor_touches_an_owner(organisation: Organisation) -> None:
    admin = organisation.acting(*ROLES["admin"])
    for role in STAFF_ROLES:
        answer = await organisation.http.put(f"/staff/{uuid7()}", json=person(roles=[role]), headers=admin)
        assert answer.status_code == (403 if role == "owner" else 201), role
    owner = f"/staff/{organisation.owner_id}"
    takeover: list[tuple[str, str, dict[str, Any] | None]] = [
        ("PUT", f"{owner}/password", {"password": "mine from now on"}),
        ("PUT", f"{owner}/record", {"name": "Me", "email": "me@x.example", "roles": ["admin"]}),
        ("DELETE", owner, None),
        ("POST", f"{owner}/activation", None),
    ]
    for method, path, body in takeover:
        answer = await organisation.http.request(method, path, json=body, headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (403, "beyond_your_rights"), path


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": []},
        {"roles": ["king"]},
        {"roles": ["integration"]},
        {"roles": ["admin", "admin"]},
        {"email": "nowhere"},
        {"password": "short"},
        {"name": " "},
        {"salary": 1},
    ],
)
async def test_wrong_details_are_refused_and_no_password_is_repeated(
    organisation: Organisation, wrong: dict[str, Any]
) -> None:
    answer = await organisation.http.put(f"/staff/{uuid7()}", json=person(**wrong), headers=organisation.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert "short" not in {error.get("input") for error in answer.json()["errors"]}


async def test_staff_are_found_by_the_beginnings_of_their_names_by_role_and_by_activity(
    organisation: Organisation,
) -> None:
    made = await organisation.engage(uuid7(), person(name="Tharindu Bandara", roles=["billing"]))
    left = await organisation.engage(uuid7(), person(name="Tharushi Bandara"))
    await organisation.http.delete(f"/staff/{left['id']}", headers=organisation.headers)

    async def listed(**asked: str) -> list[str]:
        answer = await organisation.http.get("/staff", params=asked, headers=organisation.headers)
        return [one["id"] for one in answer.json()["items"]]

    assert await listed() == [left["id"], made["id"], str(organisation.owner_id)]
    assert await listed(q="thar BAND") == [left["id"], made["id"]]
    assert await listed(q="thari", active="true") == [made["id"]]
    assert await listed(role="billing") == [made["id"]]
    assert await listed(q="arindu") == []


async def test_names_come_for_the_ids_that_are_known(organisation: Organisation) -> None:
    asked = {"ids": [str(organisation.owner_id), str(uuid7())]}
    named = await organisation.http.post("/staff/names", json=asked, headers=organisation.headers)
    assert named.json() == [{"id": str(organisation.owner_id), "name": "Ishara Perera", "active": True}]


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_each_role_may_do_in_a_session_what_the_table_says(organisation: Organisation, role: Role) -> None:
    made = await organisation.engage(uuid7(), person(roles=[role]))
    told = (await organisation.look_up(await organisation.token(made["email"]))).json()
    assert set(told["actor"]["scopes"]) == ROLES[role]
