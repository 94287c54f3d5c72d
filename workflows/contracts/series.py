"""Series: what is asked of one, the steps, and the answers."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from services.appointments.schemas import Appointment
from workflows.contracts.booking import BookingRequest, Slot
from workflows.contracts.refusal import Refused

Scope = Literal["one", "following", "all"]
"""Which appointments of a series a change is about: the named one, it and those after it, or all that lie ahead."""


class SeriesRequest(BaseModel):
    """Asks for appointments that repeat by a rule; each is paid at the desk."""

    series_id: UUID
    actor: Actor
    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    zone: str
    start: AwareDatetime
    rule: str
    notify: bool = True
    request_hash: str = ""


class PlannedOccurrence(BaseModel):
    """When one appointment of a series is to be."""

    number: int
    start: datetime


class Planned(BaseModel):
    """When the appointments of a series are to be, or why there are none."""

    occurrences: list[PlannedOccurrence] = []
    refused: Refused | None = None


class OccurrenceRequest(BaseModel):
    """Asks to book one appointment of a series, and to note in the series what became of it."""

    actor: Actor
    series_id: UUID
    number: int
    booking: BookingRequest


class OccurrenceResult(BaseModel):
    """What became of one appointment of a series: booked, skipped, or a conflict with the nearest free times."""

    number: int
    status: Literal["booked", "conflict", "skipped"]
    appointment: Appointment | None = None
    refused: Refused | None = None
    alternatives: list[Slot] = []
    request_hash: str = ""


class SeriesOutcome(BaseModel):
    """How the booking of a series ended: what became of each, or why there is none."""

    request_hash: str
    occurrences: list[OccurrenceResult] = []
    refused: Refused | None = None


class SeriesProgress(BaseModel):
    """The answer to the query `progress`."""

    stage: Literal["planning", "booking", "active", "done"]
    outcome: SeriesOutcome | None = None


class Resolving(BaseModel):
    """Says what becomes of a conflict: another time, or none at all (`start` left out)."""

    actor: Actor
    number: int
    start: AwareDatetime | None = None
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    request_hash: str = ""


class SeriesMove(BaseModel):
    """Asks to move appointments of a series: by as many days as from the named one's day to `start`, to its wall time.

    Without `start` they keep their times.
    """

    actor: Actor
    number: int
    scope: Scope
    start: AwareDatetime
    consultant_id: UUID | None = None
    notify: bool = True
    request_hash: str = ""


class SeriesCancellation(BaseModel):
    """Asks to cancel appointments of a series.

    While an `undoable` cancellation can be undone, no money moves and nobody is told. `waiver` names the drafts of why
    a fee is waived, one with each appointment.
    """

    actor: Actor
    number: int
    scope: Scope
    reason: str
    notify: bool = True
    waive_fee: bool = False
    waiver: UUID | None = None
    undoable: bool = False
    request_hash: str = ""


class SeriesUndo(BaseModel):
    """Asks to bring back what the last cancellation of a series ended."""

    actor: Actor
    request_hash: str = ""


class TargetsRequest(BaseModel):
    """Asks which appointments a change is about, and where a move would take them."""

    actor: Actor
    series_id: UUID
    number: int
    scope: Scope
    start: AwareDatetime | None = None


class SeriesTarget(BaseModel):
    """One appointment that a change is about; `to` is None where a clock change leaves the wall time out."""

    number: int
    appointment_id: UUID
    start: datetime
    to: datetime | None = None


class SeriesTargets(BaseModel):
    """The appointments that a change is about, the soonest first."""

    targets: list[SeriesTarget] = []
    refused: Refused | None = None


class OccurrenceChange(BaseModel):
    """What a change of a series meant for one of its appointments."""

    number: int
    appointment: Appointment | None = None
    refused: Refused | None = None
    alternatives: list[Slot] = []


class SeriesChanged(BaseModel):
    """What a change of a series led to, appointment by appointment."""

    changes: list[OccurrenceChange] = []
    refused: Refused | None = None
    request_hash: str = ""


class SeriesStanding(BaseModel):
    """Asks to note where a series stands."""

    actor: Actor
    series_id: UUID
    status: Literal["active", "ended", "cancelled"]


class SeriesMessage(BaseModel):
    """Asks to tell the patient which appointments of a series lie ahead; `cause` makes it one message per change."""

    tenant_id: UUID
    series_id: UUID
    cause: str
