"""Holds: placing, extending, ending, and reading them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write, WriteSession
from services.appointments import occupancy
from services.appointments import repository as appointments
from services.appointments.errors import HoldOver
from services.appointments.holds import repository, schemas
from services.appointments.holds.models import TimeHold
from services.appointments.holds.schemas import HoldStatus
from services.appointments.models import Appointment
from services.appointments.schemas import Status

router = APIRouter()
Writer = Annotated[Actor, require("appointments:write")]


@router.put("/holds/{hold_id}", summary="Hold a time while a form is filled in", status_code=201)
async def place(
    hold_id: UUID, asked: schemas.HoldWrite, response: Response, _: Writer, session: Write
) -> schemas.HeldSlot:
    """Hold it. The id is the caller's, so a repeat answers with what stands."""
    standing = await repository.find(session, hold_id)
    if standing:
        response.status_code = 200
        return _shape(standing)
    row = Appointment.hold(hold_id, asked)
    await occupancy.add(session, row, asked.rooms)
    assert row.hold_expires_at is not None  # noqa: S101 - it is held
    hold = TimeHold.place(hold_id, asked, row.room_id, row.hold_expires_at)
    session.add(hold)
    await session.flush()
    session.record("appointment.held", "appointment", hold_id, data=row.facts())
    session.record("hold.placed", "hold", hold_id, data=hold.facts())
    return _shape(hold)


@router.put("/holds/{hold_id}/extension", summary="Hold the time for longer, once")
async def extend(hold_id: UUID, asked: schemas.Extension, _: Writer, session: Write) -> schemas.HeldSlot:
    """Extend; a repeat of the same extension changes nothing."""
    hold = await repository.get(session, hold_id, lock=True)
    row = await appointments.find(session, hold_id, lock=True)
    if hold.extend(asked):
        if row is None or row.status != Status.HELD:
            raise HoldOver
        row.hold_on(hold.expires_at)
        session.record("hold.extended", "hold", hold_id, data=hold.facts())
    return _shape(hold)


@router.put("/holds/{hold_id}/end", summary="Give the time back", status_code=204)
async def end(hold_id: UUID, asked: schemas.HoldEnd, _: Writer, session: Write) -> None:
    """End the hold; harmless where it has ended, or became an appointment, which keeps its time."""
    hold = await repository.find(session, hold_id, lock=True)
    if hold is None:
        return
    if hold.end(HoldStatus(asked.how)):
        session.record(f"hold.{asked.how}", "hold", hold_id, data=hold.facts())
    await _clear(session, hold_id, f"hold_{asked.how}")


@router.get("/holds/{hold_id}", summary="Read one hold")
async def get(hold_id: UUID, _: Writer, session: Read) -> schemas.HeldSlot:
    """Read it; one that ran out is over, whether or not its process has come to it."""
    return _shape(await repository.get(session, hold_id))


async def _clear(session: WriteSession, hold_id: UUID, code: str) -> None:
    """Take the row away that occupied the time: the hold itself tells what there was to tell."""
    row = await appointments.find(session, hold_id, lock=True)
    if row is None:
        return
    if row.release(code):
        session.record("appointment.released", "appointment", hold_id, data=row.facts() | {"code": code})
    await session.delete(row)


def _shape(hold: TimeHold) -> schemas.HeldSlot:
    fields = schemas.HeldSlot.model_fields.keys() - {"start", "end", "status", "extended"}
    over = hold.status == HoldStatus.HELD and not hold.stands
    return schemas.HeldSlot(
        start=hold.start_at,
        end=hold.end_at,
        status=HoldStatus.EXPIRED if over else HoldStatus(hold.status),
        extended=hold.extension_id is not None,
        **{name: getattr(hold, name) for name in fields},
    )
