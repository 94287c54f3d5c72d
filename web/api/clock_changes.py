"""`/clock-changes`: what a new rule of a time zone did to appointments that are to come."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from careconnect.pagination import Page
from services.appointments.errors import AppointmentNotFound, WrongState
from services.appointments.schemas import ClockChange
from web.api.listing import LIST
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(tags=["appointments"])


@router.get("/clock-changes", summary="List appointments whose wall time a new zone rule has moved", **LIST)
async def changes(actor: Annotated[Actor, may("appointments:read")], gateway: Door) -> Page[ClockChange]:
    """List what is to come, soonest first, at most 1000 on one page; nothing is moved by itself.

    Rescheduling one to `start_as_agreed` keeps what was agreed on; agreeing to its wall time leaves it where it is.
    """
    return Page[ClockChange](items=await gateway.clock_changes.found(actor), next_cursor=None)


@router.put(
    "/appointments/{appointment_id}/wall-time",
    summary="Agree on the wall time that a new zone rule makes of an appointment",
    status_code=204,
    responses=refusals(AppointmentNotFound, WrongState),
)
async def agree(appointment_id: UUID, actor: Annotated[Actor, may("appointments:write")], gateway: Door) -> None:
    """Keep the instant; it leaves the list. A repeat changes nothing."""
    await gateway.clock_changes.leave(actor, appointment_id)
