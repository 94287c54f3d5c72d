"""Questions about appointments."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession, new_metadata
from careconnect.pagination import Paging, Rows, keyset, ordered
from services.appointments.errors import AppointmentNotFound
from services.appointments.models import Appointment, AppointmentNotes
from services.appointments.reach import repository as reach
from services.appointments.schemas import (
    OCCUPYING,
    AppointmentFilter,
    Notes,
    Sort,
    Status,
    Summary,
    TimelineEvent,
)

_AUDIT = new_metadata().tables["audit_events"]


_ONE = select(Appointment).where(Appointment.tenant_id == sa.bindparam("tenant"), Appointment.id == sa.bindparam("key"))
_LOCKED = _ONE.with_for_update()
_ORDERS = {
    "start": [Appointment.start_at, Appointment.id],
    "status": [Appointment.status, Appointment.start_at, Appointment.id],
}


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
    wanted = {"tenant": session.tenant_id, "key": appointment_id}
    found: Appointment | None = await session.scalar(_LOCKED if lock else _ONE, wanted)
    return found


async def search(session: ReadSession, wanted: AppointmentFilter, paging: Paging, *, sort: Sort) -> Rows[Appointment]:
    """List what `wanted` describes, in the order of `sort`."""
    statement = select(Appointment).where(*await _conditions(session, wanted))
    return await keyset(session, statement, ordered(sort, _ORDERS), paging)


async def summary(session: ReadSession, wanted: AppointmentFilter) -> Summary:
    """Count what `wanted` describes."""
    upcoming = Appointment.start_at >= clock.now()
    statement = (
        select(Appointment.status, upcoming, func.count(), func.count(Appointment.needs_attention))
        .where(*await _conditions(session, wanted))
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


async def _conditions(session: ReadSession, wanted: AppointmentFilter) -> list[sa.ColumnElement[bool]]:
    # A time that is held for nobody yet is in the calendar, and is nobody's appointment.
    conditions: list[sa.ColumnElement[bool]] = [
        Appointment.tenant_id == session.tenant_id,
        Appointment.patient_id.is_not(None),
        *await reach.narrowed(session, wanted.patient_id),
    ]
    if wanted.from_:
        conditions.append(Appointment.start_at >= wanted.from_)
    if wanted.to:
        conditions.append(Appointment.start_at < wanted.to)
    if wanted.location_id:
        conditions.append(Appointment.location_id == wanted.location_id)
    if wanted.reference:
        conditions.append(Appointment.reference == wanted.reference)
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
