"""Questions about who sees whom.

A patient is a consultant's own with an appointment of theirs, ever; one that never came to be does not count. Whoever
is not `limited` sees everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from careconnect import clock
from careconnect.db import ReadSession
from services.appointments.errors import ReasonNeeded
from services.appointments.models import Appointment, ConsultantAbsence, Series, WaitlistEntry
from services.appointments.reach.models import Access
from services.appointments.reach.schemas import MOST_PATIENTS, Beyond, ReachQuery
from services.appointments.schemas import Status

_NEVER_CAME_TO_BE = [Status.EXPIRED, Status.ENTERED_IN_ERROR]
Patients = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]


@dataclass(frozen=True)
class Reach:
    """What somebody sees who does not see everybody: a consultant's own, and patients that were opened for them."""

    tenant_id: UUID
    consultant_id: UUID | None
    opened: frozenset[UUID]

    def appointments(self, named: Sequence[UUID] = ()) -> sa.ColumnElement[bool]:
        """Say which appointments: one's own, the opened patients', and all of one's own patients among `named`."""
        own = [Appointment.consultant_id == self.consultant_id] if self.consultant_id else []
        theirs = sa.and_(Appointment.patient_id.in_(named), self.patients(Appointment.patient_id))
        return sa.or_(*own, self._opened(Appointment.patient_id), *([theirs] if named else []))

    def patients(self, column: Patients) -> sa.ColumnElement[bool]:
        """Say that a column names a patient who is seen."""
        return sa.or_(self._opened(column), column.in_(self.treated()))

    def _opened(self, column: Patients) -> sa.ColumnElement[bool]:
        return column.in_(sorted(self.opened)) if self.opened else sa.false()

    def treated(self) -> sa.Select[UUID | None]:
        """Select the patients who are the consultant's own."""
        return select(Appointment.patient_id).where(
            Appointment.tenant_id == self.tenant_id,
            Appointment.consultant_id == self.consultant_id,
            Appointment.patient_id.is_not(None),
            Appointment.status.not_in(_NEVER_CAME_TO_BE),
        )


async def reach_of(session: ReadSession) -> Reach | None:
    """Tell what the asker sees; None where that is everybody."""
    actor = session.actor
    if not actor.limited:
        return None
    opened = select(Access.patient_id).where(
        Access.tenant_id == session.tenant_id, Access.actor_id == actor.id, Access.until > clock.now()
    )
    return Reach(session.tenant_id, actor.consultant_id, frozenset(await session.scalars(opened)))


async def narrowed(session: ReadSession, named: Sequence[UUID] = ()) -> list[sa.ColumnElement[bool]]:
    """Give the conditions that leave of appointments what the asker sees."""
    reach = await reach_of(session)
    return [reach.appointments(named)] if reach else []


async def expect(session: ReadSession, appointment: Appointment) -> None:
    """Refuse an appointment that the asker does not see.

    Raises:
        ReasonNeeded: it is neither one's own nor of one's own patient, and was not opened.
    """
    if not session.actor.limited:
        return
    if (await beyond(session, ReachQuery(appointment_ids=[appointment.id]))).patient_ids:
        raise ReasonNeeded(patient_id=str(appointment.patient_id))


async def beyond(session: ReadSession, asked: ReachQuery) -> Beyond:
    """Tell what of some records the asker does not see; records that are not known are nobody's, and left out."""
    reach = await reach_of(session)
    if reach is None:
        return Beyond()
    absent = select(ConsultantAbsence.id).where(
        ConsultantAbsence.tenant_id == session.tenant_id,
        ConsultantAbsence.id.in_(asked.absence_ids),
        ConsultantAbsence.consultant_id.is_distinct_from(reach.consultant_id),
    )
    absences = list(await session.scalars(absent)) if asked.absence_ids else []
    named = set(asked.patient_ids) | await _patients_of(session, reach, asked)
    return Beyond(patient_ids=sorted(named - await seen(session, reach, named)), absence_ids=absences)


async def seen(session: ReadSession, reach: Reach, patients: set[UUID]) -> set[UUID]:
    """Tell which of some patients are seen."""
    asked = patients - reach.opened
    if not asked:
        return patients
    treated = reach.treated().where(Appointment.patient_id.in_(asked)).distinct()
    return {one for one in await session.scalars(treated) if one} | (patients & reach.opened)


async def own_patients(session: ReadSession) -> list[UUID]:
    """List the patients whom the asker sees; nothing where that is everybody."""
    reach = await reach_of(session)
    if reach is None:
        return []
    treated = reach.treated().distinct().order_by(Appointment.patient_id.desc()).limit(MOST_PATIENTS)
    return sorted({*reach.opened, *(one for one in await session.scalars(treated) if one)}, reverse=True)


async def _patients_of(session: ReadSession, reach: Reach, asked: ReachQuery) -> set[UUID]:
    """Name the patients of what is not the consultant's own anyway."""
    kinds: list[tuple[Any, list[UUID], sa.ColumnElement[bool]]] = [
        (Appointment, asked.appointment_ids, Appointment.consultant_id.is_distinct_from(reach.consultant_id)),
        (Series, asked.series_ids, Series.consultant_id.is_distinct_from(reach.consultant_id)),
        (WaitlistEntry, asked.entry_ids, sa.true()),
    ]
    found: set[UUID] = set()
    for kind, ids, elsewhere in kinds:
        if ids:
            of = select(kind.patient_id).where(kind.tenant_id == session.tenant_id, kind.id.in_(ids), elsewhere)
            found |= {one for one in await session.scalars(of) if one}
    return found
