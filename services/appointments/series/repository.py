"""Questions about series."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from careconnect.pagination import Order, Paging, Rows, keyset
from services.appointments.errors import OccurrenceNotFound, SeriesNotFound
from services.appointments.models import Appointment
from services.appointments.reach.repository import reach_of
from services.appointments.schemas import Status
from services.appointments.series import schemas
from services.appointments.series.models import Occurrence, Series

_NEWEST: list[Order] = [Series.created_at.desc(), Series.id.desc()]


async def add(session: WriteSession, series: Series, occurrences: Sequence[Occurrence]) -> bool:
    """Write a series, unless one with this id stands: then false."""
    moment = clock.now()
    row = {column.name: getattr(series, column.name) for column in Series.__table__.columns}
    row |= {"tenant_id": session.tenant_id, "created_at": moment, "updated_at": moment}
    statement = insert(Series).values(row).on_conflict_do_nothing(index_elements=["tenant_id", "id"])
    if await session.scalar(statement.returning(Series.id)) is None:
        return False
    session.add_all(occurrences)
    await session.flush()
    return True


async def get(session: ReadSession, series_id: UUID, *, lock: bool = False) -> Series:
    """Read one series.

    Raises:
        SeriesNotFound: there is none for this tenant.
    """
    statement = select(Series).where(Series.tenant_id == session.tenant_id, Series.id == series_id)
    found = await session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise SeriesNotFound
    return found


async def occurrence(session: WriteSession, series_id: UUID, number: int) -> Occurrence:
    """Read one appointment's place in a series, to change it.

    Raises:
        OccurrenceNotFound: the series has none of that number.
    """
    found = await session.scalar(
        select(Occurrence)
        .where(
            Occurrence.tenant_id == session.tenant_id,
            Occurrence.series_id == series_id,
            Occurrence.number == number,
        )
        .with_for_update()
    )
    if found is None:
        raise OccurrenceNotFound
    return found


async def occurrences(session: ReadSession, series_id: UUID) -> list[schemas.Occurrence]:
    """List the appointments of a series as they stand now."""
    rows = await session.execute(
        select(Occurrence, Appointment.status, Appointment.start_at, Appointment.end_at, Appointment.undo_until)
        .outerjoin(
            Appointment,
            sa.and_(Appointment.tenant_id == Occurrence.tenant_id, Appointment.id == Occurrence.appointment_id),
        )
        .where(Occurrence.tenant_id == session.tenant_id, Occurrence.series_id == series_id)
        .order_by(Occurrence.number)
    )
    return [
        schemas.Occurrence(
            number=one.number,
            planned=one.planned_at,
            status=one.status,
            code=one.code,
            alternatives=one.alternatives,
            appointment_id=one.appointment_id,
            appointment_status=status,
            start=start,
            end=end,
            undo_until=undo_until if status == Status.CANCELLED else None,
        )
        for one, status, start, end, undo_until in rows
    ]


async def counts(session: ReadSession, series: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Count the appointments of each series by where they stand."""
    rows = await session.execute(
        select(Occurrence.series_id, Occurrence.status, sa.func.count())
        .where(Occurrence.tenant_id == session.tenant_id, Occurrence.series_id.in_(series))
        .group_by(Occurrence.series_id, Occurrence.status)
    )
    found: dict[UUID, dict[str, int]] = {key: {} for key in series}
    for key, status, count in rows:
        found[key][status] = count
    return found


async def search(session: ReadSession, wanted: schemas.SeriesFilter, paging: Paging) -> Rows[Series]:
    """List the newest first."""
    conditions = [getattr(Series, name) == value for name, value in wanted.model_dump(exclude_none=True).items()]
    if reach := await reach_of(session):
        own = Series.consultant_id == reach.consultant_id
        conditions.append(sa.or_(own, reach.patients(Series.patient_id)))
    statement = select(Series).where(Series.tenant_id == session.tenant_id, *conditions)
    return await keyset(session, statement, _NEWEST, paging)


async def place(session: ReadSession, appointment_id: UUID) -> schemas.Place | None:
    """Tell which place an appointment has in a series; None where it is alone."""
    found = await session.scalar(
        select(Occurrence).where(Occurrence.tenant_id == session.tenant_id, Occurrence.appointment_id == appointment_id)
    )
    if found is None:
        return None
    total = await session.scalar(
        select(sa.func.count()).where(
            Occurrence.tenant_id == session.tenant_id, Occurrence.series_id == found.series_id
        )
    )
    return schemas.Place(series_id=found.series_id, number=found.number, total=total or 0)
