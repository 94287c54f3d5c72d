"""Taking a time: who is in the way, which seat and which room are free; Postgres' objections translated once."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from careconnect import clock
from careconnect.db import WriteSession, objection
from services.appointments.errors import NoRoomFree, PatientBusy, SlotTaken
from services.appointments.models import Appointment
from services.appointments.schemas import OCCUPYING, Status

_TAKEN = {
    "ex_appointments_consultant": SlotTaken,
    "ex_appointments_seat": SlotTaken,
    "ex_appointments_patient": PatientBusy,
    "ex_appointments_room": NoRoomFree,
}
_LONGEST_VISIT = timedelta(days=1)
_LONGEST_BUFFER = timedelta(hours=4)
"""How long before its start and after its end a visit may occupy its consultant and its room."""


async def add(
    session: WriteSession,
    asked: Appointment,
    rooms: Sequence[UUID] | None = None,
    giving: Appointment | None = None,
) -> Appointment | None:
    """Write a hold, unless one with this id stands: then give that one. `rooms` fit; none: no room is needed.

    The time of `giving`, a held row, passes over in the same transaction, and its room with it.

    Raises:
        SlotTaken: the consultant is occupied then, or all places of the group visit are taken.
        PatientBusy: the patient has another appointment then.
        NoRoomFree: all rooms that fit are in use then.
    """
    others = await _in_the_way(session, asked, rooms)
    for other in others:
        if other.id == asked.id:
            return other
    if giving and giving.release("hold_used"):
        others = [other for other in others if other is not giving]
        rooms = first_of(rooms, giving.room_id)
    await _settle(session, asked, others, rooms)
    await session.flush()
    session.add(asked)
    await flush(session)
    return None


async def make_way(session: WriteSession, moved: Appointment, rooms: Sequence[UUID] | None = None) -> None:
    """Refuse a move to a time that is occupied; the row holds the wanted time already and is not written yet.

    Raises:
        SlotTaken, PatientBusy, NoRoomFree: as for a hold.
    """
    with session.no_autoflush:
        others = await _in_the_way(session, moved, rooms)
        await _settle(session, moved, [other for other in others if other.id != moved.id], rooms)


def first_of(rooms: Sequence[UUID] | None, room_id: UUID | None) -> Sequence[UUID] | None:
    """Put the room first that it has, so that whoever was told of it finds it there."""
    return rooms and sorted(rooms, key=lambda room: room != room_id)


async def flush(session: WriteSession) -> None:
    """Send changes to Postgres, which refuses a second appointment at an occupied time."""
    with objection(_TAKEN):
        await session.flush()


async def _in_the_way(session: WriteSession, asked: Appointment, rooms: Sequence[UUID] | None) -> list[Appointment]:
    """Find what occupies the time, of the consultant, the patient or a room, and what stands under the same id."""
    patient = [asked.patient_id] if asked.patient_id else []
    await _queue_up(session, asked.consultant_id, *patient, *([asked.location_id] if rooms else []))
    wanted = {
        "tenant": session.tenant_id,
        "key": asked.id,
        "consultant": asked.consultant_id,
        "earliest": asked.occupied_from - _LONGEST_VISIT - _LONGEST_BUFFER,
        "since": asked.occupied_from,
        "until": asked.occupied_to,
        "latest": asked.occupied_to + _LONGEST_BUFFER,
    }
    wanted |= {"patient": asked.patient_id} if patient else {}
    wanted |= {"rooms": list(rooms)} if rooms else {}
    return list(await session.scalars(_overlapping(patient=bool(patient), rooms=bool(rooms)), wanted))


@cache
def _overlapping(*, patient: bool, rooms: bool) -> sa.Select[Appointment]:
    """Make the question once for each of its shapes: it is asked in each booking."""
    whose = [Appointment.consultant_id == sa.bindparam("consultant")]
    if patient:
        whose.append(Appointment.patient_id == sa.bindparam("patient"))
    if rooms:
        whose.append(Appointment.room_id.in_(sa.bindparam("rooms", expanding=True)))
    overlapping = sa.and_(
        sa.or_(*whose),
        Appointment.start_at > sa.bindparam("earliest"),
        Appointment.start_at < sa.bindparam("latest"),
        Appointment.occupied_from < sa.bindparam("until"),
        Appointment.occupied_to > sa.bindparam("since"),
        Appointment.status.in_(sorted(OCCUPYING)),
    )
    return sa.select(Appointment).where(
        Appointment.tenant_id == sa.bindparam("tenant"), sa.or_(Appointment.id == sa.bindparam("key"), overlapping)
    )


async def _queue_up(session: WriteSession, *wanted: UUID) -> None:
    """Let those who want the same consultant, patient, or room of a location ask one after the other.

    The exclusion constraints hold the law without it, but bookings that collide in them wait for each other until
    Postgres' deadlock detector, a second later, ends one of them.
    """
    numbers = sorted(one.int % 2**63 for one in wanted)
    await session.execute(_QUEUE_UP, {"numbers": numbers})


_QUEUE_UP = sa.text("SELECT pg_advisory_xact_lock(number) FROM unnest(:numbers) AS number").bindparams(
    sa.bindparam("numbers", type_=ARRAY(sa.BigInteger()))
)


async def _settle(
    session: WriteSession, asked: Appointment, others: Sequence[Appointment], rooms: Sequence[UUID] | None
) -> None:
    """Refuse what is occupied, and choose seat and room.

    Unlike the exclusion constraints, this also sees overbooked appointments: a plain one may not come after them.
    """
    others = await _standing(session, others)
    theirs = [other for other in others if other.consultant_id == asked.consultant_id]
    together = [other for other in theirs if asked.shares_with(other)]
    if not asked.overbooked:
        if len(together) < len(theirs) or (together and len(together) >= asked.capacity):
            raise SlotTaken
        if any(_same_patient(asked, other) for other in others):
            raise PatientBusy
    asked.seat = _seat(asked, together)
    asked.room_id = _room(asked, others, together, rooms)


async def _standing(session: WriteSession, others: Sequence[Appointment]) -> list[Appointment]:
    """Give back the holds that ran out, should their workflows not have come to it yet; tell what stands.

    Nothing was locked when they were read, so one may be confirmed by now: Postgres waits for whoever is at it, and
    gives back only what is a hold still.
    """
    now = clock.now()
    suspects = [other.id for other in others if other.hold_expires_at and other.hold_expires_at < now]
    if not suspects:
        return list(others)
    statement = (
        sa.update(Appointment)
        .where(
            Appointment.tenant_id == session.tenant_id,
            Appointment.id.in_(suspects),
            Appointment.status == Status.HELD,
            Appointment.hold_expires_at < now,
        )
        .values(status=Status.EXPIRED, status_since=now, hold_expires_at=None, refusal_code="hold_expired")
        .returning(Appointment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    over = list(await session.scalars(statement))
    for one in over:
        session.record("appointment.expired", "appointment", one.id, data=one.facts())
    return [other for other in others if other not in over]


def _same_patient(asked: Appointment, other: Appointment) -> bool:
    at_once = other.end_at > asked.start_at and other.start_at < asked.end_at
    return asked.patient_id is not None and other.patient_id == asked.patient_id and at_once


def _seat(asked: Appointment, together: Sequence[Appointment]) -> int:
    """Take the lowest seat that is free; one that is overbooked sits on none of its own."""
    taken = {other.seat for other in together if not other.overbooked}
    return next((seat for seat in range(1, asked.capacity + 1) if seat not in taken), asked.capacity)


def _room(
    asked: Appointment, others: Sequence[Appointment], together: Sequence[Appointment], rooms: Sequence[UUID] | None
) -> UUID | None:
    """Take the group's room, or the first that is free; who is overbooked goes without if there is none."""
    if rooms is None:
        return None
    shared = next((other.room_id for other in together if other.room_id), None)
    taken = {other.room_id for other in others}
    found = shared or next((room for room in rooms if room not in taken), None)
    if found is None and not asked.overbooked:
        raise NoRoomFree
    return found
