"""Who works when, for a calendar: four small statements, however many consultants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession
from services.consultants import schemas
from services.consultants.hours import Block, Deviation
from services.consultants.models import Consultant, ScheduleBlock, ScheduleException, specialty_key
from services.consultants.opening import MARGIN, Calendar, Said
from services.consultants.repository import places
from services.consultants.repository.availability import BLOCK


@dataclass
class Diary:
    """One consultant's weekly hours, and what deviates from them."""

    blocks: list[Block] = field(default_factory=list)
    deviations: list[Deviation] = field(default_factory=list)


class Diaries(NamedTuple):
    """The diaries of those who were asked about, in the order of names, and of locations calendars and holidays."""

    of: dict[UUID, Diary]
    calendars: Mapping[UUID, Calendar]
    holidays: Mapping[UUID, Mapping[date, str]]


async def diaries(session: ReadSession, query: schemas.TimetableQuery) -> Diaries:
    """Read the hours and the exceptions of those who are asked about, and when their locations are open."""
    who: list[sa.ColumnElement[bool]] = [Consultant.archived_at.is_(None)]
    if query.consultant_id:
        who.append(Consultant.id.in_(query.consultant_id))
    if query.specialty is not None:
        who.append(Consultant.specialty_keys.contains([specialty_key(query.specialty)]))
    order = (Consultant.last_name, Consultant.first_name, Consultant.id)
    ids = await session.scalars(sa.select(Consultant.id).where(*who).order_by(*order))
    found = {consultant_id: Diary() for consultant_id in ids}
    for row in (
        await session.execute(
            sa.select(ScheduleBlock.consultant_id, *BLOCK).where(ScheduleBlock.consultant_id.in_(found))
        )
    ).all():
        found[row[0]].blocks.append(Block(*row[1:]))
    statement = sa.select(ScheduleException).where(
        ScheduleException.consultant_id.in_(found),
        ScheduleException.starts_at < query.end,
        ScheduleException.ends_at > query.start,
    )
    for one in await session.scalars(statement):
        found[one.consultant_id].deviations.append(
            Deviation(one.kind, one.starts_at, one.ends_at, one.location_id, one.zone)
        )
    first, last = query.start.date() - MARGIN, query.end.date() + MARGIN
    said, policy = await places.sayings(session)
    locations = {block.location_id for one in found.values() for block in one.blocks}
    return Diaries(
        found,
        {one: said.get(one, Said()).calendar(policy, first, last) for one in locations},
        {one: said.get(one, Said()).observed(policy, first, last) for one in locations},
    )
