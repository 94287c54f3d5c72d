"""Endpoints of schedules: weekly hours, and when they do not hold."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import AwareDatetime

from careconnect.auth import require
from careconnect.db import Read, ReadSession, Write
from careconnect.pagination import Page, PagingQuery
from services.consultants import schemas
from services.consultants.models import Schedule, ScheduleBlock, ScheduleException
from services.consultants.repository import consultants, schedules

router = APIRouter(tags=["schedules"])
READ = [require("consultants:read")]
WRITE = [require("consultants:write")]


@router.get("/consultants/{consultant_id}/schedule", summary="Read a consultant's weekly hours", dependencies=READ)
async def get_schedule(session: Read, consultant_id: UUID) -> schemas.Schedule:
    """List from Monday morning on; a consultant without hours has an empty schedule."""
    schedule = await schedules.schedule(session, consultant_id)
    return _shown(schedule, await schedules.blocks(session, consultant_id))


@router.put("/consultants/{consultant_id}/schedule", summary="Replace a consultant's weekly hours", dependencies=WRITE)
async def put_schedule(session: Write, consultant_id: UUID, wanted: schemas.ScheduleWrite) -> schemas.Schedule:
    """Change nothing where the hours are there already; bookings outside the new hours stay as they are."""
    schedule = await schedules.schedule(session, consultant_id, lock=True)
    present = await schedules.blocks(session, consultant_id)
    if _as_set([block.shown() for block in present]) == _as_set(wanted.hours):
        return _shown(schedule, present)
    schedule.expect(wanted.version)
    await schedules.replace_blocks(session, consultant_id, schedule.revise(wanted.hours))
    session.record("schedule.replaced", "consultant", consultant_id, data={"blocks": len(wanted.hours)})
    return _shown(schedule, await schedules.blocks(session, consultant_id))


@router.get(
    "/consultants/{consultant_id}/exceptions", summary="List when the weekly hours do not hold", dependencies=READ
)
async def list_exceptions(
    session: Read,
    consultant_id: UUID,
    paging: PagingQuery,
    start: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    end: Annotated[AwareDatetime | None, Query(alias="to")] = None,
) -> Page[schemas.ScheduleException]:
    """List soonest first; those that touch `[from, to)` where that is given."""
    await schedules.schedule(session, consultant_id)
    keys = await session.tenant_keys()
    page = await schedules.exceptions(session, consultant_id, paging, start, end)
    return page.of(lambda one: one.shown(keys))


@router.get("/consultants/{consultant_id}/exceptions/{exception_id}", summary="Read one exception", dependencies=READ)
async def get_exception(session: Read, consultant_id: UUID, exception_id: UUID) -> schemas.ScheduleException:
    """Show leave, blocked time or extra hours."""
    found = await schedules.exception(session, consultant_id, exception_id)
    return found.shown(await session.tenant_keys())


@router.put(
    "/consultants/{consultant_id}/exceptions/{exception_id}",
    summary="Enter leave, blocked time or extra hours, or change them",
    status_code=status.HTTP_201_CREATED,
    dependencies=WRITE,
)
async def put_exception(
    session: Write,
    response: Response,
    consultant_id: UUID,
    exception_id: UUID,
    told: schemas.ExceptionWrite,
) -> schemas.ScheduleException:
    """Take the id from the caller, so that a repeat changes nothing; bookings inside a leave stay as they are."""
    keys = await session.tenant_keys()
    await consultants.claim(session, exception_id)
    await schedules.schedule(session, consultant_id)
    zone = await _zone(session, told)
    known = await schedules.find_exception(session, consultant_id, exception_id)
    if known is not None:
        response.status_code = status.HTTP_200_OK
        if known.same_as(told, zone, keys):
            return known.shown(keys)
        known.expect(told.version)
    one = known or ScheduleException(id=exception_id, consultant_id=consultant_id)
    one.say(told, zone, keys)
    await schedules.keep_exception(session, one)
    session.record("schedule_exception.entered", "consultant", consultant_id, data=_facts(one))
    return one.shown(keys)


@router.delete(
    "/consultants/{consultant_id}/exceptions/{exception_id}",
    summary="Remove an exception",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=WRITE,
)
async def delete_exception(session: Write, consultant_id: UUID, exception_id: UUID) -> None:
    """Find nothing to remove in a repeat, which is what was wanted."""
    await schedules.schedule(session, consultant_id)
    known = await schedules.find_exception(session, consultant_id, exception_id)
    if known is not None:
        session.record("schedule_exception.removed", "consultant", consultant_id, data=_facts(known))
        await session.delete(known)


async def _zone(session: ReadSession, told: schemas.ExceptionWrite) -> str | None:
    if told.zone is not None or told.location_id is None:
        return told.zone
    return await schedules.zone_of_location(session, told.location_id)


def _facts(one: ScheduleException) -> dict[str, str]:
    return {
        "exception_id": str(one.id),
        "kind": one.kind,
        "starts_at": one.starts_at.isoformat(),
        "ends_at": one.ends_at.isoformat(),
    }


def _shown(schedule: Schedule, blocks: list[ScheduleBlock]) -> schemas.Schedule:
    hours = [block.shown() for block in blocks]
    return schemas.Schedule(consultant_id=schedule.id, hours=hours, version=schedule.version)


def _as_set(hours: list[schemas.Hours]) -> set[str]:
    return {each.model_dump_json() for each in hours}
