"""What is booked on days that are, or become, closed: told to people, and never moved silently."""

from datetime import datetime, time, timedelta
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter
from sqlalchemy import func, select

from careconnect import clock
from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession
from services.appointments.api import shape
from services.appointments.closings.schemas import BookedDay, BookedDaysQuery, Closing, ClosingQuery, OpenTimes
from services.appointments.models import Appointment as Model
from services.appointments.schemas import OCCUPYING

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]
_ZONES_DIFFER = timedelta(days=1)

_LOCAL_DAY = sa.cast(Model.local_start, sa.Date)
_LOCAL_MINUTE = sa.extract("hour", Model.local_start) * 60 + sa.extract("minute", Model.local_start)
_MINUTES = sa.extract("epoch", Model.end_at - Model.start_at) / 60
_WEEKDAY: sa.ColumnElement[int] = sa.extract("isodow", Model.local_start) - 1


@router.post("/closings", summary="What is booked at times that a change would close")
async def closing(wanted: ClosingQuery, _: Reader, session: Read) -> Closing:
    """Count what lies inside the opening times of `before` and not inside those of `after`, and list the first."""
    lost = [
        *_coming(session),
        Model.location_id == wanted.location_id,
        Model.start_at >= wanted.from_,
        Model.start_at < wanted.to,
        _inside(wanted.before),
        sa.not_(_inside(wanted.after)),
    ]
    count = await session.scalar(select(func.count()).select_from(Model).where(*lost)) or 0
    first = select(Model).where(*lost).order_by(Model.start_at, Model.id).limit(wanted.limit)
    return Closing(count=count, items=[shape(one) for one in await session.scalars(first)] if count else [])


@router.post("/booked-days", summary="How many appointments are to come on some days")
async def booked_days(wanted: BookedDaysQuery, _: Reader, session: Read) -> list[BookedDay]:
    """Count by location and local day; days without appointments are left out."""
    if not wanted.days:
        return []
    first, last = (datetime.combine(day, time(), clock.now().tzinfo) for day in (min(wanted.days), max(wanted.days)))
    which = [
        *_coming(session),
        Model.start_at >= first - _ZONES_DIFFER,
        Model.start_at < last + 2 * _ZONES_DIFFER,
        _LOCAL_DAY.in_(wanted.days),
    ]
    if wanted.location_id:
        which.append(Model.location_id == wanted.location_id)
    by = (Model.location_id, _LOCAL_DAY)
    rows = await session.execute(select(*by, func.count()).where(*which).group_by(*by).order_by(_LOCAL_DAY))
    return [BookedDay(location_id=place, day=day, count=count) for place, day, count in rows]


def _coming(session: ReadSession) -> list[sa.ColumnElement[bool]]:
    return [
        Model.tenant_id == session.tenant_id,
        Model.start_at >= clock.now(),
        Model.status.in_(sorted(OCCUPYING)),
    ]


def _inside(times: OpenTimes) -> sa.ColumnElement[bool]:
    """Say that a visit begins and ends while the location is open, by the wall clock on which people agreed."""
    on_open_day: sa.ColumnElement[bool] = _LOCAL_DAY.not_in(times.closed)
    if times.opening is None:
        return on_open_day
    blocks = [
        sa.and_(_WEEKDAY.in_([one.weekday]), one.opens <= _LOCAL_MINUTE, one.closes >= _LOCAL_MINUTE + _MINUTES)
        for one in times.opening
    ]
    return sa.and_(on_open_day, sa.or_(sa.false(), *blocks))
