"""Absences on the wire: what becomes of the appointments of a consultant who is away."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

MOST = 500
"""How many appointments one absence may concern."""


class Action(StrEnum):
    """What is to become of an appointment: another time, a choice of the patient, or none and the money back."""

    MOVE = "move"
    OFFER = "offer"
    CANCEL = "cancel"


class AbsenceState(StrEnum):
    """Where the work stands; `finished` can be undone for a while, `closed` and `undone` are the ends."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    UNDOING = "undoing"
    UNDONE = "undone"
    CLOSED = "closed"


class ItemState(StrEnum):
    """What became of one appointment.

    `left`: somebody else changed or ended it first. `failed`: a person has to look. `restored` and `unrestored` are
    what an undo led to.
    """

    WAITING = "waiting"
    MOVED = "moved"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    LEFT = "left"
    FAILED = "failed"
    RESTORED = "restored"
    UNRESTORED = "unrestored"


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(BaseModel):
    """A time with somebody somewhere."""

    consultant_id: UUID
    location_id: UUID
    start: datetime
    end: datetime
    zone: str


class PlannedItem(_Input):
    """What is to become of one appointment."""

    appointment_id: UUID
    action: Action


class AbsencePlan(_Input):
    """Asks to note an absence and what is to become of the appointments in it."""

    consultant_id: UUID
    exception_id: UUID = Field(description="the leave or blocked time in the consultant's schedule")
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    location_id: UUID | None = None
    other_consultants: bool = Field(default=True, description="whether others of the speciality may take over")
    decide_hours: int = Field(48, ge=1, le=336, description="how long a patient may choose among times")
    items: list[PlannedItem] = Field(max_length=MOST)
    request_hash: str = Field("", max_length=64)

    @model_validator(mode="after")
    def _each_once(self) -> "AbsencePlan":
        if self.ends_at <= self.starts_at or len({one.appointment_id for one in self.items}) < len(self.items):
            message = "an absence ends after it starts, and names each appointment once"
            raise ValueError(message)
        return self


class ItemResult(_Input):
    """Notes what became of one appointment; `place` is where it is now, `choices` what the patient was offered."""

    state: ItemState
    reason: str | None = Field(None, max_length=64, description="the code of a refusal")
    version: int | None = Field(None, ge=1)
    place: Place | None = None
    choices: list[Place] = Field(default_factory=list, max_length=10)
    decide_by: AwareDatetime | None = None


class Standing(_Input):
    """Notes where the work stands."""

    state: AbsenceState
    undo_until: AwareDatetime | None = None


class Told(_Input):
    """Notes that a patient was told of some appointments, or why not."""

    appointment_ids: list[UUID] = Field(max_length=MOST)
    told: str = Field(max_length=32)


class AbsenceItem(BaseModel):
    """One appointment of an absence: what was planned, what became of it, and whether the patient knows."""

    appointment_id: UUID
    patient_id: UUID
    visit_type_id: UUID
    reference: str
    action: Action
    state: ItemState
    reason: str | None
    version: int
    was: Place
    place: Place | None
    choices: list[Place]
    decide_by: datetime | None
    told: str | None


class AbsenceSummary(BaseModel):
    """An absence with its counts: `done` of `total` are decided, `failed` of them wait for a person."""

    id: UUID
    consultant_id: UUID
    exception_id: UUID
    starts_at: datetime
    ends_at: datetime
    location_id: UUID | None
    state: AbsenceState
    total: int
    done: int
    failed: int
    told: int
    undo_until: datetime | None
    created_at: datetime
    request_hash: str = ""


class Absence(AbsenceSummary):
    """An absence with its appointments, in the order of their times."""

    other_consultants: bool
    decide_hours: int
    items: list[AbsenceItem]


class Decision(BaseModel):
    """Whether it is still open what becomes of an appointment whose consultant is away."""

    open: bool


class AffectedQuery(_Input):
    """Whose appointments are wanted that lie in `[from_, to)`, or reach into it."""

    consultant_id: UUID
    from_: AwareDatetime
    to: AwareDatetime
    location_id: UUID | None = None
