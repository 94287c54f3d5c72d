"""Absences as processes: whom a leave concerns, dealing with them, and steering that."""

import hashlib
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.ids import derived_id, uuid7
from careconnect.pagination import Page
from services.appointments.absences.client import AbsencesClient
from services.appointments.absences.schemas import (
    Absence,
    AbsencePlan,
    AbsenceSummary,
    Action,
    AffectedQuery,
    Place,
    PlannedItem,
)
from services.appointments.errors import AbsenceNotFound, NobodyAffected, NotNow
from services.appointments.schemas import Appointment
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import ScheduleException
from web.gateway.engine import Engine, attributes
from web.gateway.errors import WorkflowNotFound
from workflows import ids
from workflows.absence import ConsultantAbsence
from workflows.contracts.absence import (
    AbsenceBegun,
    AbsenceRequest,
    ChoiceRequest,
    Steer,
    Steered,
    SteerRequest,
    StepResult,
)


class Intention(BaseModel):
    """What is to become of the appointments in a leave: the same of all, but for those that are named."""

    exception_id: UUID
    action: Action = Action.MOVE
    appointments: dict[UUID, Action] = {}
    other_consultants: bool = True
    decide_hours: int = 48

    def fingerprint(self) -> str:
        """Tell whether a repeated request is the same one."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]


class AbsenceProcesses:
    """The absences of consultants."""

    def __init__(self, engine: Engine, absences: AbsencesClient, consultants: ConsultantsClient) -> None:
        self._engine = engine
        self._absences = absences
        self._consultants = consultants

    async def affected(self, actor: Actor, leave: ScheduleException) -> list[Appointment]:
        """List the appointments that a leave or blocked time concerns; extra hours concern none."""
        if leave.kind == "extra":
            return []
        wanted = AffectedQuery(
            consultant_id=leave.consultant_id, from_=leave.starts_at, to=leave.ends_at, location_id=leave.location_id
        )
        return await self._absences.affected(actor, wanted)

    async def begin(self, actor: Actor, consultant_id: UUID, wanted: Intention, key: str | None = None) -> Absence:
        """Start dealing with the appointments in a leave; once per `key`.

        Raises:
            ExceptionNotFound: there is no such leave.
            NobodyAffected: no appointment lies in it.
            AbsenceUnderWay: somebody started before.
            IdempotencyConflict: the key was used for another absence.
        """
        absence_id = derived_id("absence", actor.tenant_id, actor.id, key) if key else uuid7()
        if known := await self._known(actor, absence_id):
            if known.request_hash != wanted.fingerprint():
                raise IdempotencyConflict
            return known
        plan = await self._plan(actor, consultant_id, wanted)
        begun = await self._engine.begin(
            ConsultantAbsence.run,
            AbsenceRequest(absence_id=absence_id, actor=actor, plan=plan),
            ids.absence(absence_id),
            ConsultantAbsence.begin,
            plan.request_hash,
            into=AbsenceBegun,
            update_id=f"begin-{absence_id}",
            attributes=attributes(actor, consultant_id=consultant_id),
            summary="Consultant away",
        )
        if begun.request_hash != plan.request_hash:
            raise IdempotencyConflict
        if begun.refused:
            raise begun.refused.refusal()
        return await self._absences.get(actor, absence_id)

    async def get(self, actor: Actor, absence_id: UUID) -> Absence:
        """Read how far an absence is dealt with; from the database, so that nobody waits for the engine."""
        return await self._absences.get(actor, absence_id)

    async def of_consultant(self, actor: Actor, consultant_id: UUID, **paging: Any) -> Page[AbsenceSummary]:
        """List a consultant's absences, the newest first."""
        return await self._absences.of_consultant(actor, consultant_id, **paging)

    async def steer(self, actor: Actor, absence_id: UUID, what: Steer) -> Absence:
        """Pause, go on, or undo.

        Raises:
            NotNow: the work stands where that means nothing, or it is over.
        """
        await self._absences.get(actor, absence_id)
        try:
            steered: Steered = await self._engine.ask(
                ids.absence(absence_id),
                ConsultantAbsence.steer,
                SteerRequest(actor=actor, what=what),
                update_id=str(uuid7()),
            )
        except WorkflowNotFound:
            raise NotNow from None
        if steered.refused:
            raise steered.refused.refusal()
        return await self._absences.get(actor, absence_id)

    async def choose(self, actor: Actor, absence_id: UUID, appointment_id: UUID, place: Place | None) -> StepResult:
        """Take a patient's choice among the offered times, or their wish to cancel.

        Raises:
            OfferOver: it was decided before, or its time has passed.
            SlotTaken: somebody else has the time by now; other times are offered.
        """
        await self._absences.get(actor, absence_id)
        try:
            found: StepResult = await self._engine.ask(
                ids.absence(absence_id),
                ConsultantAbsence.choose,
                ChoiceRequest(appointment_id=appointment_id, place=place),
                update_id=str(uuid7()),
            )
        except WorkflowNotFound:
            raise NotNow from None
        if found.refused:
            raise found.refused.refusal()
        return found

    async def _known(self, actor: Actor, absence_id: UUID) -> Absence | None:
        """Find what an earlier request with the same key began: by now its appointments may lie elsewhere."""
        try:
            return await self._absences.get(actor, absence_id)
        except AbsenceNotFound:
            return None

    async def _plan(self, actor: Actor, consultant_id: UUID, wanted: Intention) -> AbsencePlan:
        leave = await self._consultants.exception(actor, consultant_id, wanted.exception_id)
        affected = await self.affected(actor, leave)
        if not affected:
            raise NobodyAffected
        items = [
            PlannedItem(appointment_id=one.id, action=wanted.appointments.get(one.id, wanted.action))
            for one in affected
        ]
        return AbsencePlan(
            consultant_id=consultant_id,
            exception_id=leave.id,
            starts_at=leave.starts_at,
            ends_at=leave.ends_at,
            location_id=leave.location_id,
            other_consultants=wanted.other_consultants,
            decide_hours=wanted.decide_hours,
            items=items,
            request_hash=wanted.fingerprint(),
        )
