"""Absences: what is asked, each appointment's step, and what it led to."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from services.appointments.absences.schemas import AbsencePlan, AbsenceState, Action, ItemState, Place
from workflows.contracts.refusal import Refused


class AbsenceRequest(BaseModel):
    """Starts `ConsultantAbsence`."""

    absence_id: UUID
    actor: Actor
    plan: AbsencePlan
    undo_seconds: int = 600


class AbsenceStep(BaseModel):
    """One appointment of an absence, as it stood when the work began."""

    appointment_id: UUID
    patient_id: UUID
    action: Action
    version: int = 1


class AbsenceOpened(BaseModel):
    """The appointments that are to be dealt with, soonest first, or why none are."""

    steps: list[AbsenceStep] = []
    refused: Refused | None = None


class AbsenceBegun(BaseModel):
    """The answer to a start, and which request it answers."""

    request_hash: str
    refused: Refused | None = None


class StepTask(BaseModel):
    """Asks to deal with one appointment. `number` tells apart what a patient asks for again and again.

    The money of an `undoable` cancellation waits until that can no longer be undone.
    """

    absence_id: UUID
    actor: Actor
    step: AbsenceStep
    action: Action
    choice: Place | None = None
    number: int = 0
    other_consultants: bool = True
    decide_hours: int = 48
    undoable: bool = False


class StepResult(BaseModel):
    """What became of one appointment; `version` is the one that it has now."""

    state: ItemState
    reason: str | None = None
    version: int | None = None
    decide_by: datetime | None = None
    refused: Refused | None = None


class RestoreTask(BaseModel):
    """Asks to put one appointment back where it was."""

    absence_id: UUID
    actor: Actor
    step: AbsenceStep
    state: ItemState
    version: int


class AbsenceStanding(BaseModel):
    """Asks to note where the work stands."""

    tenant_id: UUID
    absence_id: UUID
    state: AbsenceState
    undo_until: AwareDatetime | None = None


class AbsenceMessage(BaseModel):
    """Asks to tell one patient what became of their appointments; the activity reads the rest itself."""

    tenant_id: UUID
    absence_id: UUID
    patient_id: UUID
    undone: bool = False


class LeaveRemoval(BaseModel):
    """Asks to take a leave out of a consultant's schedule."""

    tenant_id: UUID
    consultant_id: UUID
    exception_id: UUID


class Steer(StrEnum):
    """What people ask of an absence while its work goes on."""

    PAUSE = "pause"
    RESUME = "resume"
    UNDO = "undo"


class SteerRequest(BaseModel):
    """Asks to pause, to go on, or to undo."""

    actor: Actor
    what: Steer


class Steered(BaseModel):
    """Where the work stands after that, or why it was refused."""

    state: AbsenceState
    refused: Refused | None = None


class ChoiceRequest(BaseModel):
    """A patient's answer to an offer: one of the times, or none."""

    appointment_id: UUID
    place: Place | None = None


class AbsenceProgress(BaseModel):
    """The answer to the query `progress`, and in the end what came of it: of which request, or why nothing did."""

    request_hash: str = ""
    refused: Refused | None = None
    stage: AbsenceState | Literal["opening"]
    total: int = 0
    done: int = 0
    outcome: None = None
