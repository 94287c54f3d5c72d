"""Endpoints of organisations and their locations."""

from uuid import UUID

from fastapi import APIRouter, Request, Response, status

from careconnect.auth import Actor, require
from careconnect.db import Database, Read, Write
from careconnect.errors import Forbidden
from careconnect.pagination import Page, PagingQuery
from services.identity import schemas
from services.identity.errors import LocationExists, TenantExists
from services.identity.models import Location, Tenant
from services.identity.repository import directory
from services.identity.repository import organisation as repository

router = APIRouter(tags=["organisation"])
AUTHENTICATE = [require("identity:authenticate")]
CREATE = [require("tenants:create")]
MANAGE = [require("staff:manage")]
READ = [require("identity:read")]
CATALOGUE = [require("catalogue:write")]


@router.get("/tenants", summary="List the ids of all organisations", dependencies=AUTHENTICATE)
async def list_tenants(request: Request) -> list[UUID]:
    """Tell the platform itself whom it serves; what they are called is theirs to know."""
    database: Database = request.app.state.database
    async with database.read(Actor.system()) as session:
        return await directory.tenants(session)


@router.put(
    "/tenants/{tenant_id}", summary="Begin an organisation", status_code=status.HTTP_201_CREATED, dependencies=CREATE
)
async def create_tenant(
    session: Write, response: Response, tenant_id: UUID, details: schemas.TenantWrite
) -> schemas.Tenant:
    """Take the id from the caller, who acts for that very organisation; a repeat with the same details answers 200."""
    if tenant_id != session.tenant_id:
        raise Forbidden("An organisation is begun by somebody who acts for it.")
    await repository.claim(session, tenant_id)
    known = await repository.find_tenant(session, tenant_id)
    if known is not None:
        if not known.same_as(details):
            raise TenantExists
        response.status_code = status.HTTP_200_OK
        return known.shown()
    fresh = Tenant.found(tenant_id, details)
    await repository.add_tenant(session, fresh)
    session.record("tenant.begun", "tenant", fresh.id, data={"currency": fresh.currency})
    return fresh.shown()


@router.get("/tenants/{tenant_id}", summary="Read the organisation", dependencies=READ)
async def get_tenant(session: Read, tenant_id: UUID) -> schemas.Tenant:
    """Show one's own; every other is not found."""
    return (await repository.tenant(session, tenant_id)).shown()


@router.put("/tenants/{tenant_id}/record", summary="Replace the organisation's details", dependencies=MANAGE)
async def replace_tenant(session: Write, tenant_id: UUID, details: schemas.TenantReplacement) -> schemas.Tenant:
    """Change everything but the currency."""
    known = await repository.tenant(session, tenant_id)
    if not known.same_as(details):
        known.expect(details.version)
        known.describe(details)
        await session.flush()
        session.record("tenant.described", "tenant", known.id)
    return known.shown()


@router.get("/locations", summary="List the locations by name", dependencies=READ)
async def list_locations(session: Read, *, active: bool | None = None) -> list[schemas.Location]:
    """List all of them: an organisation has few."""
    return [one.shown() for one in await repository.locations(session, active=active)]


@router.get("/location-pages", summary="List the locations by name, page by page", dependencies=READ)
async def page_of_locations(
    session: Read, paging: PagingQuery, *, active: bool | None = None
) -> Page[schemas.Location]:
    """List them for those who read lists as other systems do."""
    found = await repository.location_page(session, paging, active=active)
    return found.of(lambda one: one.shown())


@router.get("/locations/{location_id}", summary="Read a location", dependencies=READ)
async def get_location(session: Read, location_id: UUID) -> schemas.Location:
    """Show one that is no longer active too."""
    return (await repository.location(session, location_id)).shown()


@router.put(
    "/locations/{location_id}", summary="Open a location", status_code=status.HTTP_201_CREATED, dependencies=CATALOGUE
)
async def create_location(
    session: Write, response: Response, location_id: UUID, details: schemas.LocationWrite
) -> schemas.Location:
    """Take the id from the caller, so that a repeat with the same details changes nothing and answers 200."""
    await repository.claim(session, location_id)
    known = await repository.find_location(session, location_id)
    if known is not None:
        if not known.same_as(details):
            raise LocationExists
        response.status_code = status.HTTP_200_OK
        return known.shown()
    fresh = Location.found(location_id, details)
    session.add(fresh)
    await session.flush()
    session.record("location.opened", "location", fresh.id, data={"zone": fresh.zone})
    return fresh.shown()


@router.put("/locations/{location_id}/record", summary="Replace a location's details", dependencies=CATALOGUE)
async def replace_location(session: Write, location_id: UUID, details: schemas.LocationReplacement) -> schemas.Location:
    """Change what is written; appointments keep the zone in which they were agreed on."""
    known = await repository.location(session, location_id)
    if not known.same_as(details):
        known.expect(details.version)
        known.describe(details)
        await session.flush()
        session.record("location.described", "location", known.id, data={"zone": known.zone, "active": known.active})
    return known.shown()
