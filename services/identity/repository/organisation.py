"""Organisations and locations in the database."""

from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession
from careconnect.pagination import Order, Paging, Rows, keyset
from services.identity.errors import LocationNotFound, TenantNotFound
from services.identity.models import Location, Tenant
from services.identity.repository import directory

_BY_NAME: list[Order] = [Location.name, Location.id]


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
    """List the locations by name, all of them."""
    return list(await session.scalars(_locations(active).order_by(*_BY_NAME)))


async def location_page(session: ReadSession, paging: Paging, *, active: bool | None = None) -> Rows[Location]:
    """List the locations by name, page by page."""
    return await keyset(session, _locations(active), _BY_NAME, paging)


def _locations(active: bool | None) -> sa.Select[Location]:
    statement = sa.select(Location)
    return statement if active is None else statement.where(Location.active.is_(active))
