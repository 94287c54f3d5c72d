"""`/rooms`, `/locations/{id}/calendar`, `/holidays`: what locations offer, and when they are closed."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, NotFound, VersionConflict
from careconnect.pagination import Page
from services.consultants.errors import RoomExists, RoomNotFound
from services.consultants.schemas import (
    Calendar,
    CalendarTold,
    CalendarWrite,
    Holiday,
    HolidayGap,
    HolidayPolicy,
    HolidayPolicyWrite,
    Room,
    RoomReplacement,
    RoomWrite,
)
from services.identity.errors import LocationNotFound
from web.api.etags import IfMatch, Tagged, as_seen, record
from web.api.fields import own_account, wrong
from web.api.keys import IdempotencyKey, minted, told_apart
from web.api.listing import LIST
from web.gateway import Gateway
from web.session import Door, may

router = APIRouter(tags=["catalogue"])
Reader = Annotated[Actor, may("catalogue:read")]
Writer = Annotated[Actor, may("catalogue:write")]
_AHEAD = timedelta(days=365)


@router.get("/rooms", summary="List rooms by name", **LIST)
async def rooms(
    actor: Reader, gateway: Door, location_id: UUID | None = None, *, active: bool | None = None
) -> Page[Room]:
    """List those of all locations or of one; there are few, so there is one page."""
    found = await gateway.consultants.rooms(actor, location_id, active=active)
    return Page[Room](items=found, next_cursor=None)


@router.post("/rooms", summary="Add a room", **record(IdempotencyConflict, status=201))
async def add_room(body: RoomWrite, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None) -> Room:
    """Add it with what it is and has; visits that need such a room are given a free one when their time is held."""
    await _expect_location(gateway, actor, body.location_id)
    with told_apart(RoomExists):
        return tag(await gateway.consultants.create_room(actor, minted("room", actor, key), body))


@router.get("/rooms/{room_id}", summary="Read a room", **record(RoomNotFound))
async def room(room_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Room:
    """Show one that is out of use too."""
    return tag(await gateway.consultants.room(actor, room_id))


@router.put("/rooms/{room_id}", summary="Replace a room", **record(RoomNotFound, VersionConflict))
async def replace_room(
    room_id: UUID, body: RoomReplacement, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Room:
    """Write all of it anew; what is booked into it stays there."""
    await _expect_location(gateway, actor, body.location_id)
    return tag(await gateway.consultants.replace_room(actor, room_id, as_seen(body, seen)))


@router.get("/locations/{location_id}/calendar", summary="Read when a location is open", **record(LocationNotFound))
async def calendar(location_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Calendar:
    """Give opening hours in the location's wall time; version 0 is a location of which nobody has said anything."""
    await gateway.identity.location(own_account(actor, "identity:read"), location_id)
    return tag(await gateway.consultants.calendar(actor, location_id))


@router.put(
    "/locations/{location_id}/calendar",
    summary="Say when a location is open",
    **record(LocationNotFound, VersionConflict),
)
async def replace_calendar(
    location_id: UUID, body: CalendarTold, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Calendar:
    """Write it anew. Weekly hours count while the location is open, extra hours always; what is booked stays."""
    place = await gateway.identity.location(own_account(actor, "identity:read"), location_id)
    told = CalendarWrite(zone=place.zone, **as_seen(body, seen).model_dump())
    return tag(await gateway.consultants.put_calendar(actor, location_id, told))


@router.get("/holiday-policy", summary="Read what public holidays do", **record())
async def holiday_policy(actor: Reader, gateway: Door, tag: Tagged) -> HolidayPolicy:
    """Tell whose holidays the organisation knows, and whether its locations close on them."""
    return tag(await gateway.consultants.holiday_policy(actor))


@router.put("/holiday-policy", summary="Say what public holidays do", **record(VersionConflict))
async def replace_holiday_policy(
    body: HolidayPolicyWrite, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> HolidayPolicy:
    """Name the country; `closed: false` keeps all locations open that do not say otherwise."""
    return tag(await gateway.consultants.put_holiday_policy(actor, as_seen(body, seen)))


@router.get("/holidays", summary="List public holidays and closing days", **LIST)
async def holidays(
    actor: Reader,
    gateway: Door,
    from_: Annotated[date | None, Query(alias="from", description="defaults to today")] = None,
    to: Annotated[date | None, Query(description="included; defaults to a year later, at most 800 days")] = None,
    location_id: UUID | None = None,
) -> Page[Holiday]:
    """List days by date with what they do: at one location, or as the organisation says."""
    first = from_ or clock.now().date()
    found = await gateway.consultants.holidays(actor, first, to or first + _AHEAD, location_id)
    return Page[Holiday](items=found, next_cursor=None)


@router.get("/holiday-gaps", summary="List years whose public holidays are not known yet", **LIST)
async def holiday_gaps(
    actor: Reader,
    gateway: Door,
    from_: Annotated[date | None, Query(alias="from", description="defaults to today")] = None,
    to: Annotated[date | None, Query(description="included; defaults to a year later, at most 800 days")] = None,
) -> Page[HolidayGap]:
    """List them by country. Until such a year is entered, only what falls on the same date every year is closed."""
    first = from_ or clock.now().date()
    found = await gateway.consultants.holiday_gaps(actor, first, to or first + _AHEAD)
    return Page[HolidayGap](items=found, next_cursor=None)


async def _expect_location(gateway: Gateway, actor: Actor, location_id: UUID) -> None:
    try:
        await gateway.identity.location(own_account(actor, "identity:read"), location_id)
    except NotFound as missing:
        raise wrong("location_id", "location_not_found", "There is no such location.") from missing
