"""The door of those who see only their own patients: every request names what it is about, or shows no patient.

What a path, a query, a form or a body names is looked up before anything is done. A path that names no record which
belongs to a patient is closed to them, unless it is listed here: because what it shows is narrowed behind it, or
because it shows nothing of patients. So an endpoint that is new, and that nobody thought of, is closed.
"""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import Request

from careconnect.auth import Actor
from careconnect.errors import Forbidden
from web.gateway import Gateway

_NAME = re.compile(r"(patient|appointment|series|entry|absence|message)_ids?")
_API = "/api/v1"

_REST = (
    "/patients", "/patients/count", "/consultants", "/consultants/{consultant_id}",
    "/consultants/{consultant_id}/schedule", "/consultants/{consultant_id}/exceptions",
    "/consultants/{consultant_id}/exceptions/{exception_id}/affected", "/consultants/{consultant_id}/absences",
    "/visit-types", "/visit-types/{visit_type_id}", "/locations", "/locations/{location_id}", "/rooms",
    "/rooms/{room_id}", "/locations/{location_id}/calendar", "/holiday-policy", "/holidays", "/holiday-gaps",
    "/price-lists", "/price-lists/{price_id}", "/money-policy", "/slots", "/holds", "/holds/{hold_id}",
    "/holds/{hold_id}/extension", "/clock-changes", "/appointments", "/appointments/summary", "/series", "/waitlist",
    "/walk-ins", "/messages",
)  # fmt: skip
_PAGES = (
    "/sign-out", "/location", "/language",
    "/", "/search", "/calendar", "/calendar/data", "/calendar/new", "/appointments", "/appointments/new",
    "/appointments/new/times", "/appointments/new/offer", "/appointments/new/hold",
    "/appointments/new/hold/extension", "/appointments/new/hold/release", "/queue", "/walk-ins",
    "/walk-ins/new", "/walk-ins/new/there",
    "/waitlist", "/waitlist/new", "/series", "/series/new", "/series/new/dates", "/patients", "/patients/options",
    "/patients/options/known", "/patients/elsewhere", "/consultants", "/consultants/{consultant_id}",
    "/consultants/{consultant_id}/hours", "/consultants/{consultant_id}/leave",
    "/consultants/{consultant_id}/leave/{exception_id}", "/messages", "/attention", "/settings",
    "/settings/{section}", "/options/{kind}", "/clock-changes", "/clock-changes/moves", "/clock-changes/agreements",
)  # fmt: skip
OPEN = frozenset({*(_API + path for path in _REST), *_PAGES})
"""Paths that name no patient's record: what they list is narrowed to what the person sees, or nothing of patients."""
_ASKING = frozenset({"/patients/{patient_id}/access", f"{_API}/patients/{{patient_id}}/access"})
"""Where the reason is given."""


async def within_reach(request: Request, actor: Actor, gateway: Gateway) -> None:
    """Let a limited person pass only to what they see; everybody else passes.

    Raises:
        ReasonNeeded: the request is about a patient whom a reason opens.
        Forbidden: it shows patients beyond one's own, or may do so.
    """
    if not actor.limited:
        return
    path = _path(request)
    if path in _ASKING:
        return
    if path not in OPEN and not any(_NAME.fullmatch(name) for name in request.path_params):
        raise Forbidden("This shows patients beyond your own.")
    if named := await _named(request):
        await gateway.reach.expect(actor, named)


def _path(request: Request) -> str:
    """Give the path with the names of its parameters where their values stand."""
    names = {str(value): f"{{{name}}}" for name, value in request.path_params.items()}
    return "/".join(names.get(part, part) for part in request.scope["path"].split("/"))


async def _named(request: Request) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    said = [*request.path_params.items(), *request.query_params.multi_items(), *await _body(request)]
    for name, value in said:
        kind = _NAME.fullmatch(name)
        key = _id(value) if kind else None
        if kind and key:
            found.setdefault(kind[1], []).append(key)
    return found


async def _body(request: Request) -> list[tuple[str, Any]]:
    sort = request.headers.get("content-type", "")
    if "form" in sort:
        return list((await request.form()).multi_items())
    if "json" not in sort:
        return []
    try:
        return list(_leaves(await request.json()))
    except ValueError:
        return []


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Give everything that a body says, wherever it stands in it; a list's items have the list's name."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, str(key))
            yield from _leaves(key, name)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, name)
    else:
        yield name, value


def _id(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
