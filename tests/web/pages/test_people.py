"""Who works here and which programs may come in: managed by owners and administrators, within their own rights."""

import re

import httpx
import pytest
from fastapi import FastAPI

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.identity.roles import Role
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page, browser

PEOPLE, CLIENTS = "/settings/people", "/settings/clients"


def somebody(*, email: str | None = None, **more: str) -> dict[str, str]:
    return {
        "name": "Tharindu Alwis",
        "email": email or f"{uuid7().hex[-12:]}@clinic.example",
        "roles": "billing",
    } | more


def secret(answer: httpx.Response) -> tuple[str, str]:
    assert answer.status_code == 200, answer.text
    first, second = re.findall(r"<dd><code>([^<]+)</code></dd>", answer.text)
    return first, second


async def signs_in(edge: FastAPI, email: str, password: str) -> bool:
    answer = await browser(edge).post("/sign-in", data={"email": email, "password": password})
    return answer.status_code == 303


async def add(desk: Desk, fields: dict[str, str]) -> httpx.Response:
    return await desk.send(await desk.read(f"{PEOPLE}/new"), PEOPLE, fields)


async def member_of(desk: Desk, email: str) -> str:
    page = (await desk.http.get(PEOPLE)).text
    found = re.search(re.escape(email) + r".*?/settings/people/([0-9a-f-]{36})", page, re.DOTALL)
    assert found, page
    return found[1]


async def test_somebody_is_added_and_signs_in_with_the_password_that_was_shown_once(edge: FastAPI, owner: Desk) -> None:
    email, password = secret(await add(owner, somebody()))
    assert await signs_in(edge, email, password)
    assert password not in (await owner.http.get(PEOPLE)).text
    again = await owner.send(await owner.read(PEOPLE), f"{PEOPLE}/{await member_of(owner, email)}/password")
    _, newer = secret(again)
    assert await signs_in(edge, email, newer)
    assert not await signs_in(edge, email, password)


async def test_roles_change_and_who_is_deactivated_signs_in_no_more(edge: FastAPI, owner: Desk) -> None:
    email, password = secret(await add(owner, somebody()))
    path = f"{PEOPLE}/{await member_of(owner, email)}"
    changed = await owner.send(await owner.read(path), path, name="Tharindu Perera", roles="auditor")
    assert changed.status_code == 303
    listed = await owner.read(PEOPLE)
    assert "Tharindu Perera" in listed.text
    assert (await owner.send(listed, f"{path}/deactivation")).status_code == 303
    assert not await signs_in(edge, email, password)
    await owner.send(await owner.read(PEOPLE), f"{path}/activation")
    assert await signs_in(edge, email, password)


async def test_a_person_without_a_role_or_with_a_taken_e_mail_is_not_added(owner: Desk) -> None:
    email, _ = secret(await add(owner, somebody()))
    nothing = await add(owner, {"name": "Nobody", "email": "nobody@clinic.example"})
    assert (nothing.status_code, Page(nothing.text).having("id", "person-roles-error") != []) == (422, True)
    taken = await add(owner, somebody(email=email))
    assert (taken.status_code, "Somebody else signs in with this e-mail" in taken.text) == (409, True)


@pytest.mark.parametrize("role", ["front_desk", "clinician", "billing", "auditor"])
async def test_nobody_but_owner_and_admin_manages_people_and_programs(
    edge: FastAPI, clinic: Clinic, owner: Desk, role: Role
) -> None:
    desk = await Desk.open(edge, clinic, role)
    for path in (f"{PEOPLE}/new", f"{CLIENTS}/new", CLIENTS):
        assert (await desk.http.get(path)).status_code == 403
    sent = somebody(scopes="patients:read") | {"csrf_token": await desk.token()}
    for path in (PEOPLE, CLIENTS):
        await desk.post(path, sent)
    assert sent["email"] not in (await owner.http.get(PEOPLE)).text
    assert sent["name"] not in (await owner.http.get(CLIENTS)).text


async def test_an_admin_adds_people_and_can_neither_make_nor_take_over_an_owner(
    edge: FastAPI, clinic: Clinic, owner: Desk
) -> None:
    admin = await Desk.open(edge, clinic, "admin")
    page = await admin.read(f"{PEOPLE}/new")
    assert page.having("value", "billing")
    assert not page.having("value", "owner")
    assert (await add(admin, somebody(roles="owner"))).status_code == 403
    email, password = secret(await add(owner, somebody(roles="owner")))
    path = f"{PEOPLE}/{await member_of(owner, email)}"
    for step in ("password", "deactivation"):
        await admin.send(await admin.read(PEOPLE), f"{path}/{step}")
    assert await signs_in(edge, email, password)


async def test_the_last_owner_stays(edge: FastAPI, other_clinic: Clinic) -> None:
    desk = await Desk.open(edge, other_clinic, "owner")
    offered = re.findall(r"/settings/people/([0-9a-f-]{36})/deactivation", (await desk.http.get(PEOPLE)).text)
    newest = await other_clinic.gateway.identity.staff(Actor.system("identity:read", tenant_id=other_clinic.tenant_id))
    mine = str(newest.items[0].id)
    token = await desk.token()
    for one in sorted(offered, key=lambda one: one == mine):
        await desk.post(f"{PEOPLE}/{one}/deactivation", {"csrf_token": token})
    page = await desk.read(PEOPLE)
    assert "This is the last owner" in page.text
    assert len([one for one in page.forms if one.action.endswith("/deactivation")]) == 1


async def test_an_api_client_gets_a_secret_once_a_new_one_and_is_revoked(owner: Desk, http: httpx.AsyncClient) -> None:
    page = await owner.read(f"{CLIENTS}/new")
    name = f"Laboratory {uuid7().hex[-6:]}"
    client_id, first = secret(await owner.send(page, CLIENTS, name=name, scopes="patients:read"))
    assert await may_come_in(http, client_id, first)
    listed = await owner.http.get(CLIENTS)
    assert first not in listed.text
    found = re.search(re.escape(client_id) + r".*?/settings/clients/([0-9a-f-]{36})", listed.text, re.DOTALL)
    assert found
    path = f"{CLIENTS}/{found[1]}"
    _, second = secret(await owner.send(Page(listed.text), f"{path}/secret"))
    assert not await may_come_in(http, client_id, first)
    assert await may_come_in(http, client_id, second)
    assert (await owner.send(await owner.read(CLIENTS), f"{path}/revocation")).status_code == 303
    assert not await may_come_in(http, client_id, second)


async def may_come_in(http: httpx.AsyncClient, client_id: str, given: str) -> bool:
    told = {"grant_type": "client_credentials"}
    return (await http.post("/oauth/token", data=told, auth=(client_id, given))).status_code == 200
