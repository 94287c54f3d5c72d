"""The visit itself: arrival, check-in, consultation, completion, departure, no-show, and their undoing."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor, require
from careconnect.db import Write
from services.appointments import occupancy, repository
from services.appointments.api import shape
from services.appointments.models import Appointment as Model
from services.appointments.schemas import Appointment

router = APIRouter()
Writer = Annotated[Actor, require("appointments:write")]


@router.put("/appointments/{appointment_id}/arrival", summary="The patient is here")
async def arrive(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Note the arrival."""
    return await _change(session, appointment_id, Model.arrive, "appointment.arrived")


@router.delete("/appointments/{appointment_id}/arrival", summary="The patient is not here after all")
async def undo_arrival(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Undo the arrival, on the same day."""
    return await _change(session, appointment_id, Model.undo_arrival, "appointment.arrival_undone")


@router.put("/appointments/{appointment_id}/check-in", summary="The desk has checked the patient in")
async def check_in(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Check in."""
    return await _change(session, appointment_id, Model.check_in, "appointment.checked_in")


@router.delete("/appointments/{appointment_id}/check-in", summary="Undo the check-in")
async def undo_check_in(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Go back to arrived, on the same day."""
    return await _change(session, appointment_id, Model.undo_check_in, "appointment.check_in_undone")


@router.put("/appointments/{appointment_id}/consultation", summary="The patient is with the consultant")
async def see_consultant(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Note since when."""
    return await _change(session, appointment_id, Model.see_consultant, "appointment.with_consultant")


@router.delete("/appointments/{appointment_id}/consultation", summary="The patient is still waiting")
async def undo_consultation(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Undo it."""
    return await _change(session, appointment_id, Model.undo_consultation, "appointment.consultation_undone")


@router.put("/appointments/{appointment_id}/completion", summary="The visit took place")
async def complete(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Complete."""
    return await _change(session, appointment_id, Model.complete, "appointment.fulfilled")


@router.delete("/appointments/{appointment_id}/completion", summary="The visit has not ended")
async def undo_completion(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Undo the completion, on the same day and if the time is still free."""
    return await _change(session, appointment_id, Model.undo_completion, "appointment.completion_undone")


@router.put("/appointments/{appointment_id}/departure", summary="The patient left without being seen")
async def leave(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Note it; the time is free at once."""
    return await _change(session, appointment_id, Model.leave, "appointment.left")


@router.delete("/appointments/{appointment_id}/departure", summary="The patient is still here")
async def undo_departure(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Undo the departure, on the same day and if the time is still free."""
    return await _change(session, appointment_id, Model.undo_departure, "appointment.departure_undone")


@router.delete("/appointments/{appointment_id}/cancellation", summary="It will take place after all")
async def undo_cancellation(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Undo the cancellation, within ten minutes and if the time is still free."""
    return await _change(session, appointment_id, Model.undo_cancellation, "appointment.cancellation_undone")


@router.put("/appointments/{appointment_id}/no-show", summary="The patient did not come")
async def mark_no_show(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Note that nobody came."""
    return await _change(session, appointment_id, Model.mark_no_show, "appointment.no_show")


@router.delete("/appointments/{appointment_id}/no-show", summary="The patient came after all")
async def undo_no_show(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Undo the no-show, on the same day and if the time is still free."""
    return await _change(session, appointment_id, Model.undo_no_show, "appointment.no_show_undone")


async def _change(session: Write, appointment_id: UUID, verb: Callable[[Model], bool], action: str) -> Appointment:
    appointment = await repository.get(session, appointment_id, lock=True)
    occupied = appointment.occupies
    if verb(appointment):
        if appointment.occupies and not occupied:
            # It takes the room that it had, so that whoever was told of it finds it there.
            rooms = [appointment.room_id] if appointment.room_id else None
            await occupancy.make_way(session, appointment, rooms)
        session.record(action, "appointment", appointment.id, data=appointment.facts())
        await occupancy.flush(session)
    return shape(appointment)
