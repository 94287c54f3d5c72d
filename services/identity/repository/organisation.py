"""Organisations and locations in the database."""

from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession
from services.identity.errors import LocationNotFound, TenantNotFound
from services.identity.models import Location, Tenant
from services.identity.repository import directory


async def claim(session: WriteSession, key: UUID) -> None:
    """Let one request at a time create the record `key`, so that a repeat sees what the first one made."""
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(key), 0))))


async def find_tenant(session: ReadSession, tenant_id: UUID) -> Tenant | None:
    """Read the organisation, if it is there and is the one who asks."""
    return await session.get(Tenant, (session.tenant_id, tenant_id))


async def tenant(session: ReadSession, tenant_id: UUID) -> Tenant:
    """Read the organisation.

    Raises:
        TenantNotFound: it is not there, or somebody else's.
    """
    found = await find_tenant(session, tenant_id)
    if found is None:
        raise TenantNotFound
    return found


async def add_tenant(session: WriteSession, fresh: Tenant) -> None:
    """Keep a new organisation, and let the directory know of it."""
    session.add(fresh)
    directory.enter(session, directory.TENANT, fresh.id.hex, fresh.id)
    await session.flush()


async def find_location(session: ReadSession, location_id: UUID) -> Location | None:
    """Read a location, if it is there."""
    return await session.get(Location, (session.tenant_id, location_id))


async def location(session: ReadSession, location_id: UUID) -> Location:
    """Read a location.

    Raises:
        LocationNotFound: it is not there.
    """
    found = await find_location(session, location_id)
    if found is None:
        raise LocationNotFound
    return found


async def locations(session: ReadSession, *, active: bool | None = None) -> list[Location]:
    """List the locations by name."""
    statement = sa.select(Location).order_by(Location.name, Location.id)
    if active is not None:
        statement = statement.where(Location.active.is_(active))
    return list(await session.scalars(statement))
