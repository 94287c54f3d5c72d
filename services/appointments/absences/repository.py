"""Questions about absences."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import func, select

from careconnect.db import ReadSession, WriteSession, objection
from careconnect.pagination import Order, Paging, Rows, keyset
from services.appointments.absences.models import (
    NOT_DECIDED,
    TROUBLED,
    UNDECIDED,
    AbsenceAppointment,
    ConsultantAbsence,
)
from services.appointments.absences.schemas import Absence, AbsencePlan, AbsenceSummary, AffectedQuery
from services.appointments.errors import AbsenceNotFound, AbsenceUnderWay, AppointmentNotFound
from services.appointments.models import Appointment
from services.appointments.reach.repository import narrowed
from services.appointments.schemas import OCCUPYING

_NEWEST: list[Order] = [ConsultantAbsence.created_at.desc(), ConsultantAbsence.id.desc()]
_LONGEST_VISIT = sa.text("interval '1 day'")


async def affected(session: ReadSession, wanted: AffectedQuery, limit: int) -> Sequence[Appointment]:
    """List the appointments that occupy a consultant's time in a stretch, or reach into it, soonest first."""
    conditions = [
        Appointment.tenant_id == session.tenant_id,
        Appointment.consultant_id == wanted.consultant_id,
        Appointment.start_at > sa.literal(wanted.from_, sa.DateTime(timezone=True)) - _LONGEST_VISIT,
        Appointment.start_at < wanted.to,
        Appointment.end_at > wanted.from_,
        Appointment.status.in_(sorted(OCCUPYING)),
        Appointment.patient_id.is_not(None),
        *await narrowed(session),
    ]
    if wanted.location_id:
        conditions.append(Appointment.location_id == wanted.location_id)
    statement = select(Appointment).where(*conditions).order_by(Appointment.start_at, Appointment.id).limit(limit)
    return (await session.scalars(statement)).all()


async def begin(session: WriteSession, absence_id: UUID, plan: AbsencePlan) -> ConsultantAbsence | None:
    """Write an absence with its appointments as they stand; None if one with this id stands.

    Raises:
        AbsenceUnderWay: another process works on the same leave.
    """
    if await find(session, absence_id) is not None:
        return None
    absence = ConsultantAbsence.begin(absence_id, plan)
    session.add(absence)
    with objection({"uq_absences_exception": AbsenceUnderWay}):
        await session.flush()
    actions = {one.appointment_id: one.action for one in plan.items}
    rows = await session.scalars(
        select(Appointment).where(
            Appointment.tenant_id == session.tenant_id,
            Appointment.id.in_(actions),
            Appointment.consultant_id == plan.consultant_id,
            Appointment.status.in_(sorted(OCCUPYING)),
            Appointment.patient_id.is_not(None),
        )
    )
    session.add_all([AbsenceAppointment.of(absence_id, row, actions[row.id]) for row in rows])
    await session.flush()
    return absence


async def find(session: ReadSession, absence_id: UUID, *, lock: bool = False) -> ConsultantAbsence | None:
    """Read one absence if it is there."""
    statement = select(ConsultantAbsence).where(
        ConsultantAbsence.tenant_id == session.tenant_id, ConsultantAbsence.id == absence_id
    )
    found: ConsultantAbsence | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def get(session: ReadSession, absence_id: UUID, *, lock: bool = False) -> ConsultantAbsence:
    """Read one absence.

    Raises:
        AbsenceNotFound: there is none for this tenant.
    """
    found = await find(session, absence_id, lock=lock)
    if found is None:
        raise AbsenceNotFound
    return found


async def item(session: ReadSession, absence_id: UUID, appointment_id: UUID) -> AbsenceAppointment:
    """Read one appointment of an absence, to change it.

    Raises:
        AppointmentNotFound: the absence does not concern it.
    """
    found = await session.scalar(
        _items(session, absence_id).where(AbsenceAppointment.appointment_id == appointment_id).with_for_update()
    )
    if found is None:
        raise AppointmentNotFound
    return found


async def items(session: ReadSession, absence_id: UUID) -> Sequence[AbsenceAppointment]:
    """List the appointments of an absence, soonest first."""
    order = (AbsenceAppointment.start_at, AbsenceAppointment.appointment_id)
    return (await session.scalars(_items(session, absence_id).order_by(*order))).all()


async def whole(session: ReadSession, absence: ConsultantAbsence) -> Absence:
    """Give an absence with its appointments."""
    found = await items(session, absence.id)
    (summary,) = await summaries(session, [absence])
    return Absence(
        **summary.model_dump(),
        other_consultants=absence.other_consultants,
        decide_hours=absence.decide_hours,
        items=[one.shown() for one in found],
    )


async def summaries(session: ReadSession, absences: Sequence[ConsultantAbsence]) -> list[AbsenceSummary]:
    """Count the appointments of some absences, in one query."""
    model = AbsenceAppointment
    counts = await session.execute(
        select(
            model.absence_id,
            func.count(),
            func.count().filter(model.state.not_in(sorted(UNDECIDED))),
            func.count().filter(model.state.in_(sorted(TROUBLED))),
            func.count(model.told),
        )
        .where(model.tenant_id == session.tenant_id, model.absence_id.in_([one.id for one in absences]))
        .group_by(model.absence_id)
    )
    by_id = {row[0]: dict(zip(("total", "done", "failed", "told"), row[1:], strict=True)) for row in counts}
    nothing = {"total": 0, "done": 0, "failed": 0, "told": 0}
    plain = AbsenceSummary.model_fields.keys() - nothing.keys()
    return [
        AbsenceSummary.model_validate({name: getattr(one, name) for name in plain} | by_id.get(one.id, nothing))
        for one in absences
    ]


async def awaits_decision(session: ReadSession, appointment_id: UUID) -> bool:
    """Tell whether nobody has decided yet what becomes of an appointment whose consultant is away."""
    model = AbsenceAppointment
    statement = (
        select(model.id)
        .join(Appointment, sa.and_(Appointment.tenant_id == model.tenant_id, Appointment.id == model.appointment_id))
        .where(
            model.tenant_id == session.tenant_id,
            model.appointment_id == appointment_id,
            sa.text(f"absence_appointments.{NOT_DECIDED}"),
            model.appointment_version == Appointment.version,  # what somebody else moved meanwhile is decided
        )
        .limit(1)
    )
    return await session.scalar(statement) is not None


async def of_consultant(session: ReadSession, consultant_id: UUID, paging: Paging) -> Rows[ConsultantAbsence]:
    """List the absences of a consultant, the newest first."""
    statement = select(ConsultantAbsence).where(
        ConsultantAbsence.tenant_id == session.tenant_id, ConsultantAbsence.consultant_id == consultant_id
    )
    return await keyset(session, statement, _NEWEST, paging)


def _items(session: ReadSession, absence_id: UUID) -> sa.Select[AbsenceAppointment]:
    return select(AbsenceAppointment).where(
        AbsenceAppointment.tenant_id == session.tenant_id, AbsenceAppointment.absence_id == absence_id
    )
