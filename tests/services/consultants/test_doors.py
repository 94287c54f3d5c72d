"""Nobody comes through a door of the consultants service without the right to."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from careconnect.ids import uuid7
from services.consultants.api import ROUTERS
from tests.services.consultants.clinic import Clinic, consultant, visit_type

ONE = str(uuid7())
SPAN = {"from": "2026-11-02T00:00:00Z", "to": "2026-11-03T00:00:00Z"}
DAYS = {"from": "2026-11-02", "to": "2026-11-03"}
PERIOD = SPAN | {"visit_type_id": ONE}
OFFER = {"visit_type_id": ONE, "consultant_id": ONE, "start": "2026-11-02T09:00:00Z"}
EXCEPTION = {"kind": "leave", "starts_at": "2026-11-02T00:00:00Z", "ends_at": "2026-11-03T00:00:00Z"}
PRICE = {"visit_type_id": ONE, "price": {"amount": 1, "currency": "LKR"}}
ROOM = {"location_id": ONE, "name": "Room 1"}
Door = tuple[str, str, str, dict[str, Any]]
DOORS: list[Door] = [
    ("GET", "/consultants", "consultants:read", {}),
    ("POST", "/consultants/names", "consultants:read", {"json": {"ids": [ONE]}}),
    ("GET", "/specialties", "consultants:read", {}),
    ("GET", "/figures", "reports:read", {}),
    ("GET", f"/consultants/{ONE}", "consultants:read", {}),
    ("PUT", f"/consultants/{ONE}", "consultants:write", {"json": consultant()}),
    ("PUT", f"/consultants/{ONE}/record", "consultants:write", {"json": consultant()}),
    ("PATCH", f"/consultants/{ONE}", "consultants:write", {"json": {"title": "Prof"}}),
    ("PUT", f"/consultants/{ONE}/status", "consultants:write", {"json": {"status": "on_leave"}}),
    ("DELETE", f"/consultants/{ONE}", "consultants:write", {}),
    ("POST", f"/consultants/{ONE}/restoration", "consultants:write", {}),
    ("GET", f"/consultants/{ONE}/schedule", "consultants:read", {}),
    ("PUT", f"/consultants/{ONE}/schedule", "consultants:write", {"json": {"hours": []}}),
    ("GET", f"/consultants/{ONE}/exceptions", "consultants:read", {}),
    ("GET", f"/consultants/{ONE}/exceptions/{ONE}", "consultants:read", {}),
    ("PUT", f"/consultants/{ONE}/exceptions/{ONE}", "consultants:write", {"json": EXCEPTION}),
    ("DELETE", f"/consultants/{ONE}/exceptions/{ONE}", "consultants:write", {}),
    ("GET", "/visit-types", "catalogue:read", {}),
    ("GET", "/cancellation-terms", "catalogue:read", {}),
    ("GET", f"/visit-types/{ONE}", "catalogue:read", {}),
    ("PUT", f"/visit-types/{ONE}", "catalogue:write", {"json": visit_type()}),
    ("PUT", f"/visit-types/{ONE}/record", "catalogue:write", {"json": visit_type()}),
    ("GET", "/price-lists", "catalogue:read", {}),
    ("GET", f"/price-lists/{ONE}", "catalogue:read", {}),
    ("PUT", f"/price-lists/{ONE}", "catalogue:write", {"json": PRICE}),
    ("PUT", f"/price-lists/{ONE}/record", "catalogue:write", {"json": PRICE}),
    ("DELETE", f"/price-lists/{ONE}", "catalogue:write", {}),
    ("GET", "/money-policy", "catalogue:read", {}),
    ("PUT", "/money-policy", "catalogue:write", {"json": {"payment": {"kind": "none"}}}),
    ("GET", "/rooms", "catalogue:read", {}),
    ("GET", f"/rooms/{ONE}", "catalogue:read", {}),
    ("PUT", f"/rooms/{ONE}", "catalogue:write", {"json": ROOM}),
    ("PUT", f"/rooms/{ONE}/record", "catalogue:write", {"json": ROOM}),
    ("GET", f"/locations/{ONE}/calendar", "catalogue:read", {}),
    ("PUT", f"/locations/{ONE}/calendar", "catalogue:write", {"json": {"zone": "Asia/Colombo"}}),
    ("GET", "/holiday-policy", "catalogue:read", {}),
    ("PUT", "/holiday-policy", "catalogue:write", {"json": {"country": "LK"}}),
    ("GET", "/holidays", "catalogue:read", {"params": DAYS}),
    (
        "POST",
        "/holidays/trial",
        "catalogue:read",
        {"json": {"location_id": ONE, "first": "2026-11-02", "last": "2026-11-03"}},
    ),
    ("GET", "/holiday-gaps", "catalogue:read", {"params": DAYS}),
    ("GET", "/working-time", "reports:read", {"params": SPAN}),
    ("GET", "/timetable", "consultants:read", {"params": SPAN}),
    ("POST", f"/consultants/{ONE}/schedule/trial", "consultants:read", {"params": SPAN, "json": {"hours": []}}),
    ("GET", "/windows", "consultants:read", {"params": PERIOD}),
    ("GET", "/offer", "consultants:read", {"params": OFFER}),
]
SCOPES = {"consultants:read", "consultants:write", "catalogue:read", "catalogue:write", "reports:read"}
each_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: f"{door[0]} {door[1].replace(ONE, 'id')}")


def test_every_door_is_in_this_list() -> None:
    built = {(method, route.path) for router in ROUTERS for route in router.routes for method in route.methods}  # type: ignore[attr-defined]
    assert len(DOORS) == len(built)


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
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert answer.json()["needed"] == scope


async def test_nothing_of_one_tenant_is_seen_or_changed_by_another(
    clinic: Clinic, act: Callable[..., dict[str, str]]
) -> None:
    stranger = Clinic(
        clinic.http,
        act(*SCOPES, tenant=uuid7()),
        clinic.location_id,
        clinic.consultant_id,
        clinic.visit_type_id,
    )
    here = f"/consultants/{clinic.consultant_id}"
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", here, None),
        ("PUT", f"{here}/record", consultant()),
        ("PATCH", here, {"title": "Prof"}),
        ("PUT", f"{here}/status", {"status": "inactive"}),
        ("DELETE", here, None),
        ("GET", f"{here}/schedule", None),
        ("PUT", f"{here}/schedule", {"hours": []}),
        ("PUT", f"{here}/exceptions/{uuid7()}", EXCEPTION),
        ("GET", f"/visit-types/{clinic.visit_type_id}", None),
        ("PUT", f"/visit-types/{clinic.visit_type_id}/record", visit_type()),
    ]
    for method, path, body in requests:
        answer = await clinic.http.request(method, path, json=body, headers=stranger.headers)
        assert answer.status_code == 404, (method, path, answer.text)
    assert (await clinic.http.get("/consultants", headers=stranger.headers)).json()["items"] == []
    assert (await clinic.http.get("/visit-types", headers=stranger.headers)).json()["items"] == []
    assert (await clinic.http.get("/specialties", headers=stranger.headers)).json() == []
    assert (await stranger.offer("2026-11-02T09:00:00+05:30")).status_code == 404
    assert (await clinic.offer("2026-11-02T09:00:00+05:30")).status_code == 200


async def test_the_same_id_in_two_tenants_is_two_records(clinic: Clinic, act: Callable[..., dict[str, str]]) -> None:
    there = act(*SCOPES, tenant=uuid7())
    path = f"/consultants/{clinic.consultant_id}"
    answer = await clinic.http.put(path, json=consultant(first_name="Bandula"), headers=there)
    assert answer.status_code == 201
    assert (await clinic.http.get(path, headers=clinic.headers)).json()["first_name"] == "Amara"
