"""Endpoints of consultants: who they are."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from careconnect.auth import require
from careconnect.db import Read, Write, WriteSession
from careconnect.pagination import Page, PagingQuery
from services.consultants import schemas
from services.consultants.errors import ConsultantExists
from services.consultants.models import Consultant
from services.consultants.repository import consultants as repository

router = APIRouter(tags=["consultants"])
READ = [require("consultants:read")]
REPORTS = [require("reports:read")]
WRITE = [require("consultants:write")]


@router.get("/consultants", summary="List consultants by name", dependencies=READ)
async def list_consultants(
    session: Read,
    paging: PagingQuery,
    q: Annotated[str | None, Query(max_length=200)] = None,
    status: schemas.Status | None = None,
    specialty: Annotated[str | None, Query(max_length=100)] = None,
    sort: schemas.Sort = "name",
    *,
    archived: bool = False,
) -> Page[schemas.Consultant]:
    """Find by `q`: each word of it begins a word of the name, of a speciality or of the registration number."""
    keys = await session.tenant_keys()
    page = await repository.consultants(
        session, paging, q=q, status=status, specialty=specialty, archived=archived, sort=sort
    )
    return page.of(lambda one: one.shown(keys))


@router.post("/consultants/names", summary="Name the consultants of some ids", dependencies=READ)
async def names(session: Read, wanted: schemas.NamesQuery) -> list[schemas.ConsultantName]:
    """Leave out ids that are not known."""
    found = await repository.named(session, wanted.ids)
    return [schemas.ConsultantName.model_validate(one, from_attributes=True) for one in found]


@router.get("/specialties", summary="List the specialities of all consultants", dependencies=READ)
async def specialties(
    session: Read,
) -> list[str]:
    """Name each once, in the order of the alphabet."""
    return await repository.specialties(session)


@router.get("/figures", summary="Count consultants, for the dashboard", dependencies=REPORTS)
async def figures(
    session: Read,
) -> schemas.Figures:
    """Count in one statement, so that the counts and the watermark belong together."""
    return await repository.figures(session)


@router.get("/consultants/{consultant_id}", summary="Read a consultant", dependencies=READ)
async def get(session: Read, consultant_id: UUID) -> schemas.Consultant:
    """Show archived ones too."""
    return (await repository.consultant(session, consultant_id)).shown(await session.tenant_keys())


@router.put(
    "/consultants/{consultant_id}",
    summary="Register a consultant",
    status_code=status.HTTP_201_CREATED,
    dependencies=WRITE,
)
async def register(
    session: Write, response: Response, consultant_id: UUID, details: schemas.ConsultantWrite
) -> schemas.Consultant:
    """Take the id from the caller, so that a repeat with the same details changes nothing and answers 200."""
    keys = await session.tenant_keys()
    await repository.claim(session, consultant_id)
    known = await repository.find_consultant(session, consultant_id)
    if known is not None:
        if not known.same_as(details, keys):
            raise ConsultantExists
        response.status_code = status.HTTP_200_OK
        return known.shown(keys)
    fresh = Consultant.register(consultant_id, details, keys)
    await repository.add_consultant(session, fresh)
    session.record("consultant.registered", "consultant", fresh.id, data={"status": fresh.status})
    return fresh.shown(keys)


@router.put("/consultants/{consultant_id}/record", summary="Replace a consultant's details", dependencies=WRITE)
async def replace(session: Write, consultant_id: UUID, details: schemas.ConsultantReplacement) -> schemas.Consultant:
    """Change nothing where the details are there already, whatever version they were made from."""
    keys = await session.tenant_keys()
    known = await repository.consultant(session, consultant_id)
    if not known.same_as(details, keys):
        known.expect(details.version)
        await _describe(session, known, details)
    return known.shown(keys)


@router.patch("/consultants/{consultant_id}", summary="Change some of a consultant's details", dependencies=WRITE)
async def patch(session: Write, consultant_id: UUID, changes: schemas.ConsultantPatch) -> schemas.Consultant:
    """Leave as it is what is left out."""
    keys = await session.tenant_keys()
    known = await repository.consultant(session, consultant_id)
    details = known.details(keys).model_copy(update=changes.told())
    if not known.same_as(details, keys):
        known.expect(changes.version)
        await _describe(session, known, details)
    return known.shown(keys)


@router.put("/consultants/{consultant_id}/status", summary="Switch a consultant's status", dependencies=WRITE)
async def set_status(session: Write, consultant_id: UUID, wanted: schemas.StatusWrite) -> schemas.Consultant:
    """Offer only `active` consultants from now on; bookings that exist stay as they are."""
    known = await repository.consultant(session, consultant_id)
    before = known.status
    if before != wanted.status:
        known.expect(wanted.version)
        known.set_status(wanted.status)
        await session.flush()
        _status_changed(session, known, before)
    return known.shown(await session.tenant_keys())


@router.delete(
    "/consultants/{consultant_id}",
    summary="Archive a consultant",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=WRITE,
)
async def archive(session: Write, consultant_id: UUID, version: Annotated[int | None, Query(ge=1)] = None) -> None:
    """Delete nothing: the record leaves lists and takes no bookings. A repeat is harmless, whatever its version."""
    known = await repository.consultant(session, consultant_id)
    if not known.archived:
        known.expect(version)
    if known.archive():
        session.record("consultant.archived", "consultant", known.id)


@router.post(
    "/consultants/{consultant_id}/restoration", summary="Bring an archived consultant back", dependencies=WRITE
)
async def restore(session: Write, consultant_id: UUID) -> schemas.Consultant:
    """Give back the status of before."""
    known = await repository.consultant(session, consultant_id)
    if known.restore():
        session.record("consultant.restored", "consultant", known.id)
        await session.flush()
    return known.shown(await session.tenant_keys())


async def _describe(session: WriteSession, known: Consultant, details: schemas.ConsultantWrite) -> None:
    before = known.status
    changed = known.describe(details, await session.tenant_keys())
    await repository.keep_consultant(session)
    if changed:
        session.record("consultant.described", "consultant", known.id, data={"fields": changed})
    if known.status != before:
        _status_changed(session, known, before)


def _status_changed(session: WriteSession, known: Consultant, before: schemas.Status) -> None:
    data = {"from": before, "to": known.status}
    session.record("consultant.status_changed", "consultant", known.id, data=data)
