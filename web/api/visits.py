"""The steps of a visit: arrival, check-in, completion, no-show. POST does one, DELETE undoes it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from services.appointments.errors import AppointmentNotFound, TooLateToUndo, WrongState
from services.appointments.schemas import Appointment
from web.api.openapi import WAITING, refusals
from web.gateway.errors import EngineUnavailable
from web.session import Door, may

router = APIRouter(prefix="/appointments", tags=["appointments"])
Writer = Annotated[Actor, may("appointments:write")]
_STEP: dict[str, Any] = {"responses": {**WAITING, **refusals(AppointmentNotFound, WrongState, EngineUnavailable)}}
_UNDO: dict[str, Any] = {
    "responses": {**WAITING, **refusals(AppointmentNotFound, WrongState, TooLateToUndo, EngineUnavailable)}
}


@router.post("/{appointment_id}/arrival", summary="The patient is here", **_STEP)
async def arrive(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Note the arrival."""
    return await gateway.bookings.step(actor, appointment_id, "arrival")


@router.delete("/{appointment_id}/arrival", summary="Undo the arrival", **_UNDO)
async def undo_arrival(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Undo it, on the same day."""
    return await gateway.bookings.step(actor, appointment_id, "arrival", undo=True)


@router.post("/{appointment_id}/check-in", summary="Check the patient in", **_STEP)
async def check_in(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Check in."""
    return await gateway.bookings.step(actor, appointment_id, "check-in")


@router.delete("/{appointment_id}/check-in", summary="Undo the check-in", **_UNDO)
async def undo_check_in(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Undo it, on the same day."""
    return await gateway.bookings.step(actor, appointment_id, "check-in", undo=True)


@router.post("/{appointment_id}/completion", summary="The visit took place", **_STEP)
async def complete(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Complete the visit."""
    return await gateway.bookings.step(actor, appointment_id, "completion")


@router.post("/{appointment_id}/no-show", summary="The patient did not come", **_STEP)
async def no_show(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Note that nobody came."""
    return await gateway.bookings.step(actor, appointment_id, "no-show")


@router.delete("/{appointment_id}/no-show", summary="The patient came after all", **_UNDO)
async def undo_no_show(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Undo it, on the same day and if the time is still free."""
    return await gateway.bookings.step(actor, appointment_id, "no-show", undo=True)
