"""Nobody comes through a door of the notifications service without the right to."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from services.notifications.api import mails, messages, preferences
from tests.services.notifications.conftest import SCOPES
from tests.services.notifications.post import Desk, message

ONE = str(uuid7())
Door = tuple[str, str, str, dict[str, Any]]
DOORS: list[Door] = [
    ("PUT", f"/messages/{ONE}", "messages:write", {"json": message()}),
    ("PUT", "/messages", "messages:write", {"json": {"messages": [message() | {"id": str(uuid7())}]}}),
    ("POST", f"/messages/{ONE}/resending", "messages:write", {"json": {}}),
    ("GET", "/messages", "messages:read", {}),
    ("POST", "/messages/search", "messages:read", {"json": {"among": []}}),
    ("GET", f"/messages/{ONE}", "messages:read", {}),
    ("GET", f"/messages/{ONE}/patient", "messages:read", {}),
    ("PUT", f"/appointments/{ONE}/cutoff", "messages:write", {"json": {"below_version": 2}}),
    ("GET", "/figures", "reports:read", {}),
    ("GET", f"/patients/{ONE}/preferences", "messages:read", {}),
    ("PUT", f"/patients/{ONE}/preferences", "messages:write", {"json": {"email": True, "sms": True}}),
    ("GET", "/templates", "messages:read", {}),
    ("GET", "/mailbox", "messages:read", {}),
    ("GET", f"/mailbox/{ONE}.1", "messages:read", {}),
]
each_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door[0]} {door[1].replace(ONE, 'id')}")


def test_every_door_is_in_this_list() -> None:
    routes = [*messages.router.routes, *preferences.router.routes, *mails.router.routes]
    assert len(DOORS) == sum(len(route.methods) for route in routes)  # type: ignore[attr-defined, misc]


@each_door
async def test_anonymous_may_not(http: httpx.AsyncClient, door: Door) -> None:
    method, path, _, body = door
    answer = await http.request(method, path, **body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@each_door
async def test_every_other_right_does_not_open_it(
    http: httpx.AsyncClient, act: Callable[..., dict[str, str]], door: Door
) -> None:
    method, path, scope, body = door
    answer = await http.request(method, path, headers=act(*(set(SCOPES) - {scope})), **body)
    assert (answer.status_code, answer.json()["code"], answer.json()["needed"]) == (403, "forbidden", scope)


async def test_another_tenants_message_looks_like_none(desk: Desk, stranger: Desk) -> None:
    sent = await desk.send()
    for method, path in (("GET", ""), ("POST", "/resending")):
        answer = await stranger.ask(method, f"/messages/{sent['id']}{path}", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "message_not_found")
    assert (await stranger.ask("GET", "/messages")).json()["items"] == []


async def test_another_tenants_mail_stays_closed_even_to_who_uses_its_id(desk: Desk, stranger: Desk) -> None:
    sent = await desk.send()
    assert await stranger.mails() == []
    answer = await stranger.ask("GET", f"/mailbox/{sent['id']}.1")
    assert (answer.status_code, answer.json()["code"]) == (404, "mail_not_found")
    theirs = await stranger.put(message(recipient={"name": "Mallory", "email": "m@example.com"}), sent["id"])
    assert theirs.json()["status"] == "sent"
    assert (await stranger.mail(sent["id"]))["recipient"] == "Mallory <m@example.com>"
    assert (await desk.mail(sent["id"]))["recipient"] == "Nimal Perera <nimal@example.com>"


async def test_another_tenants_preferences_and_cutoffs_do_not_count(desk: Desk, stranger: Desk) -> None:
    body = message()
    await stranger.ask("PUT", f"/patients/{body['patient_id']}/preferences", json={"email": False, "sms": False})
    await stranger.ask("PUT", f"/appointments/{body['appointment_id']}/cutoff", json={"below_version": 9})
    assert (await desk.put(body)).json()["status"] == "sent"
