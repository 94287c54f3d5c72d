"""`/consultants`: who sees patients."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.consultants import schemas
from services.consultants.errors import (
    ConsultantArchived,
    ConsultantExists,
    ConsultantNotFound,
    RegistrationNumberTaken,
)
from services.consultants.schemas import Consultant
from web.api.etags import TAGGED, IfMatch, Tagged, as_seen
from web.api.keys import IdempotencyKey, minted, told_apart
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(prefix="/consultants", tags=["consultants"])
Reader = Annotated[Actor, may("consultants:read")]
Writer = Annotated[Actor, may("consultants:write")]
_CHANGE: dict[str, Any] = {
    "responses": {
        200: TAGGED,
        **refusals(ConsultantNotFound, ConsultantArchived, RegistrationNumberTaken, VersionConflict),
    }
}


@router.get("", summary="List consultants by name", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    paging: PagingQuery,
    q: Annotated[str | None, Query(max_length=200, description="beginnings of name, speciality or number")] = None,
    status: schemas.Status | None = None,
    specialty: Annotated[str | None, Query(max_length=100)] = None,
    sort: Annotated[schemas.Sort, Query(description="a minus turns it round")] = "name",
    *,
    archived: Annotated[bool, Query(description="the archived ones instead")] = False,
) -> Page[Consultant]:
    """List in the order of `sort`; with `q`, those of whom each word of it begins a word."""
    found = await gateway.consultants.list(
        actor, q, status=status, specialty=specialty, archived=archived, sort=sort, **paging.model_dump()
    )
    return listed(found)


@router.post(
    "",
    summary="Register a consultant",
    status_code=201,
    responses={201: TAGGED, **refusals(RegistrationNumberTaken, IdempotencyConflict)},
)
async def register(
    body: schemas.ConsultantWrite, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None
) -> Consultant:
    """Register one; a colour is chosen when it is left out."""
    with told_apart(ConsultantExists):
        return tag(await gateway.consultants.create(actor, minted("consultant", actor, key), body))


@router.get("/{consultant_id}", summary="Read a consultant", responses={200: TAGGED, **refusals(ConsultantNotFound)})
async def read(consultant_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Consultant:
    """Show archived ones too."""
    return tag(await gateway.consultants.get(actor, consultant_id))


@router.put("/{consultant_id}", summary="Replace a consultant's details", **_CHANGE)
async def replace(
    consultant_id: UUID,
    body: schemas.ConsultantReplacement,
    actor: Writer,
    gateway: Door,
    tag: Tagged,
    *,
    seen: IfMatch,
) -> Consultant:
    """Write all details anew."""
    return tag(await gateway.consultants.replace(actor, consultant_id, as_seen(body, seen)))


@router.patch("/{consultant_id}", summary="Change some of a consultant's details", **_CHANGE)
async def patch(
    consultant_id: UUID, body: schemas.ConsultantPatch, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Consultant:
    """Change the details that are named."""
    return tag(await gateway.consultants.patch(actor, consultant_id, as_seen(body, seen)))


@router.delete(
    "/{consultant_id}",
    summary="Archive a consultant",
    status_code=204,
    responses=refusals(ConsultantNotFound, VersionConflict),
)
async def archive(consultant_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch) -> None:
    """Offer the consultant no more; appointments stay as they are, and a repeat is harmless."""
    await gateway.consultants.archive(actor, consultant_id, version=seen)


@router.put("/{consultant_id}/status", summary="Switch a consultant's status", **_CHANGE)
async def set_status(
    consultant_id: UUID, body: schemas.StatusWrite, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Consultant:
    """Offer only `active` consultants from now on; appointments stay as they are."""
    wanted = as_seen(body, seen)
    return tag(await gateway.consultants.set_status(actor, consultant_id, wanted.status, wanted.version))
