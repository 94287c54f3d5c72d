"""Rooms, and the calendars of locations, in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession
from services.consultants import schemas
from services.consultants.errors import RoomNotFound
from services.consultants.models import HolidayPolicy, LocationCalendar, Room, ScheduleBlock
from services.consultants.opening import Policy, Said, block_of

POLICY = (HolidayPolicy.country, HolidayPolicy.subdivision, HolidayPolicy.closed, HolidayPolicy.own)
SAID = (
    LocationCalendar.id,
    LocationCalendar.opening,
    LocationCalendar.holidays,
    LocationCalendar.country,
    LocationCalendar.subdivision,
    LocationCalendar.open_on,
    LocationCalendar.closed_on,
)


def said(
    opening: Sequence[dict[str, object]] | None,
    holidays: Literal["as_organisation", "closed", "open"],
    country: str | None,
    subdivision: str | None,
    open_on: Iterable[date | str],
    closed_on: Iterable[date | str],
) -> Said:
    """Read what was said about a location, from a row or from its JSON."""
    blocks = None if opening is None else [block_of(one) for one in opening]
    return Said(blocks, holidays, country, subdivision, _dates(open_on), _dates(closed_on))


def policy_of(country: str | None, subdivision: str | None, closed: bool, own: Iterable[Mapping[str, str]]) -> Policy:
    """Read what an organisation does on public holidays, from a row or from its JSON."""
    return Policy(country, subdivision, closed, {date.fromisoformat(one["date"]): one["name"] for one in own})


def as_said(told: schemas.CalendarWrite) -> Said:
    """Read what somebody would say about a location."""
    opening = None if told.opening is None else [one.model_dump() for one in told.opening]
    return said(opening, told.holidays, told.country, told.subdivision, told.open_on, told.closed_on)


def as_policy(told: schemas.HolidayPolicyWrite, now: Policy) -> Policy:
    """Read what an organisation would say, with its own days as they are now where it does not tell them."""
    own = now.own if told.own is None else {one.date: one.name for one in told.own}
    return Policy(told.country, told.subdivision, told.closed, own)


async def sayings(session: ReadSession) -> tuple[dict[UUID, Said], Policy]:
    """Read what was said about each location, and about public holidays; an organisation has few locations."""
    request = sa.select(sa.literal_column("1").label("one")).subquery("request")
    statement = sa.select(HolidayPolicy.id.label("decided"), *POLICY, *SAID).select_from(request)
    statement = statement.outerjoin(HolidayPolicy, sa.true()).outerjoin(LocationCalendar, sa.true())
    rows: Sequence[Any] = (await session.execute(statement)).all()
    policy = policy_of(*rows[0][1:5]) if rows[0][0] else Policy()
    return {row[5]: said(*row[6:]) for row in rows if row[5]}, policy


async def fitting(session: ReadSession, features: Sequence[str]) -> dict[UUID, list[UUID]]:
    """Give the rooms in use that have all of `features`, by location."""
    statement = sa.select(Room.location_id, Room.id).where(Room.active, Room.features.contains(list(features)))
    found: dict[UUID, list[UUID]] = {}
    for location_id, room_id in await session.execute(statement.order_by(Room.location_id, Room.id)):
        found.setdefault(location_id, []).append(room_id)
    return found


def zone_of(location_id: sa.ColumnElement[UUID]) -> sa.ColumnElement[str | None]:
    """Ask for the zone of a location: its calendar says it, else the weekly hours that anybody has there."""
    calendar = sa.select(LocationCalendar.zone).where(LocationCalendar.id == location_id)
    block = sa.select(ScheduleBlock.zone).where(ScheduleBlock.location_id == location_id).limit(1)
    return sa.func.coalesce(calendar.scalar_subquery(), block.scalar_subquery())


async def find_room(session: ReadSession, room_id: UUID) -> Room | None:
    """Read a room, if it is there."""
    return await session.get(Room, (session.tenant_id, room_id))


async def room(session: ReadSession, room_id: UUID) -> Room:
    """Read a room.

    Raises:
        RoomNotFound: there is none.
    """
    found = await find_room(session, room_id)
    if found is None:
        raise RoomNotFound
    return found


async def rooms(session: ReadSession, location_id: UUID | None, *, active: bool | None = None) -> list[Room]:
    """List rooms by name, those of all locations or of one."""
    statement = sa.select(Room).order_by(Room.name, Room.id)
    if location_id is not None:
        statement = statement.where(Room.location_id == location_id)
    if active is not None:
        statement = statement.where(Room.active.is_(active))
    return list(await session.scalars(statement))


async def calendar(session: ReadSession, location_id: UUID) -> LocationCalendar | None:
    """Read a location's calendar, if anything was said."""
    return await session.get(LocationCalendar, (session.tenant_id, location_id))


async def policy(session: ReadSession) -> HolidayPolicy | None:
    """Read what the organisation does on public holidays, if anything was said."""
    return await session.get(HolidayPolicy, (session.tenant_id, session.tenant_id))


async def keep(session: WriteSession, row: Room | LocationCalendar | HolidayPolicy) -> None:
    """Write it down."""
    session.add(row)
    await session.flush()


def _dates(told: Iterable[date | str]) -> frozenset[date]:
    return frozenset(one if isinstance(one, date) else date.fromisoformat(one) for one in told)
