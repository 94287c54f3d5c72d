"""`/visit-types` and `/locations`: what can be booked, and where."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.consultants.errors import ConsultantNotFound, PricedInCurrency, VisitTypeExists, VisitTypeNotFound
from services.consultants.schemas import VisitType, VisitTypeReplacement, VisitTypeWrite
from services.identity.errors import LocationExists, LocationNotFound
from services.identity.schemas import Location, LocationReplacement, LocationWrite
from web.api.etags import IfMatch, Tagged, as_seen, record
from web.api.keys import IdempotencyKey, minted, told_apart
from web.api.listing import LIST, listed
from web.session import Door, may

router = APIRouter(tags=["catalogue"])
Reader = Annotated[Actor, may("catalogue:read")]
Visitor = Annotated[Actor, may("identity:read")]
Writer = Annotated[Actor, may("catalogue:write")]


@router.get("/visit-types", summary="List visit types by name", **LIST)
async def visit_types(
    actor: Reader, gateway: Door, paging: PagingQuery, *, active: bool | None = None, consultant_id: UUID | None = None
) -> Page[VisitType]:
    """List the catalogue; with `consultant_id`, what this consultant offers."""
    found = await gateway.consultants.visit_types(
        actor, active=active, consultant_id=consultant_id, **paging.model_dump()
    )
    return listed(found)


@router.post(
    "/visit-types",
    summary="Add a visit type",
    **record(ConsultantNotFound, IdempotencyConflict, status=201),
)
async def add_visit_type(
    body: VisitTypeWrite, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None
) -> VisitType:
    """Add it with its length, price and policies."""
    with told_apart(VisitTypeExists):
        return tag(await gateway.consultants.create_visit_type(actor, minted("visit type", actor, key), body))


@router.get("/visit-types/{visit_type_id}", summary="Read a visit type", **record(VisitTypeNotFound))
async def visit_type(visit_type_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> VisitType:
    """Show one that is no longer offered too."""
    return tag(await gateway.consultants.visit_type(actor, visit_type_id))


@router.put(
    "/visit-types/{visit_type_id}",
    summary="Replace a visit type",
    **record(VisitTypeNotFound, ConsultantNotFound, VersionConflict, PricedInCurrency),
)
async def replace_visit_type(
    visit_type_id: UUID, body: VisitTypeReplacement, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> VisitType:
    """Write all of it anew; appointments keep the terms on which they were booked."""
    return tag(await gateway.consultants.replace_visit_type(actor, visit_type_id, as_seen(body, seen)))


@router.get("/locations", summary="List locations by name", **LIST)
async def locations(
    actor: Visitor, gateway: Door, paging: PagingQuery, *, active: bool | None = None
) -> Page[Location]:
    """List them; with `active`, those that are open to bookings, or those that are not."""
    return listed(await gateway.identity.location_page(actor, active=active, **paging.model_dump()))


@router.post("/locations", summary="Open a location", **record(IdempotencyConflict, status=201))
async def open_location(
    body: LocationWrite, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None
) -> Location:
    """Open it; its zone decides what a time there means."""
    with told_apart(LocationExists):
        return tag(await gateway.identity.create_location(actor, minted("location", actor, key), body))


@router.get("/locations/{location_id}", summary="Read a location", **record(LocationNotFound))
async def location(location_id: UUID, actor: Visitor, gateway: Door, tag: Tagged) -> Location:
    """Show one that is closed too."""
    return tag(await gateway.identity.location(actor, location_id))


@router.put("/locations/{location_id}", summary="Replace a location", **record(LocationNotFound, VersionConflict))
async def replace_location(
    location_id: UUID, body: LocationReplacement, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Location:
    """Write all of it anew; appointments keep the zone in which they were agreed on."""
    return tag(await gateway.identity.replace_location(actor, location_id, as_seen(body, seen)))
