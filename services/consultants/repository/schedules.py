"""Weekly hours and exceptions in the database."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession, objection
from careconnect.pagination import Paging, Rows, keyset
from services.consultants.errors import ConsultantNotFound, ExceptionNotFound, HoursOverlap
from services.consultants.models import Schedule, ScheduleBlock, ScheduleException
from services.consultants.repository.places import zone_of

_OVERLAPS = {"ex_schedule_blocks_overlap": HoursOverlap, "ex_schedule_exceptions_extra": HoursOverlap}


async def schedule(session: ReadSession, consultant_id: UUID, *, lock: bool = False) -> Schedule:
    """Read a consultant's schedule; `lock` lets one change at a time through.

    Raises:
        ConsultantNotFound: there is no such consultant.
    """
    found = await session.get(Schedule, (session.tenant_id, consultant_id), with_for_update=lock or None)
    if found is None:
        raise ConsultantNotFound
    return found


async def blocks(session: ReadSession, consultant_id: UUID) -> list[ScheduleBlock]:
    """Read the weekly hours of a consultant, from Monday morning on."""
    statement = sa.select(ScheduleBlock).where(ScheduleBlock.consultant_id == consultant_id)
    order = (ScheduleBlock.weekday, ScheduleBlock.starts, ScheduleBlock.valid_from, ScheduleBlock.id)
    return list(await session.scalars(statement.order_by(*order)))


async def replace_blocks(session: WriteSession, consultant_id: UUID, fresh: list[ScheduleBlock]) -> None:
    """Put new weekly hours in the place of the old ones.

    Raises:
        HoursOverlap: two of them overlap.
    """
    await session.execute(sa.delete(ScheduleBlock).where(ScheduleBlock.consultant_id == consultant_id))
    session.add_all(fresh)
    with objection(_OVERLAPS):
        await session.flush()


async def zone_of_location(session: ReadSession, location_id: UUID) -> str | None:
    """Tell the zone of a location from its calendar, or from the weekly hours that anybody has there."""
    return await session.scalar(sa.select(zone_of(sa.literal(location_id, sa.Uuid))))


async def find_exception(session: ReadSession, consultant_id: UUID, exception_id: UUID) -> ScheduleException | None:
    """Read one exception of a consultant's schedule, if there is one."""
    found = await session.get(ScheduleException, (session.tenant_id, exception_id))
    return found if found is not None and found.consultant_id == consultant_id else None


async def exception(session: ReadSession, consultant_id: UUID, exception_id: UUID) -> ScheduleException:
    """Read one exception of a consultant's schedule.

    Raises:
        ExceptionNotFound: there is none.
    """
    found = await find_exception(session, consultant_id, exception_id)
    if found is None:
        raise ExceptionNotFound
    return found


async def exceptions(
    session: ReadSession, consultant_id: UUID, paging: Paging, start: datetime | None, end: datetime | None
) -> Rows[ScheduleException]:
    """List the exceptions of a schedule that touch `[start, end)`, soonest first."""
    statement = sa.select(ScheduleException).where(ScheduleException.consultant_id == consultant_id)
    if start is not None:
        statement = statement.where(ScheduleException.ends_at > start)
    if end is not None:
        statement = statement.where(ScheduleException.starts_at < end)
    return await keyset(session, statement, [ScheduleException.starts_at, ScheduleException.id], paging)


async def keep_exception(session: WriteSession, told: ScheduleException) -> None:
    """Write an exception down.

    Raises:
        HoursOverlap: the consultant has other extra hours at the same time.
    """
    session.add(told)
    with objection(_OVERLAPS):
        await session.flush()
