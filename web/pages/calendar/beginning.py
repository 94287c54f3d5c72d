"""From an empty time in the calendar to a booking that begins with it."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from careconnect.errors import Refusal
from web.gateway.finding import Slot, SlotQuery
from web.pages.appointments.picker import Start
from web.pages.links import link
from web.pages.screen import Screen, needs

router = APIRouter()
Writer = Annotated[Screen, needs("appointments:write")]
_NEAR = timedelta(minutes=30)
_TRIED = 12
"""How many of the visits that a consultant offers are tried, in the order of names, until one can begin near there."""


@router.get("/new")
async def new(screen: Writer, consultant_id: UUID, at: str) -> Response:
    """Begin a booking with the consultant and the wall time that were clicked; without scripts too."""
    moment = wall_time(at, screen.frame.zone)
    date = moment.date().isoformat() if moment else ""
    slot = await _nearest(screen, consultant_id, moment) if moment else None
    if slot is None:
        place = screen.frame.location
        known = {"consultant_id": consultant_id, "location_id": place.id if place else None, "date": date}
        return RedirectResponse(link("/appointments/new", **known), 303)
    known = {"visit_type_id": slot.visit_type_id, "location_id": slot.location_id, "date": date}
    chosen = Start.of(slot).value
    return RedirectResponse(link("/appointments/new", consultant_id=consultant_id, slot=chosen, **known), 303)


def wall_time(text: str, zone: str) -> datetime | None:
    """Read what a wall clock in `zone` shows (`2026-11-23T09:15`); anything else is None."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        return None


async def _nearest(screen: Screen, consultant_id: UUID, moment: datetime) -> Slot | None:
    """Find the free start that is nearest to `moment`, of the first visit that has one near it."""
    offered = await screen.gateway.consultants.visit_types(screen.actor, active=True, consultant_id=consultant_id)
    for kind in offered.items[:_TRIED]:
        near = await _near(screen, kind.id, consultant_id, moment)
        if near:
            return min(near, key=lambda one: abs(one.start - moment))
    return None


async def _near(screen: Screen, visit_type_id: UUID, consultant_id: UUID, moment: datetime) -> list[Slot]:
    """Find the free starts near `moment`; none of a visit that is refused there, another may still do."""
    place = screen.frame.location
    wanted = SlotQuery(
        visit_type_id=visit_type_id,
        from_=moment - _NEAR,
        to=moment + _NEAR,
        consultant_id=consultant_id,
        location_id=place.id if place else None,
        limit=20,
    )
    try:
        return [one for one in await screen.gateway.slots(screen.actor, wanted) if abs(one.start - moment) < _NEAR]
    except Refusal as refusal:
        if refusal.status not in {404, 409, 422}:
            raise
        return []
