"""Members of staff: engaged with a first password, their roles changed, let in no more and let in again."""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from careconnect.errors import Refusal, VersionConflict
from careconnect.ids import derived_id
from services.identity.roles import STAFF_ROLES, scopes_of
from services.identity.schemas import Staff, StaffReplacement, StaffWrite
from web.forms import Form
from web.looks import state_label
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter(prefix="/settings/people", include_in_schema=False)
Manager = Annotated[Screen, needs("staff:manage")]
_HERE = "/settings/people"
_UNREADY = 422
_PASSWORD_BYTES = 12


@router.get("/new")
async def new(screen: Manager) -> Response:
    """Begin a member of staff."""
    return await _form(screen, screen.form("person"), None, [])


@router.post("")
async def engage(screen: Manager) -> Response:
    """Engage somebody, and show the first password this once."""
    form = await screen.submitted("person")
    roles = await _roles(screen)
    try:
        wanted = StaffWrite.model_validate(_told(form) | {"roles": roles})
        key = derived_id("person form", screen.actor.tenant_id, screen.actor.id, form.key)
        member = await screen.gateway.identity.create_staff(screen.actor, key, wanted)
    except ValidationError as error:
        return await _form(screen, form.blame_validation(error), None, roles, _UNREADY)
    except Refusal as refusal:
        return await _form(screen, form.renew().refuse(refusal), None, roles, refusal.status)
    return await _with_password(screen, member)


@router.get("/{staff_id}")
async def edit(staff_id: UUID, screen: Manager) -> Response:
    """Show somebody in a form."""
    member = await screen.gateway.identity.member(screen.actor, staff_id)
    shown = {name: getattr(member, name) for name in ("name", "email", "consultant_id", "version")}
    return await _form(screen, screen.form("person").fill(shown), member, member.roles)


@router.post("/{staff_id}")
async def change(staff_id: UUID, screen: Manager) -> Response:
    """Write the details anew; changed roles count from the next request on."""
    form = await screen.submitted("person")
    roles = await _roles(screen)
    member = await screen.gateway.identity.member(screen.actor, staff_id)
    kept = {"location_ids": member.location_ids, "version": form.values["version"] or None}
    try:
        wanted = StaffReplacement.model_validate(_told(form) | {"roles": roles} | kept)
        await screen.gateway.identity.replace_staff(screen.actor, staff_id, wanted)
    except ValidationError as error:
        return await _form(screen, form.blame_validation(error), member, roles, _UNREADY)
    except VersionConflict as refusal:
        form.fill({"version": member.version}).object(
            gettext("Somebody changed this meanwhile; save again to keep yours")
        )
        return await _form(screen, form, member, roles, refusal.status)
    except Refusal as refusal:
        return await _form(screen, form.refuse(refusal), member, roles, refusal.status)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Person saved"), _HERE)


@router.post("/{staff_id}/password")
async def renew_password(staff_id: UUID, screen: Manager) -> Response:
    """Give a new password, shown this once; every session of the person ends."""
    await screen.submitted("people")
    return await _with_password(screen, await screen.gateway.identity.member(screen.actor, staff_id))


@router.post("/{staff_id}/deactivation")
async def deactivate(staff_id: UUID, screen: Manager) -> Response:
    """Let somebody in no more, at once."""
    await screen.gateway.identity.deactivate_staff(screen.actor, staff_id)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Signs in no more"), _HERE, undo=f"{_HERE}/{staff_id}/activation")


@router.post("/{staff_id}/activation")
async def activate(staff_id: UUID, screen: Manager) -> Response:
    """Let somebody in again, with the password and the roles of before."""
    await screen.gateway.identity.activate_staff(screen.actor, staff_id)
    screen.known.forget(screen.actor)
    return screen.done(gettext("Can sign in again"), _HERE)


async def _with_password(screen: Screen, member: Staff) -> Response:
    """Set a fresh password and show it; a second click sets and shows another, so that the last one shown is right."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    await screen.gateway.identity.set_password(screen.actor, member.id, password)
    screen.known.forget(screen.actor)
    return screen.page(
        "settings/secret.html",
        title=gettext("Password of %(name)s") % {"name": member.name},
        facts=[(gettext("E-mail"), member.email), (gettext("Password"), password)],
        back=_HERE,
    )


async def _roles(screen: Screen) -> list[str]:
    return [str(one) for one in (await screen.request.form()).getlist("roles")]


def _told(form: Form) -> dict[str, Any]:
    typed = {name: form.values[name].strip() for name in ("name", "email")}
    return typed | {"consultant_id": form.chosen("consultant_id")}


async def _form(screen: Screen, form: Form, member: Staff | None, roles: Sequence[str], status: int = OK) -> Response:
    offered = [one for one in STAFF_ROLES if scopes_of([one]) <= screen.actor.scopes or one in roles]
    consultants = await screen.known.consultants(screen.actor)
    return screen.page(
        "settings/person.html",
        http=status,
        form=form,
        member=member,
        action=f"{_HERE}/{member.id}" if member else _HERE,
        roles=[(one, state_label(one, "role"), one in roles) for one in offered],
        consultants=[("", gettext("Not a consultant")), *((str(one.id), one.name) for one in consultants.values())],
    )
