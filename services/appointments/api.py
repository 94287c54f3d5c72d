"""Appointments: holding, confirming, releasing, moving, cancelling, and reading them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from careconnect.errors import Forbidden
from careconnect.pagination import Page, PagingQuery
from services.appointments import figures, occupancy, remarks, repository
from services.appointments.errors import AppointmentNotFound
from services.appointments.holds import taking
from services.appointments.models import Appointment as Model
from services.appointments.reach import repository as reach
from services.appointments.schemas import (
    NOBODY,
    Appointment,
    AppointmentDetail,
    AppointmentFilter,
    Attention,
    Cancellation,
    Figures,
    Hold,
    Move,
    Notes,
    Release,
    Sort,
    Status,
    Summary,
    TimelineEvent,
)

router = APIRouter()
Reader = Annotated[Actor, require("appointments:read")]
Writer = Annotated[Actor, require("appointments:write")]


@router.put("/appointments/{appointment_id}", summary="Hold a time", status_code=201)
async def hold(appointment_id: UUID, asked: Hold, response: Response, actor: Writer, session: Write) -> Appointment:
    """Occupy the time. The id is the caller's, so a repeat answers with what stands."""
    _may_overbook(actor, asked)
    appointment = Model.hold(appointment_id, asked)
    found = await taking.found(session, asked, appointment_id) if asked.hold_id else None
    standing = await occupancy.add(session, appointment, asked.rooms, found.row if found else None)
    if standing:
        response.status_code = 200
        return shape(standing)
    if found:
        await taking.use(session, found, appointment_id)
    session.record("appointment.held", "appointment", appointment.id, data=appointment.facts())
    return shape(appointment)


@router.post("/appointments/{appointment_id}/confirmation", summary="Turn a hold into a booking")
async def confirm(appointment_id: UUID, _: Writer, session: Write) -> Appointment:
    """Confirm; a repeat changes nothing."""
    appointment = await repository.get(session, appointment_id, lock=True)
    if appointment.confirm():
        session.record("appointment.booked", "appointment", appointment.id, data=appointment.facts())
    return shape(appointment)


@router.put(
    "/appointments/{appointment_id}/release", summary="Give back the time of an unfinished booking", status_code=204
)
async def release(appointment_id: UUID, asked: Release, _: Writer, session: Write) -> None:
    """Release; harmless when there never was a hold, and when it was done before."""
    appointment = await repository.find(session, appointment_id, lock=True)
    if appointment and appointment.release(asked.code):
        data = appointment.facts() | {"code": asked.code}
        session.record("appointment.released", "appointment", appointment.id, data=data)
        await taking.bring_back(session, appointment_id)


@router.put("/appointments/{appointment_id}/rescheduling", summary="Move to another time in one step")
async def move(appointment_id: UUID, asked: Move, actor: Writer, session: Write) -> Appointment:
    """Take the new time before the old one is free; the exclusion constraint decides."""
    _may_overbook(actor, asked)
    appointment = await repository.get(session, appointment_id, lock=True)
    before = appointment.start_at
    if appointment.move(asked):
        rooms = asked.rooms if asked.undoes else occupancy.first_of(asked.rooms, appointment.room_id)
        await occupancy.make_way(session, appointment, rooms)
        data = appointment.facts() | {"from": before.isoformat()}
        action = "appointment.move_undone" if asked.undoes else "appointment.rescheduled"
        session.record(action, "appointment", appointment.id, data=data)
        await occupancy.flush(session)
    return shape(appointment)


@router.put("/appointments/{appointment_id}/cancellation", summary="Cancel")
async def cancel(appointment_id: UUID, asked: Cancellation, _: Writer, session: Write) -> Appointment:
    """Cancel; the time is free again at once."""
    appointment = await repository.get(session, appointment_id, lock=True)
    if appointment.cancel(asked.reason, undoable=asked.undoable):
        data = appointment.facts() | {"late": asked.late, "waived": asked.waived}
        session.record("appointment.cancelled", "appointment", appointment.id, data=data, reason=asked.reason)
    return shape(appointment)


