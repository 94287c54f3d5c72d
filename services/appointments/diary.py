"""What a calendar shows of a stretch of time, in one query, and what changed since it was read."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query
from sqlalchemy import func, select

from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession, new_metadata
from services.appointments.api import shape
from services.appointments.models import Appointment as Model
from services.appointments.reach.repository import narrowed
from services.appointments.schemas import LONGEST_VISIT, Appointment, Change, Changes, DiaryQuery

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]
_OUTBOX = new_metadata().tables["outbox_events"]
_AT_ONCE = 500


@router.get("/diary", summary="The appointments that touch a stretch of time")
async def diary(wanted: Annotated[DiaryQuery, Query()], _: Reader, session: Read) -> list[Appointment]:
    """List them by start, all at once: a screen that shows a day cannot turn pages."""
    start, key = Model.start_at, Model.id
    statement = (
        select(Model)
        .where(*_conditions(session, wanted), *await narrowed(session))
        .order_by(start, key)
        .limit(wanted.limit)
    )
    return [shape(one) for one in await session.scalars(statement)]


@router.get("/changes", summary="Which appointments changed after a point of the outbox")
async def changes(_: Reader, session: Read, after: Annotated[int | None, Query(ge=0)] = None) -> Changes:
    """Tell ids and versions, at most 500, and nothing that only some may read; without `after`, only where it ends.

    `more` says that there are others, so that who asks had better read everything anew.
    """
    mine = _OUTBOX.c.tenant_id == session.tenant_id
    if after is None:
        newest = await session.scalar(select(func.max(_OUTBOX.c.id)).where(mine))
        return Changes(newest=newest or 0)
    data = _OUTBOX.c.data
    rows = await session.execute(
        select(
            _OUTBOX.c.id.label("number"),
            _OUTBOX.c.at,
            _OUTBOX.c.entity_id.label("appointment_id"),
            data["version"].as_integer().label("version"),
            sa.cast(data["location_id"].as_string(), sa.Uuid).label("location_id"),
            (_OUTBOX.c.type == "appointment.rescheduled").label("moved"),
        )
        .where(mine, _OUTBOX.c.id > after, _OUTBOX.c.entity == "appointment")
        .order_by(_OUTBOX.c.id)
        .limit(_AT_ONCE + 1)
    )
    found = [Change.model_validate(row, from_attributes=True) for row in rows]
    more = len(found) > _AT_ONCE
    newest = await session.scalar(select(func.max(_OUTBOX.c.id)).where(mine)) if more else None
    return Changes(newest=newest or (found[-1].number if found else after), items=[] if more else found, more=more)


def _conditions(session: ReadSession, wanted: DiaryQuery) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [
        Model.tenant_id == session.tenant_id,
        Model.start_at > wanted.from_ - LONGEST_VISIT,
        Model.start_at < wanted.to,
        Model.end_at > wanted.from_,
    ]
    if wanted.location_id:
        conditions.append(Model.location_id == wanted.location_id)
    if wanted.consultant_id:
        conditions.append(Model.consultant_id.in_(wanted.consultant_id))
    if wanted.without:
        conditions.append(Model.status.not_in(wanted.without))
    return conditions
