"""Nobody comes through a door of the patients service without the right to."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from services.patients.api import reading, writing
from tests.services.patients.desk import NIMAL, Desk

ONE = str(uuid7())
Door = tuple[str, str, str, dict[str, Any]]
DOORS: list[Door] = [
    ("GET", "/patients", "patients:read", {}),
    ("GET", "/patients/count", "patients:read", {}),
    ("POST", "/patients/names", "patients:read", {"json": {"ids": [ONE]}}),
    ("POST", "/patients/search", "patients:read", {"json": {"among": []}}),
    ("GET", f"/patients/{ONE}", "patients:read", {}),
    ("GET", f"/patients/{ONE}/contact", "patients:read", {}),
    ("GET", f"/patients/{ONE}/standing", "patients:read", {}),
    ("GET", "/figures", "reports:read", {}),
    ("PUT", f"/patients/{ONE}", "patients:write", {"json": NIMAL}),
    ("PUT", f"/patients/{ONE}/record", "patients:write", {"json": NIMAL}),
    ("PATCH", f"/patients/{ONE}", "patients:write", {"json": {"language": "si"}}),
    ("PATCH", f"/patients/{ONE}/emergency-contact", "patients:write", {"json": {"name": "A", "phone": "0771234567"}}),
    ("PATCH", f"/patients/{ONE}/medical-info", "patients:clinical", {"json": {"blood_group": "A+"}}),
    ("DELETE", f"/patients/{ONE}", "patients:write", {}),
    ("POST", f"/patients/{ONE}/restoration", "patients:write", {}),
]
SCOPES = {"patients:read", "patients:write", "patients:clinical", "reports:read"}
each_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door[0]} {door[1].replace(ONE, 'id')}")
of_one = pytest.mark.parametrize(
    "door",
    [door for door in DOORS if ONE in door[1] and not (door[0] == "PUT" and door[1].endswith(ONE))],
    ids=lambda door: f"{door[0]} {door[1].replace(ONE, 'id')}",
)


def test_every_door_is_in_this_list() -> None:
    routes = [*reading.router.routes, *writing.router.routes]
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
    answer = await http.request(method, path, headers=act(*(SCOPES - {scope})), **body)
    assert (answer.status_code, answer.json()["code"], answer.json()["needed"]) == (403, "forbidden", scope)


@of_one
async def test_another_tenants_patient_looks_like_none(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]], door: Door
) -> None:
    registered = await desk.register()
    stranger = act(*SCOPES, tenant=uuid7())
    method, path, _, body = door
    answer = await http.request(method, path.replace(ONE, registered["id"]), headers=stranger, **body)
    assert (answer.status_code, answer.json()["code"]) == (404, "patient_not_found")


async def test_another_tenant_neither_finds_nor_counts_nor_names_a_patient(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    registered = await desk.register()
    stranger = Desk(http, act(*SCOPES, tenant=uuid7()))
    assert await stranger.find("Nimal") == []
    assert (await stranger.ask("GET", "/patients/count")).json() == {"count": 0}
    assert (await stranger.ask("POST", "/patients/names", json={"ids": [registered["id"]]})).json() == []


async def test_two_tenants_may_use_the_same_id_and_register_the_same_person(
    desk: Desk, http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    registered = await desk.register(phone="0771234567")
    stranger = Desk(http, act(*SCOPES, tenant=uuid7()))
    answer = await stranger.put(NIMAL | {"phone": "0771234567"}, registered["id"])
    assert (answer.status_code, answer.json()["mrn"]) == (201, "MRN-000001")
