"""Questions about holds."""

from uuid import UUID

from sqlalchemy import select

from careconnect.db import ReadSession
from services.appointments.errors import HoldNotFound
from services.appointments.holds.models import TimeHold


async def find(session: ReadSession, hold_id: UUID, *, lock: bool = False) -> TimeHold | None:
    """Read one hold if it is there."""
    statement = select(TimeHold).where(TimeHold.tenant_id == session.tenant_id, TimeHold.id == hold_id)
    found: TimeHold | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def get(session: ReadSession, hold_id: UUID, *, lock: bool = False) -> TimeHold:
    """Read one hold, and lock it when it is about to change.

    Raises:
        HoldNotFound: there is none for this tenant.
    """
    found = await find(session, hold_id, lock=lock)
    if found is None:
        raise HoldNotFound
    return found


async def used_by(session: ReadSession, appointment_id: UUID) -> TimeHold | None:
    """Find the hold whose time an appointment took over, and lock it."""
    statement = select(TimeHold).where(
        TimeHold.tenant_id == session.tenant_id, TimeHold.appointment_id == appointment_id
    )
    found: TimeHold | None = await session.scalar(statement.with_for_update())
    return found
