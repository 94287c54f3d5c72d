"""Nobody comes through a door of the identity service without the right to."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from services.identity.api import ROUTERS
from services.identity.roles import ALL
from tests.services.identity.organisation import Organisation, person

ONE = str(uuid7())
TENANT = {"name": "Serendib Clinics", "currency": "LKR", "country": "LK", "locale": "en_LK"}
PLACE = {"name": "Colombo 7", "zone": "Asia/Colombo"}
PROGRAM = {"name": "Laboratory", "scopes": ["patients:read"]}
AUTHENTICATE = "identity:authenticate"
Door = tuple[str, str, str, dict[str, Any] | None]
DOORS: list[Door] = [
    ("POST", "/sessions", AUTHENTICATE, {"email": "a@b.example", "password": "x"}),
    ("POST", "/sessions/lookup", AUTHENTICATE, {"token": "x"}),
    ("POST", "/sessions/ending", AUTHENTICATE, {"token": "x"}),
    ("POST", "/clients/authentication", AUTHENTICATE, {"client_id": "x", "client_secret": "x"}),
    ("GET", "/tenants", AUTHENTICATE, None),
    ("PUT", f"/tenants/{ONE}", "tenants:create", TENANT),
    ("GET", f"/tenants/{ONE}", "identity:read", None),
    ("PUT", f"/tenants/{ONE}/record", "staff:manage", {"name": "x", "country": "LK", "locale": "en"}),
    ("GET", "/locations", "identity:read", None),
    ("GET", "/location-pages", "identity:read", None),
    ("GET", f"/locations/{ONE}", "identity:read", None),
    ("PUT", f"/locations/{ONE}", "catalogue:write", PLACE),
    ("PUT", f"/locations/{ONE}/record", "catalogue:write", PLACE),
    ("GET", "/staff", "identity:read", None),
    ("POST", "/staff/names", "identity:read", {"ids": [ONE]}),
    ("GET", f"/staff/{ONE}", "identity:read", None),
    ("PUT", f"/staff/{ONE}", "staff:manage", person()),
    ("PUT", f"/staff/{ONE}/record", "staff:manage", {k: v for k, v in person().items() if k != "password"}),
    ("PUT", f"/staff/{ONE}/password", "staff:manage", {"password": "correct horse battery"}),
    ("DELETE", f"/staff/{ONE}", "staff:manage", None),
    ("POST", f"/staff/{ONE}/activation", "staff:manage", None),
    ("GET", "/clients", "staff:manage", None),
    ("POST", "/console-readings", "console:operate", {"count": 1}),
    ("GET", f"/clients/{ONE}", "staff:manage", None),
    ("PUT", f"/clients/{ONE}", "staff:manage", PROGRAM),
    ("POST", f"/clients/{ONE}/secret", "staff:manage", None),
    ("DELETE", f"/clients/{ONE}", "staff:manage", None),
]
SCOPES = ALL | {AUTHENTICATE, "tenants:create"}
each_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door[0]} {door[1].replace(ONE, 'id')}")


def test_every_door_is_in_this_list() -> None:
    built = {(method, route.path) for router in ROUTERS for route in router.routes for method in route.methods}  # type: ignore[attr-defined]
    assert len(DOORS) == len(built)


@each_door
async def test_anonymous_may_not(http: httpx.AsyncClient, door: Door) -> None:
    method, path, _, body = door
    answer = await http.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


@each_door
async def test_every_other_right_does_not_open_it(
    http: httpx.AsyncClient, act: Callable[..., dict[str, str]], door: Door
) -> None:
    method, path, scope, body = door
    answer = await http.request(method, path, json=body, headers=act(*(SCOPES - {scope})))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert answer.json()["needed"] == scope


async def test_nothing_of_one_tenant_is_seen_or_changed_by_another(
    organisation: Organisation, act: Callable[..., dict[str, str]]
) -> None:
    http, place, program = organisation.http, uuid7(), uuid7()
    await http.put(f"/locations/{place}", json=PLACE, headers=organisation.headers)
    await http.put(f"/clients/{program}", json=PROGRAM, headers=organisation.headers)
    stranger = act(*SCOPES, tenant=uuid7())
    hers = f"/staff/{organisation.owner_id}"
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"/tenants/{organisation.tenant_id}", None),
        ("PUT", f"/tenants/{organisation.tenant_id}/record", {"name": "Mine", "country": "LK", "locale": "en"}),
        ("GET", f"/locations/{place}", None),
        ("PUT", f"/locations/{place}/record", PLACE | {"name": "Mine"}),
        ("GET", hers, None),
        ("PUT", f"{hers}/record", {"name": "Mine", "email": "mine@x.example", "roles": ["owner"]}),
        ("PUT", f"{hers}/password", {"password": "mine mine mine"}),
        ("DELETE", hers, None),
        ("POST", f"{hers}/activation", None),
        ("GET", f"/clients/{program}", None),
        ("POST", f"/clients/{program}/secret", None),
        ("DELETE", f"/clients/{program}", None),
    ]
    for method, path, body in requests:
        answer = await http.request(method, path, json=body, headers=stranger)
        assert answer.status_code == 404, (method, path, answer.text)
    for path in ("/locations", "/staff", "/clients"):
        listed = (await http.get(path, headers=stranger)).json()
        assert (listed if isinstance(listed, list) else listed["items"]) == []
    named = await http.post("/staff/names", json={"ids": [str(organisation.owner_id)]}, headers=stranger)
    assert named.json() == []
    assert (await organisation.sign_in()).status_code == 201


async def test_nobody_begins_an_organisation_for_somebody_else(
    http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    answer = await http.put(f"/tenants/{uuid7()}", json=TENANT, headers=act("tenants:create"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
