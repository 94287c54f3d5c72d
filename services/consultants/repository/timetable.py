"""Who works when, for a calendar: three small statements, however many consultants."""

from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession
from services.consultants import schemas
from services.consultants.hours import Block, Deviation
from services.consultants.models import Consultant, ScheduleBlock, ScheduleException, specialty_key


@dataclass
class Diary:
    """One consultant's weekly hours, and what deviates from them."""

    blocks: list[Block] = field(default_factory=list)
    deviations: list[Deviation] = field(default_factory=list)


async def diaries(session: ReadSession, query: schemas.TimetableQuery) -> dict[UUID, Diary]:
    """Read the hours and the exceptions of those who are asked about, in the order of names."""
    who: list[sa.ColumnElement[bool]] = [Consultant.archived_at.is_(None)]
    if query.consultant_id:
        who.append(Consultant.id.in_(query.consultant_id))
    if query.specialty is not None:
        who.append(Consultant.specialty_keys.contains([specialty_key(query.specialty)]))
    order = (Consultant.last_name, Consultant.first_name, Consultant.id)
    ids = await session.scalars(sa.select(Consultant.id).where(*who).order_by(*order))
    found = {consultant_id: Diary() for consultant_id in ids}
    for block in await session.scalars(sa.select(ScheduleBlock).where(ScheduleBlock.consultant_id.in_(found))):
        found[block.consultant_id].blocks.append(block.plain())
    statement = sa.select(ScheduleException).where(
        ScheduleException.consultant_id.in_(found),
        ScheduleException.starts_at < query.end,
        ScheduleException.ends_at > query.start,
    )
    for one in await session.scalars(statement):
        found[one.consultant_id].deviations.append(
            Deviation(one.kind, one.starts_at, one.ends_at, one.location_id, one.zone)
        )
    return found
