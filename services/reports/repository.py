"""Questions about snapshots."""

from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession
from services.reports.models import Snapshot
from services.reports.schemas import Period


async def find(session: ReadSession, period: Period, location_id: UUID | None) -> Snapshot | None:
    """Read a view's snapshot, if it was ever made."""
    statement = sa.select(Snapshot).where(
        Snapshot.tenant_id == session.tenant_id, Snapshot.id == Snapshot.key(period, location_id)
    )
    found: Snapshot | None = await session.scalar(statement)
    return found


async def all_to_change(session: WriteSession) -> dict[UUID, Snapshot]:
    """Read all of the tenant's snapshots by id; whoever else wants to change them waits, the first time as well."""
    await session.execute(_QUEUE_UP, {"number": session.tenant_id.int % 2**63})
    rows = await session.scalars(sa.select(Snapshot).where(Snapshot.tenant_id == session.tenant_id))
    return {row.id: row for row in rows}


_QUEUE_UP = sa.text("SELECT pg_advisory_xact_lock(:number)")
