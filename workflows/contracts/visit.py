"""The visit: what is asked of a running appointment, and the steps that follow."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from careconnect.money import Money
from services.appointments.schemas import Appointment, Move
from workflows.contracts.booking import Target
from workflows.contracts.refusal import Refused


class Asked(BaseModel):
    """What an update of an appointment's process asks for; its answer names the `request_hash` that it answers.

    `remark_ids` are drafts of why it is asked for; they stand if it is done.
    """

    actor: Actor
    request_hash: str = ""
    remark_ids: list[UUID] = []


class VisitStep(Asked):
    """One step of the visit, or its undoing; a cancellation can be undone here, and not made.

    The process of an `undoable` completion goes on until the day is over. With `expected_version`, it is noted only of
    the appointment as it was then.
    """

    verb: Literal["arrival", "check-in", "consultation", "completion", "departure", "no-show", "cancellation"]
    undo: bool = False
    undoable: bool = False
    waive_fee: bool = False
    expected_version: int | None = None


class CancellationRequest(Asked):
    """Asks to cancel. While an `undoable` cancellation can be undone, no money moves and nobody is told."""

    reason: str
    notify: bool = True
    waive_fee: bool = False
    expected_version: int | None = None
    undoable: bool = False


class RescheduleRequest(Asked):
    """Asks for another time, consultant, place or length.

    With `expected_version`, only for the appointment as it was then. `override` passes over the visit type's policy on
    moving. With `alternatives`, the refusal of a time that is taken names the nearest that are free.
    """

    start: AwareDatetime
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    notify: bool = True
    overbook: bool = False
    expected_version: int | None = None
    held: bool = False
    duration_minutes: int | None = None
    override: bool = False
    alternatives: bool = False


class UndoMove(Asked):
    """Asks to take back the last move; with `expected_version`, only the one that made it."""

    notify: bool = True
    expected_version: int | None = None


class Resolution(Asked):
    """What a person decided about a step that waited."""

    action: Literal["retry", "skip"]


class Changed(BaseModel):
    """What a change of an appointment led to: how it stands now, or why nothing changed.

    `fee` is kept of what was paid. `difference` is what the visit costs more than before, on the invoice of
    `invoice_id`, or if negative less, which goes back as far as it was paid.
    """

    appointment: Appointment | None = None
    refused: Refused | None = None
    undo_until: datetime | None = None
    fee: Money | None = None
    difference: Money | None = None
    invoice_id: UUID | None = None
    request_hash: str = ""


class StepRequest(Target):
    """Asks for one step of the visit."""

    verb: str
    undo: bool = False


class CancelRequest(Target):
    """Asks to cancel in the appointments service."""

    reason: str
    late: bool = False
    waived: bool = False
    undoable: bool = False


class MoveRequest(Target):
    """Asks to move in the appointments service."""

    move: Move


class RemarksDecided(Target):
    """Says whether a change was made, for the remarks that were drafted for it."""

    remark_ids: list[UUID]
    stand: bool


class AttentionRequest(Target):
    """Puts an appointment under Attention, or takes it from there."""

    step: str | None
