"""Questions about appointments, and Postgres' objections translated once."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession, new_metadata, objection
from careconnect.pagination import Order, Paging, Rows, keyset
from services.appointments.errors import AppointmentNotFound, PatientBusy, SlotTaken
from services.appointments.models import Appointment, AppointmentNotes
from services.appointments.schemas import OCCUPYING, AppointmentFilter, Notes, Status, Summary, TimelineEvent

_TAKEN = {"ex_appointments_consultant": SlotTaken, "ex_appointments_patient": PatientBusy}
_AUDIT = new_metadata().tables["audit_events"]


async def add(session: WriteSession, appointment: Appointment) -> Appointment | None:
    """Write a hold, unless one with this id stands: then give that one.

    Raises:
        SlotTaken: the consultant is occupied then.
        PatientBusy: the patient has another appointment then.
    """
    await queue_up(session, appointment.consultant_id, appointment.patient_id)
    for other in await _in_the_way(session, appointment):
        if other.id == appointment.id:
            return other
        _clear(session, appointment, other)
    await session.flush()
    session.add(appointment)
    await flush(session)
    return None


async def make_way(session: WriteSession, appointment: Appointment) -> None:
    """Refuse a move to a time that is occupied; the row holds the wanted time already and is not written yet.

    Raises:
        SlotTaken: the consultant is occupied then.
        PatientBusy: the patient has another appointment then.
    """
    with session.no_autoflush:
        await queue_up(session, appointment.consultant_id, appointment.patient_id)
        for other in await _in_the_way(session, appointment):
            if other.id != appointment.id:
                _clear(session, appointment, other)


async def queue_up(session: WriteSession, *people: UUID) -> None:
    """Let those who want the same consultant or patient ask one after the other.

    The exclusion constraints hold the law without it, but bookings that collide in them wait for each other until
    Postgres' deadlock detector, a second later, ends one of them.
    """
    numbers = sorted(person.int % 2**63 for person in people)
    await session.execute(_QUEUE_UP, {"numbers": numbers})


_QUEUE_UP = sa.text("SELECT pg_advisory_xact_lock(number) FROM unnest(:numbers) AS number").bindparams(
    sa.bindparam("numbers", type_=ARRAY(sa.BigInteger()))
)


async def flush(session: WriteSession) -> None:
    """Send changes to Postgres, which refuses a second appointment at an occupied time."""
    with objection(_TAKEN):
        await session.flush()


async def get(session: ReadSession, appointment_id: UUID, *, lock: bool = False) -> Appointment:
    """Read one appointment, and lock its row when it is about to change.

    Raises:
        AppointmentNotFound: there is none for this tenant.
    """
    found = await find(session, appointment_id, lock=lock)
    if found is None:
        raise AppointmentNotFound
    return found


async def find(session: ReadSession, appointment_id: UUID, *, lock: bool = False) -> Appointment | None:
    """Read one appointment if it is there."""
    statement = select(Appointment).where(Appointment.tenant_id == session.tenant_id, Appointment.id == appointment_id)
    found: Appointment | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def search(
    session: ReadSession, wanted: AppointmentFilter, paging: Paging, *, newest_first: bool
) -> Rows[Appointment]:
    """List what `wanted` describes, by start."""
    statement = select(Appointment).where(*_conditions(session, wanted))
    start, key = Appointment.start_at, Appointment.id
    order: list[Order] = [start.desc(), key.desc()] if newest_first else [start, key]
    return await keyset(session, statement, order, paging)


async def summary(session: ReadSession, wanted: AppointmentFilter) -> Summary:
    """Count what `wanted` describes."""
    upcoming = Appointment.start_at >= clock.now()
    statement = (
        select(Appointment.status, upcoming, func.count(), func.count(Appointment.needs_attention))
        .where(*_conditions(session, wanted))
        .group_by(Appointment.status, upcoming)
    )
    total = coming = attention = 0
    by_status: dict[Status, int] = {}
    for status, later, count, waiting in (await session.execute(statement)).all():
        by_status[Status(status)] = by_status.get(Status(status), 0) + count
        attention += waiting
        total += count if status != Status.EXPIRED else 0
        coming += count if later and status in OCCUPYING else 0
    return Summary(total=total, upcoming=coming, by_status=by_status, attention=attention)


async def timeline(session: ReadSession, appointment_id: UUID) -> list[TimelineEvent]:
    """Tell what happened to an appointment, oldest first, from its audit events."""
    rows = await session.execute(
        select(_AUDIT)
        .where(
            _AUDIT.c.tenant_id == session.tenant_id,
            _AUDIT.c.entity == "appointment",
            _AUDIT.c.entity_id == appointment_id,
        )
        .order_by(_AUDIT.c.id)
    )
    return [TimelineEvent.model_validate(dict(row._mapping)) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


async def write_notes(session: WriteSession, appointment_id: UUID, notes: Notes) -> bool:
    """Keep what was written about an appointment, sealed; false if there are words already, which stand.

    They come before the booking can tell whether a request is the one that it answers, so they must not write over
    what an earlier one with the same key said.
    """
    keys = await session.tenant_keys()
    moment = clock.now()
    row = {
        "tenant_id": session.tenant_id,
        "id": appointment_id,
        "sealed": keys.seal(notes.model_dump()),
        "created_at": moment,
        "updated_at": moment,
    }
    statement = insert(AppointmentNotes).values(row).on_conflict_do_nothing(index_elements=["tenant_id", "id"])
    return await session.scalar(statement.returning(AppointmentNotes.id)) is not None


async def read_notes(session: ReadSession, appointment_id: UUID) -> Notes:
    """Read what was written about an appointment; empty if nothing was."""
    sealed = await session.scalar(
        select(AppointmentNotes.sealed).where(
            AppointmentNotes.tenant_id == session.tenant_id, AppointmentNotes.id == appointment_id
        )
    )
    if sealed is None:
        return Notes()
    return Notes.model_validate((await session.tenant_keys()).open(sealed))


def _conditions(session: ReadSession, wanted: AppointmentFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [Appointment.tenant_id == session.tenant_id]
    if wanted.from_:
        conditions.append(Appointment.start_at >= wanted.from_)
    if wanted.to:
        conditions.append(Appointment.start_at < wanted.to)
    if wanted.location_id:
        conditions.append(Appointment.location_id == wanted.location_id)
    if wanted.status:
        conditions.append(Appointment.status.in_(wanted.status))
    if wanted.attention:
        conditions.append(Appointment.needs_attention.is_not(None))
    people = [
        column.in_(ids)
        for column, ids in (
            (Appointment.consultant_id, wanted.consultant_id),
            (Appointment.patient_id, wanted.patient_id),
        )
        if ids
    ]
    if people:
        conditions += [sa.or_(*people)] if wanted.either else people
    return conditions


async def _in_the_way(session: WriteSession, asked: Appointment) -> list[Appointment]:
    """Find what occupies the time, of the consultant or of the patient, and what stands under the same id."""
    overlapping = sa.and_(
        sa.or_(Appointment.consultant_id == asked.consultant_id, Appointment.patient_id == asked.patient_id),
        Appointment.start_at > asked.occupied_from - timedelta(days=1),
        Appointment.start_at < asked.occupied_to,
        Appointment.occupied_to > asked.occupied_from,
        Appointment.status.in_(sorted(OCCUPYING)),
    )
    statement = select(Appointment).where(
        Appointment.tenant_id == session.tenant_id, sa.or_(Appointment.id == asked.id, overlapping)
    )
    found = list(await session.scalars(statement))
    return sorted(found, key=lambda one: one.id != asked.id)


def _clear(session: WriteSession, asked: Appointment, other: Appointment) -> None:
    """Refuse what is occupied, and give back holds that ran out, should their workflow not have come to it yet.

    Unlike the exclusion constraints, this also sees overbooked appointments: a plain one may not come after them.
    """
    if other.hold_expires_at and other.hold_expires_at < clock.now():
        other.release("hold_expired")
        session.record("appointment.expired", "appointment", other.id, data=other.facts())
    elif not asked.overbooked and other.consultant_id == asked.consultant_id:
        raise SlotTaken
    elif not asked.overbooked and other.end_at > asked.start_at and other.start_at < asked.end_at:
        raise PatientBusy
