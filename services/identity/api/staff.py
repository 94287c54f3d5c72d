"""Endpoints of staff: who works here and what they may do."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status

from careconnect import clock
from careconnect.auth import NOBODY, require
from careconnect.crypto import TenantKeys
from careconnect.db import Database, Read, Write
from careconnect.pagination import Page, PagingQuery
from services.identity import passwords, schemas
from services.identity.errors import StaffExists
from services.identity.models import Staff, grant
from services.identity.repository import directory, organisation
from services.identity.repository import staff as repository
from services.identity.roles import Role, scopes_of

router = APIRouter(tags=["staff"])
MANAGE = [require("staff:manage")]
READ = [require("identity:read")]


@router.get("/staff", summary="List the staff", dependencies=READ)
async def list_staff(
    session: Read,
    paging: PagingQuery,
    q: Annotated[str | None, Query(max_length=200)] = None,
    role: Role | None = None,
    *,
    active: bool | None = None,
) -> Page[schemas.Staff]:
    """List those engaged last first; each word of `q` begins a word of the name."""
    keys = await session.tenant_keys()
    page = await repository.staff(session, paging, q=q, active=active, role=role)
    return page.of(lambda one: one.shown(keys))


@router.post("/staff/names", summary="Name the members of staff of some ids", dependencies=READ)
async def names(session: Read, wanted: schemas.NamesQuery) -> list[schemas.StaffName]:
    """Leave out ids that are not known."""
    keys = await session.tenant_keys()
    found = await repository.named(session, wanted.ids)
    return [schemas.StaffName(id=one.id, name=keys.open(one.name), active=one.active) for one in found]


@router.get("/staff/{staff_id}", summary="Read a member of staff", dependencies=READ)
async def get_staff(session: Read, staff_id: UUID) -> schemas.Staff:
    """Show one who was deactivated too."""
    return (await repository.member(session, staff_id)).shown(await session.tenant_keys())


@router.put(
    "/staff/{staff_id}", summary="Engage a member of staff", status_code=status.HTTP_201_CREATED, dependencies=MANAGE
)
async def create_staff(
    session: Write, request: Request, response: Response, staff_id: UUID, details: schemas.StaffWrite
) -> schemas.Staff:
    """Take the id from the caller, so that a repeat with the same details changes nothing and answers 200."""
    grant(session.actor, scopes_of(details.roles))
    keys = await session.tenant_keys()
    password_hash = await passwords.hashed(details.password) if details.password else None
    await organisation.claim(session, staff_id)
    known = await repository.find_staff(session, staff_id)
    if known is not None:
        if not known.same_as(details, keys):
            raise StaffExists
        response.status_code = status.HTTP_200_OK
        return known.shown(keys)
    fresh = Staff.engage(staff_id, details, password_hash, keys)
    await repository.keep_staff(session, fresh, directory.email_key(await _platform_keys(request), details.email))
    session.record("staff.engaged", "staff", fresh.id, data={"roles": list(fresh.roles)})
    return fresh.shown(keys)


@router.put("/staff/{staff_id}/record", summary="Replace a member of staff's details", dependencies=MANAGE)
async def replace_staff(
    session: Write, request: Request, staff_id: UUID, details: schemas.StaffReplacement
) -> schemas.Staff:
    """Change name, e-mail, roles and places; changed roles count from the next request on."""
    keys = await session.tenant_keys()
    known = await repository.member(session, staff_id)
    if known.same_as(details, keys):
        return known.shown(keys)
    known.expect(details.version)
    known.within_the_rights_of(session.actor)
    grant(session.actor, scopes_of(details.roles))
    if known.is_owner and "owner" not in details.roles:
        await repository.leave_an_owner(session, known)
    known.describe(details, keys)
    await repository.keep_staff(session, known, directory.email_key(await _platform_keys(request), details.email))
    session.record("staff.described", "staff", known.id, data={"roles": list(known.roles)})
    return known.shown(keys)


@router.put(
    "/staff/{staff_id}/password",
    summary="Set a member of staff's password",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=MANAGE,
)
async def set_password(session: Write, staff_id: UUID, wanted: schemas.PasswordWrite) -> None:
    """Replace the password, and end every session of this person."""
    password_hash = await passwords.hashed(wanted.password)
    known = await repository.member(session, staff_id)
    known.within_the_rights_of(session.actor)
    known.set_password(password_hash)
    await session.flush()
    await repository.end_sessions(session, staff_id, clock.now())
    session.record("staff.password_set", "staff", known.id)


@router.delete(
    "/staff/{staff_id}",
    summary="Deactivate a member of staff",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=MANAGE,
)
async def deactivate_staff(session: Write, staff_id: UUID) -> None:
    """Let the person in no more, at once; the record stays, since others tell of what the person did."""
    known = await repository.member(session, staff_id)
    known.within_the_rights_of(session.actor)
    if known.is_owner:
        await repository.leave_an_owner(session, known)
    if known.deactivate():
        await session.flush()
        await repository.end_sessions(session, staff_id, clock.now())
        session.record("staff.deactivated", "staff", known.id)


@router.post("/staff/{staff_id}/activation", summary="Activate a member of staff again", dependencies=MANAGE)
async def activate_staff(session: Write, staff_id: UUID) -> schemas.Staff:
    """Let the person sign in again, with the password and the roles of before."""
    known = await repository.member(session, staff_id)
    known.within_the_rights_of(session.actor)
    if known.activate():
        await session.flush()
        session.record("staff.activated", "staff", known.id)
    return known.shown(await session.tenant_keys())


@router.post(
    "/console-readings",
    summary="Note that somebody reads what processes hold",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[require("console:operate")],
)
async def note_console_reading(session: Write, reading: schemas.ConsoleReading) -> None:
    """Note who had how many payloads decrypted in the workflow console; what they hold is not known here."""
    session.record_access("console.payloads_read", "staff", session.actor.id, data={"count": reading.count})


async def _platform_keys(request: Request) -> TenantKeys:
    database: Database = request.app.state.database
    return await database.keys(NOBODY)
