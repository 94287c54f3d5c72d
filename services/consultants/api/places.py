"""Endpoints of what locations offer: rooms, opening times, public holidays."""

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from careconnect.auth import require
from careconnect.db import Read, Write
from careconnect.errors import InvalidInput, VersionConflict
from services.consultants import schemas
from services.consultants.errors import RoomExists
from services.consultants.models import HolidayPolicy, LocationCalendar, Room
from services.consultants.opening import Said
from services.consultants.repository import consultants
from services.consultants.repository import places as repository

router = APIRouter(tags=["places"])
READ = [require("catalogue:read")]
WRITE = [require("catalogue:write")]
_LONGEST_DAYS = 800


@router.get("/rooms", summary="List rooms by name", dependencies=READ)
async def list_rooms(
    session: Read, *, location_id: UUID | None = None, active: bool | None = None
) -> list[schemas.Room]:
    """List all of them, or those of one location: there are few."""
    return [room.shown() for room in await repository.rooms(session, location_id, active=active)]


@router.get("/rooms/{room_id}", summary="Read a room", dependencies=READ)
async def get_room(session: Read, room_id: UUID) -> schemas.Room:
    """Show one that is out of use too."""
    return (await repository.room(session, room_id)).shown()


@router.put("/rooms/{room_id}", summary="Add a room", status_code=status.HTTP_201_CREATED, dependencies=WRITE)
async def add_room(session: Write, response: Response, room_id: UUID, details: schemas.RoomWrite) -> schemas.Room:
    """Take the id from the caller, so that a repeat with the same details changes nothing and answers 200."""
    await consultants.claim(session, room_id)
    known = await repository.find_room(session, room_id)
    if known is not None:
        if not known.same_as(details):
            raise RoomExists
        response.status_code = status.HTTP_200_OK
        return known.shown()
    fresh = Room.furnish(room_id, details)
    await repository.keep(session, fresh)
    session.record("room.added", "room", fresh.id, data={"location_id": str(fresh.location_id)})
    return fresh.shown()


@router.put("/rooms/{room_id}/record", summary="Replace a room's details", dependencies=WRITE)
async def replace_room(session: Write, room_id: UUID, details: schemas.RoomReplacement) -> schemas.Room:
    """Leave what is booked into the room where it is."""
    known = await repository.room(session, room_id)
    if not known.same_as(details):
        known.expect(details.version)
        known.describe(details)
        await repository.keep(session, known)
        session.record("room.described", "room", known.id, data={"active": known.active})
    return known.shown()


@router.get("/locations/{location_id}/calendar", summary="Read when a location is open", dependencies=READ)
async def get_calendar(session: Read, location_id: UUID) -> schemas.Calendar:
    """Show what was said; where nothing was, it is open whenever a consultant works, but for public holidays."""
    known = await repository.calendar(session, location_id)
    return known.shown() if known else _unsaid(location_id)


@router.put("/locations/{location_id}/calendar", summary="Say when a location is open", dependencies=WRITE)
async def put_calendar(session: Write, location_id: UUID, told: schemas.CalendarWrite) -> schemas.Calendar:
    """Change nothing where it says so already; bookings at times that are closed now stay as they are."""
    await consultants.claim(session, location_id)
    known = await repository.calendar(session, location_id)
    if known is not None and known.same_as(told):
        return known.shown()
    _expect(known, told.version)
    one = known or LocationCalendar(id=location_id)
    one.write(told)
    await repository.keep(session, one)
    session.record("location_calendar.replaced", "location", location_id, data={"holidays": one.holidays})
    return one.shown()


@router.get("/holiday-policy", summary="Read what public holidays do", dependencies=READ)
async def get_policy(session: Read) -> schemas.HolidayPolicy:
    """Show whose holidays the organisation knows, and whether its locations close on them."""
    known = await repository.policy(session)
    return known.shown() if known else schemas.HolidayPolicy(country=None, subdivision=None, closed=False, version=0)


@router.put("/holiday-policy", summary="Say what public holidays do", dependencies=WRITE)
async def put_policy(session: Write, told: schemas.HolidayPolicyWrite) -> schemas.HolidayPolicy:
    """Change nothing where it says so already; bookings on days that are closed now stay as they are."""
    await consultants.claim(session, session.tenant_id)
    known = await repository.policy(session)
    if known is not None and known.same_as(told):
        return known.shown()
    _expect(known, told.version)
    one = known or HolidayPolicy(id=session.tenant_id)
    one.write(told)
    await repository.keep(session, one)
    session.record("holiday_policy.replaced", "tenant", session.tenant_id, data={"closed": one.closed})
    return one.shown()


@router.get("/holidays", summary="List public holidays and closing days", dependencies=READ)
async def list_holidays(
    session: Read,
    first: Annotated[date, Query(alias="from")],
    last: Annotated[date, Query(alias="to")],
    location_id: UUID | None = None,
) -> list[schemas.Holiday]:
    """List them from `from` to `to`, both included, with what they do: at one location, or as the organisation says."""
    if not 0 <= (last - first).days <= _LONGEST_DAYS:
        raise InvalidInput(f"The days run forwards and are at most {_LONGEST_DAYS}.")
    said, policy = await repository.sayings(session)
    here = said.get(location_id, Said()) if location_id else Said()
    named, closed = here.observed(policy, first, last), here.calendar(policy, first, last).closed
    days = sorted({*named, *(day for day in closed if first <= day <= last)})
    kinds = {day: here.kind(policy, day) for day in days}
    return [schemas.Holiday(date=day, name=named.get(day), closed=day in closed, kind=kinds[day]) for day in days]


@router.post("/holidays/trial", summary="On which days a location would be closed", dependencies=READ)
async def try_holidays(session: Read, wanted: schemas.HolidaysTrial) -> list[date]:
    """Compute them with another calendar of the location, or another policy, and change nothing."""
    said, policy = await repository.sayings(session)
    here = said.get(wanted.location_id, Said())
    if wanted.calendar:
        here = repository.as_said(wanted.calendar)
    if wanted.policy:
        policy = repository.as_policy(wanted.policy, policy)
    closed = here.calendar(policy, wanted.first, wanted.last).closed
    return sorted(day for day in closed if wanted.first <= day <= wanted.last)


@router.get("/holiday-gaps", summary="List the years whose public holidays are not known yet", dependencies=READ)
async def list_gaps(
    session: Read, first: Annotated[date, Query(alias="from")], last: Annotated[date, Query(alias="to")]
) -> list[schemas.HolidayGap]:
    """List them by country: the organisation's own first, then those of locations that name one of their own."""
    if not 0 <= (last - first).days <= _LONGEST_DAYS:
        raise InvalidInput(f"The days run forwards and are at most {_LONGEST_DAYS}.")
    said, policy = await repository.sayings(session)
    found = [schemas.HolidayGap(location_ids=[], **asdict(gap)) for gap in Said().gaps(policy, first, last)]
    for location_id, here in sorted(said.items()):
        own = here.gaps(policy, first, last) if here.country else []
        found += [schemas.HolidayGap(location_ids=[location_id], **asdict(gap)) for gap in own]
    return found


def _unsaid(location_id: UUID) -> schemas.Calendar:
    return schemas.Calendar(
        location_id=location_id, zone=None, opening=None, holidays="as_organisation", country=None, subdivision=None,
        open_on=[], closed_on=[], version=0,
    )  # fmt: skip


def _expect(known: LocationCalendar | HolidayPolicy | None, version: int | None) -> None:
    if known is not None:
        known.expect(version)
    elif version:
        raise VersionConflict(current_version=0)
