"""Organisations and locations over HTTP."""

from typing import Any

import asyncpg
import httpx
import pytest

from careconnect.auth import Actor
from careconnect.ids import uuid7
from tests.conftest import AS
from tests.services.identity.conftest import Database
from tests.services.identity.organisation import EDGE, Organisation

DETAILS = {"name": "Serendib Clinics", "currency": "LKR", "country": "LK", "locale": "en_LK"}
PLACE = {
    "name": "Colombo 7",
    "zone": "Asia/Colombo",
    "address": {"line1": "12 Ward Place", "line2": None, "city": "Colombo", "country": "LK"},
    "phone": "+94 11 200 3000",
}


async def test_an_organisation_is_begun_once_and_listed_for_the_platform(organisation: Organisation) -> None:
    system = {AS: Actor.system("tenants:create", tenant_id=organisation.tenant_id).model_dump_json()}
    path = f"/tenants/{organisation.tenant_id}"
    again = await organisation.http.put(path, json=DETAILS, headers=system)
    other = await organisation.http.put(path, json=DETAILS | {"currency": "USD"}, headers=system)
    assert (again.status_code, other.status_code, other.json()["code"]) == (200, 409, "tenant_exists")
    assert (await organisation.http.get(path, headers=organisation.headers)).json() == again.json()
    assert str(organisation.tenant_id) in (await organisation.http.get("/tenants", headers=EDGE)).json()


async def test_an_organisation_changes_its_name_but_not_its_currency(organisation: Organisation) -> None:
    path = f"/tenants/{organisation.tenant_id}/record"
    wanted = {"name": "Serendib Health", "country": "LK", "locale": "si_LK", "version": 1}
    changed = await organisation.http.put(path, json=wanted, headers=organisation.headers)
    assert changed.json() == DETAILS | {
        "id": str(organisation.tenant_id),
        "name": "Serendib Health",
        "locale": "si_LK",
        "version": 2,
    }
    stale = await organisation.http.put(path, json=wanted | {"name": "Else"}, headers=organisation.headers)
    assert (stale.status_code, stale.json()["code"]) == (409, "version_conflict")
    money = await organisation.http.put(path, json=wanted | {"currency": "USD"}, headers=organisation.headers)
    assert money.json()["code"] == "invalid_input"


@pytest.mark.parametrize("wrong", [{"currency": "rupees"}, {"country": "Lanka"}, {"locale": "English!"}, {"name": ""}])
async def test_an_organisation_that_makes_no_sense_is_refused(http: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    tenant = uuid7()
    system = {AS: Actor.system("tenants:create", tenant_id=tenant).model_dump_json()}
    answer = await http.put(f"/tenants/{tenant}", json=DETAILS | wrong, headers=system)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_locations_are_opened_once_changed_by_version_and_listed_by_name(organisation: Organisation) -> None:
    http, headers, path = organisation.http, organisation.headers, f"/locations/{uuid7()}"
    put = [await http.put(path, json=PLACE, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in put] == [201, 200]
    other = await http.put(path, json=PLACE | {"name": "Else"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "location_exists")
    closed = PLACE | {"active": False, "version": 1}
    changed = await http.put(f"{path}/record", json=closed, headers=headers)
    assert (changed.json()["version"], changed.json()["active"]) == (2, False)
    stale = await http.put(f"{path}/record", json=closed | {"name": "Else"}, headers=headers)
    assert stale.json()["code"] == "version_conflict"
    await http.put(f"/locations/{uuid7()}", json={"name": "Batticaloa", "zone": "Asia/Colombo"}, headers=headers)
    assert [one["name"] for one in (await http.get("/locations", headers=headers)).json()] == [
        "Batticaloa",
        "Colombo 7",
    ]
    active = await http.get("/locations", params={"active": "true"}, headers=headers)
    assert [one["name"] for one in active.json()] == ["Batticaloa"]
    assert (await http.get(path, headers=headers)).json() == changed.json()


@pytest.mark.parametrize(
    "wrong", [{"zone": "Asia/Kolombo"}, {"zone": "../Colombo"}, {"phone": "call me"}, {"floor": 3}]
)
async def test_a_location_that_makes_no_sense_is_refused(organisation: Organisation, wrong: dict[str, Any]) -> None:
    answer = await organisation.http.put(f"/locations/{uuid7()}", json=PLACE | wrong, headers=organisation.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_nobody_writes_another_tenants_entry_of_the_directory(
    organisation: Organisation, database: Database
) -> None:
    forged = "INSERT INTO directory (kind, key_hash, tenant_id, subject_id) VALUES ('email', 'x', $1, $1)"
    async with database() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(forged, uuid7())
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await connection.execute("UPDATE directory SET subject_id = $1", uuid7())
    async with database(platform=True) as connection:
        removed = await connection.execute("DELETE FROM directory WHERE tenant_id = $1", organisation.tenant_id)
    assert removed == "DELETE 0"
