"""Endpoints of calendars: who works when, whatever they offer, and what keeps them from it."""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from careconnect.auth import require
from careconnect.db import Read
from services.consultants import schemas
from services.consultants.hours import Stretch, expand, working_time
from services.consultants.models import ScheduleBlock
from services.consultants.repository import timetable
from services.consultants.repository.timetable import Diaries, Diary

router = APIRouter(tags=["timetable"])
READ = [require("consultants:read")]
_PATIENCE = 0.004
"""Seconds of adding up after which others have their turn."""


@router.get("/timetable", summary="Who works when, and what keeps them from it", dependencies=READ)
async def read_timetable(session: Read, query: Annotated[schemas.TimetableQuery, Query()]) -> schemas.Timetable:
    """Tell the working time inside `[from, to)` of everybody who was asked about, and the leave that touches it."""
    found = await timetable.diaries(session, query)
    return schemas.Timetable(
        consultant_ids=list(found.of),
        windows=[
            _window(consultant_id, stretch)
            for consultant_id, one in found.of.items()
            for stretch in working_time(one.blocks, one.deviations, query.start, query.end, found.calendars)
        ],
        closed=[
            closed
            for consultant_id, one in found.of.items()
            for closed in (*_absences(consultant_id, one, query), *_closing_days(consultant_id, one, found, query))
        ],
    )


@router.get(
    "/working-time", summary="Add up the working minutes of each consultant", dependencies=[require("reports:read")]
)
async def working_minutes(
    session: Read, query: Annotated[schemas.WorkingTimeQuery, Query()]
) -> list[schemas.WorkingTime]:
    """Add up what is worked inside `[from, to)` by everybody who is not archived, in the order of names."""
    found = await timetable.diaries(session, schemas.TimetableQuery(start=query.start, end=query.end))
    worked = []
    minutes: dict[object, int] = {}  # many keep the same hours: those are added up once
    now = asyncio.get_running_loop().time
    begun = now()
    for consultant_id, one in found.of.items():
        hours = (frozenset(one.blocks), tuple(one.deviations))
        if hours not in minutes:
            spans = (each.end - each.start for each in _worked(one, found, query))
            minutes[hours] = sum(spans, timedelta()) // timedelta(minutes=1)
        if minutes[hours]:
            worked.append(schemas.WorkingTime(consultant_id=consultant_id, minutes=minutes[hours]))
        if now() - begun > _PATIENCE:  # a year of many consultants is long, and others ask meanwhile
            await asyncio.sleep(0)
            begun = now()
    return worked


def _worked(one: Diary, found: Diaries, query: schemas.WorkingTimeQuery) -> list[Stretch]:
    stretches = working_time(one.blocks, one.deviations, query.start, query.end, found.calendars)
    return [stretch for stretch in stretches if query.location_id in {None, stretch.location_id}]


@router.post(
    "/consultants/{consultant_id}/schedule/trial",
    summary="What the working time would be with other weekly hours",
    dependencies=READ,
)
async def try_schedule(
    session: Read, consultant_id: UUID, wanted: schemas.ScheduleWrite, query: Annotated[schemas.TimetableQuery, Query()]
) -> list[schemas.Window]:
    """Compute it with exceptions and calendars as they are, and change nothing."""
    found = await timetable.diaries(session, query.model_copy(update={"consultant_id": [consultant_id]}))
    one = found.of.get(consultant_id, Diary())
    blocks = [ScheduleBlock.of(consultant_id, each).plain() for each in wanted.hours]
    stretches = working_time(blocks, one.deviations, query.start, query.end, found.calendars)
    return [_window(consultant_id, stretch) for stretch in stretches]


def _absences(consultant_id: UUID, one: Diary, query: schemas.TimetableQuery) -> Iterator[schemas.Closed]:
    for each in one.deviations:
        if each.kind != "extra":
            yield schemas.Closed(
                consultant_id=consultant_id,
                kind=each.kind,
                start=max(each.start, query.start),
                end=min(each.end, query.end),
                location_id=each.location_id,
            )


def _closing_days(
    consultant_id: UUID, one: Diary, found: Diaries, query: schemas.TimetableQuery
) -> Iterator[schemas.Closed]:
    """Give the hours that would be worked if the location were not closed all day."""
    blocks = [block for block in one.blocks if found.calendars[block.location_id].closed]
    for stretch in expand(blocks, query.start, query.end):
        day = _day(stretch)
        if (
            day in found.calendars[stretch.location_id].closed
            and stretch.end > query.start
            and stretch.start < query.end
        ):
            yield schemas.Closed(
                consultant_id=consultant_id,
                kind="holiday",
                name=found.holidays[stretch.location_id].get(day),
                start=max(stretch.start, query.start),
                end=min(stretch.end, query.end),
                location_id=stretch.location_id,
            )


def _day(stretch: Stretch) -> date:
    return stretch.start.astimezone(ZoneInfo(stretch.zone)).date()


def _window(consultant_id: UUID, stretch: Stretch) -> schemas.Window:
    return schemas.Window(
        consultant_id=consultant_id,
        location_id=stretch.location_id,
        zone=stretch.zone,
        start=stretch.start,
        end=stretch.end,
        anchor=stretch.anchor,
    )