@router.put("/appointments/{appointment_id}/attention", summary="Say which step waits for a person", status_code=204)
async def attend(appointment_id: UUID, asked: Attention, _: Writer, session: Write) -> None:
    """Put the appointment under Attention, or take it from there."""
    appointment = await repository.find(session, appointment_id, lock=True)
    if appointment and appointment.attend(asked.step):
        action = "appointment.needs_attention" if asked.step else "appointment.attended"
        session.record(action, "appointment", appointment.id, data={"step": asked.step})


@router.put(
    "/appointments/{appointment_id}/notes", summary="Keep what was written about an appointment", status_code=204
)
async def write_notes(appointment_id: UUID, notes: Notes, _: Writer, session: Write) -> None:
    """Seal the reason and the notes, once; they may come before the hold, so that no workflow carries them."""
    if await repository.write_notes(session, appointment_id, notes):
        session.record("appointment.noted", "appointment", appointment_id)


@router.get("/appointments", summary="List appointments")
async def search(
    wanted: Annotated[AppointmentFilter, Query()],
    paging: PagingQuery,
    _: Reader,
    session: Read,
    sort: Sort = "start",
) -> Page[Appointment]:
    """List, filtered; half-open between `from_` and `to`."""
    found = await repository.search(session, wanted, paging, sort=sort)
    return found.of(shape)


@router.get("/appointments/summary", summary="Count appointments")
async def summary(wanted: Annotated[AppointmentFilter, Query()], _: Reader, session: Read) -> Summary:
    """Count what the filter finds, by state."""
    return await repository.summary(session, wanted)


@router.get("/appointments/{appointment_id}", summary="Read one appointment")
async def get(appointment_id: UUID, _: Reader, session: Write) -> AppointmentDetail:
    """Read it with what was written about it; the reading is audited."""
    appointment = await repository.get(session, appointment_id)
    if appointment.patient_id is None:
        raise AppointmentNotFound
    await reach.expect(session, appointment)
    notes = await repository.read_notes(session, appointment_id)
    said = await remarks.written(session, appointment_id)
    session.record_access("appointment.read", "appointment", appointment_id)
    return AppointmentDetail(**shape(appointment).model_dump(), **notes.model_dump(), remarks=said)


@router.get("/appointments/{appointment_id}/standing", summary="Read where an appointment stands, without its notes")
async def standing(appointment_id: UUID, _: Reader, session: Read) -> Appointment:
    """Answer a workflow's question."""
    return shape(await repository.get(session, appointment_id))


@router.get("/appointments/{appointment_id}/timeline", summary="What happened to an appointment")
async def timeline(appointment_id: UUID, _: Reader, session: Read) -> list[TimelineEvent]:
    """Tell it from the audit events, oldest first."""
    await reach.expect(session, await repository.get(session, appointment_id))
    return await repository.timeline(session, appointment_id)


@router.get("/figures", summary="What the dashboard takes from here")
async def read_figures(
    wanted: Annotated[figures.Period, Query()], _: Annotated[Actor, require("reports:read")], session: Read
) -> Figures:
    """Count the period, in one snapshot."""
    return await figures.read(session, wanted)


def _may_overbook(actor: Actor, asked: Hold | Move) -> None:
    """Let only those override the hours or somebody else's time who may; the reason is among the notes."""
    if (asked.overbooked or asked.hours_overridden) and not actor.may("appointments:overbook"):
        raise Forbidden(needed="appointments:overbook")


def shape(appointment: Model) -> Appointment:
    """Write a row as it goes over the wire."""
    fields = Appointment.model_fields.keys() - {"start", "end", "status", "local_start", "patient_id"}
    return Appointment(
        patient_id=appointment.patient_id or NOBODY,
        start=appointment.start_at,
        end=appointment.end_at,
        status=Status(appointment.status),
        local_start=appointment.local_start.isoformat(),
        **{name: getattr(appointment, name) for name in fields},
    )
