"""Endpoints on the path of a booking: who works when, and on which terms a start can be booked."""

from typing import Annotated

from fastapi import APIRouter, Query

from careconnect import clock
from careconnect.auth import require
from careconnect.db import Read
from services.consultants import schemas
from services.consultants.hours import working_time
from services.consultants.repository import availability

router = APIRouter(tags=["availability"])
READ = [require("consultants:read")]


@router.get("/windows", summary="List the working time of those who offer a visit type", dependencies=READ)
async def windows(session: Read, query: Annotated[schemas.WindowsQuery, Query()]) -> list[schemas.Window]:
    """List soonest first, inside `[from, to)`: weekly hours and extra hours, without leave and blocked time.

    Where the visit type needs a room, only locations that have one that fits are listed.
    """
    timetables, calendars, rooms = await availability.timetables(session, query)
    found = [
        schemas.Window.model_construct(
            consultant_id=consultant_id,
            location_id=stretch.location_id,
            zone=stretch.zone,
            start=stretch.start,
            end=stretch.end,
            anchor=stretch.anchor,
            rooms=None if rooms is None else rooms[stretch.location_id],
        )
        for consultant_id, (blocks, deviations) in timetables.items()
        for stretch in working_time(blocks, deviations, query.start, query.end, calendars)
        if query.location_id in {None, stretch.location_id} and (rooms is None or stretch.location_id in rooms)
    ]
    return sorted(found, key=lambda window: (window.start, window.consultant_id, window.location_id))


@router.get("/offer", summary="Ask for the terms of one visit", dependencies=READ)
async def offer(session: Read, wanted: Annotated[schemas.OfferQuery, Query()]) -> schemas.Offer:
    """Tell the terms; whether the time is still free, the appointments service decides."""
    terms = await availability.terms(session, wanted)
    return terms.offer(wanted, clock.now())
