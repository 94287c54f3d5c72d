"""The steps of a visit, from arrival to completion, departure or no-show. POST does one, DELETE undoes it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from services.appointments.errors import AppointmentNotFound, SlotTaken, TooEarly, TooLateToUndo, WrongState
from services.consultants.errors import OutsideHours
from web.api.appointment_input import NoShowCreate
from web.api.deciding import MAY_WAIVE, reason_to_waive
from web.api.etags import IfMatch, as_seen
from web.api.keys import IdempotencyKey
from web.api.openapi import WAITING, refusals
from web.gateway.bookings import ChangedAppointment
from web.gateway.errors import EngineUnavailable
from web.session import Door, may

router = APIRouter(prefix="/appointments", tags=["appointments"])
Writer = Annotated[Actor, may("appointments:write")]
_STEP: dict[str, Any] = {
    "responses": {
        **WAITING,
        **refusals(AppointmentNotFound, WrongState, VersionConflict, IdempotencyConflict, EngineUnavailable),
    }
}
_COMING: dict[str, Any] = {
    "responses": {
        **WAITING,
        **refusals(AppointmentNotFound, WrongState, VersionConflict, TooEarly, IdempotencyConflict, EngineUnavailable),
    }
}
_UNDO: dict[str, Any] = {
    "responses": {
        **WAITING,
        **refusals(
            AppointmentNotFound,
            WrongState,
            VersionConflict,
            TooLateToUndo,
            SlotTaken,
            IdempotencyConflict,
            EngineUnavailable,
        ),
    }
}
_RETURN: dict[str, Any] = {
    "responses": {
        **WAITING,
        **refusals(
            AppointmentNotFound,
            WrongState,
            VersionConflict,
            TooLateToUndo,
            SlotTaken,
            OutsideHours,
            IdempotencyConflict,
            EngineUnavailable,
        ),
    }
}


@router.post("/{appointment_id}/arrival", summary="The patient is here", **_COMING)
async def arrive(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Note the arrival; on the day of the visit, not before."""
    return await gateway.bookings.step(actor, appointment_id, "arrival", version=seen, key=key)


@router.delete("/{appointment_id}/arrival", summary="Undo the arrival", **_UNDO)
async def undo_arrival(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Undo it, on the same day."""
    return await gateway.bookings.step(actor, appointment_id, "arrival", undo=True, version=seen, key=key)


@router.post("/{appointment_id}/check-in", summary="Check the patient in", **_COMING)
async def check_in(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Check in; on the day of the visit, not before."""
    return await gateway.bookings.step(actor, appointment_id, "check-in", version=seen, key=key)


@router.delete("/{appointment_id}/check-in", summary="Undo the check-in", **_UNDO)
async def undo_check_in(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Undo it, on the same day."""
    return await gateway.bookings.step(actor, appointment_id, "check-in", undo=True, version=seen, key=key)


@router.post("/{appointment_id}/consultation", summary="The patient is with the consultant", **_STEP)
async def see_consultant(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Note since when; it stays checked in."""
    return await gateway.bookings.step(actor, appointment_id, "consultation", version=seen, key=key)


@router.delete("/{appointment_id}/consultation", summary="The patient is still waiting", **_UNDO)
async def undo_consultation(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Undo it."""
    return await gateway.bookings.step(actor, appointment_id, "consultation", undo=True, version=seen, key=key)


@router.post("/{appointment_id}/completion", summary="The visit took place", **_STEP)
async def complete(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Complete the visit."""
    return await gateway.bookings.step(actor, appointment_id, "completion", version=seen, key=key)


@router.delete("/{appointment_id}/completion", summary="The visit has not ended", **_UNDO)
async def undo_completion(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Undo it, on the same day and if the time is still free."""
    return await gateway.bookings.step(actor, appointment_id, "completion", undo=True, version=seen, key=key)


@router.post("/{appointment_id}/departure", summary="The patient left without being seen", **_STEP)
async def leave(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Note it; it costs nothing, and what was paid goes back when it can no longer be undone."""
    return await gateway.bookings.step(actor, appointment_id, "departure", version=seen, key=key)


@router.delete("/{appointment_id}/departure", summary="The patient is still here", **_UNDO)
async def undo_departure(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Undo it, on the same day and if the time is still free."""
    return await gateway.bookings.step(actor, appointment_id, "departure", undo=True, version=seen, key=key)


@router.post("/{appointment_id}/no-show", summary="The patient did not come", **_COMING, **MAY_WAIVE)
async def no_show(
    appointment_id: UUID,
    actor: Writer,
    gateway: Door,
    *,
    seen: IfMatch,
    body: NoShowCreate | None = None,
    key: IdempotencyKey = None,
) -> ChangedAppointment:
    """Note that nobody came, once it was to begin. Repeated with a waiver, it costs nothing while it can be undone."""
    wanted = as_seen(body or NoShowCreate(), seen)
    waiver = reason_to_waive(actor, wanted.waive_fee)
    return await gateway.bookings.step(actor, appointment_id, "no-show", waiver=waiver, version=wanted.version, key=key)


@router.delete("/{appointment_id}/no-show", summary="The patient came after all", **_RETURN)
async def undo_no_show(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Undo it, on the same day and if the time is still free."""
    return await gateway.bookings.step(actor, appointment_id, "no-show", undo=True, version=seen, key=key)
