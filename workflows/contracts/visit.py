"""The visit: what is asked of a running appointment, and the steps that follow."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from services.appointments.schemas import Appointment, Move
from workflows.contracts.booking import Target
from workflows.contracts.refusal import Refused


class VisitStep(BaseModel):
    """One step of the visit, or its undoing."""

    actor: Actor
    verb: Literal["arrival", "check-in", "completion", "no-show"]
    undo: bool = False


class CancellationRequest(BaseModel):
    """Asks to cancel."""

    actor: Actor
    reason: str
    notify: bool = True
    waive_fee: bool = False
    expected_version: int | None = None


class RescheduleRequest(BaseModel):
    """Asks for another time."""

    actor: Actor
    start: AwareDatetime
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    notify: bool = True
    overbook: bool = False
    expected_version: int | None = None
    held: bool = False


class Resolution(BaseModel):
    """What a person decided about a step that waited."""

    actor: Actor
    action: Literal["retry", "skip"]


class Changed(BaseModel):
    """What a change of an appointment led to: how it stands now, or why nothing changed."""

    appointment: Appointment | None = None
    refused: Refused | None = None


class StepRequest(Target):
    """Asks for one step of the visit."""

    verb: str
    undo: bool = False


class CancelRequest(Target):
    """Asks to cancel in the appointments service."""

    reason: str
    late: bool = False


class MoveRequest(Target):
    """Asks to move in the appointments service."""

    move: Move


class AttentionRequest(Target):
    """Puts an appointment under Attention, or takes it from there."""

    step: str | None
