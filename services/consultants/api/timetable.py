"""Endpoints of calendars: who works when, whatever they offer, and what keeps them from it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.auth import require
from careconnect.db import Read
from services.consultants import schemas
from services.consultants.hours import Stretch, working_time
from services.consultants.models import ScheduleBlock
from services.consultants.repository import timetable

router = APIRouter(tags=["timetable"])
READ = [require("consultants:read")]


@router.get("/timetable", summary="Who works when, and what keeps them from it", dependencies=READ)
async def read_timetable(session: Read, query: Annotated[schemas.TimetableQuery, Query()]) -> schemas.Timetable:
    """Tell the working time inside `[from, to)` of everybody who was asked about, and the leave that touches it."""
    found = await timetable.diaries(session, query)
    return schemas.Timetable(
        consultant_ids=list(found),
        windows=[
            _window(consultant_id, stretch)
            for consultant_id, one in found.items()
            for stretch in working_time(one.blocks, one.deviations, query.start, query.end)
        ],
        closed=[
            schemas.Closed(
                consultant_id=consultant_id,
                kind=each.kind,
                start=max(each.start, query.start),
                end=min(each.end, query.end),
                location_id=each.location_id,
            )
            for consultant_id, one in found.items()
            for each in one.deviations
            if each.kind != "extra"
        ],
    )


@router.post(
    "/consultants/{consultant_id}/schedule/trial",
    summary="What the working time would be with other weekly hours",
    dependencies=READ,
)
async def try_schedule(
    session: Read, consultant_id: UUID, wanted: schemas.ScheduleWrite, query: Annotated[schemas.TimetableQuery, Query()]
) -> list[schemas.Window]:
    """Compute it with the exceptions as they are, and change nothing."""
    asked = query.model_copy(update={"consultant_id": [consultant_id], "specialty": None})
    found = (await timetable.diaries(session, asked)).get(consultant_id, timetable.Diary())
    blocks = [ScheduleBlock.of(consultant_id, each).plain() for each in wanted.hours]
    return [
        _window(consultant_id, stretch) for stretch in working_time(blocks, found.deviations, query.start, query.end)
    ]


def _window(consultant_id: UUID, stretch: Stretch) -> schemas.Window:
    return schemas.Window(
        consultant_id=consultant_id,
        location_id=stretch.location_id,
        zone=stretch.zone,
        start=stretch.start,
        end=stretch.end,
        anchor=stretch.anchor,
    )
