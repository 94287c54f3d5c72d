"""Appointments on the wire."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.appointments.prices import Charged
from services.appointments.references import Reference

Text = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)]


class Status(StrEnum):
    """The states of an appointment (DOMAIN; FHIR AppointmentStatus in `docs/glossary.md`)."""

    HELD = "held"
    BOOKED = "booked"
    ARRIVED = "arrived"
    CHECKED_IN = "checked_in"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"
    ENTERED_IN_ERROR = "entered_in_error"
    WAITLISTED = "waitlisted"


Sort = Literal["start", "-start", "status", "-status"]
"""By start, or by status and start; a minus turns it round."""
OCCUPYING = frozenset({Status.HELD, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN})
"""States in which an appointment occupies its consultant and its patient."""

CancellationReason = Literal[
    "pat", "pat-crs", "pat-cpp", "pat-dec", "pat-fb", "pat-lt", "pat-mt", "pat-mv", "pat-preg", "pat-swl", "pat-uwo",
    "prov", "prov-pers", "prov-dch", "prov-edu", "prov-hosp", "prov-labs", "prov-mdo",
    "maint", "meds-inc", "other", "oth-cms", "oth-err", "oth-fin", "oth-iv", "oth-int", "oth-mu", "oth-room",
    "oth-oerr", "oth-swie", "oth-weath",
]  # fmt: skip
"""FHIR R4 appointment-cancellation-reason."""
STILL_HERE = "visit_open"
"""The step under Attention of a patient who came, and of whom nobody noted that they were seen or left."""
LEFT = "left"
"""The reason of a patient who came and left without being seen; on the wire of FHIR it is `pat`."""
UNDO_WINDOW = timedelta(minutes=10)
"""How long a cancellation or a move that was made on offer of an undo can be undone."""


_AT_THE_DOOR = timedelta(hours=2)


def door_opens(start: datetime, zone: str) -> datetime:
    """Tell from when on a patient can have come: the visit's day there, or a little before a visit in its first hours.

    A clinic that is open at midnight has patients in its waiting room who come for the next day.
    """
    local = start.astimezone(ZoneInfo(zone))
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    return min(midnight.astimezone(UTC), start - _AT_THE_DOOR)


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


Capacity: int = Field(1, ge=1, le=500, description="how many patients share the visit; more than one: a group visit")
Rooms: None = Field(None, max_length=500, description="rooms that fit, the first free one is taken; none: no room")


NOBODY = UUID(int=0)
"""Stands on the wire for the patient of a held time for which none is named yet."""


class HeldTime(_Input):
    """Which time of a consultant is occupied, and for how long."""

    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    zone: str = Field(max_length=64)
    start: AwareDatetime
    end: AwareDatetime
    occupied_from: AwareDatetime
    occupied_to: AwareDatetime
    hold_seconds: int = Field(600, ge=5, le=3600)
    request_hash: str = Field("", max_length=64)
    capacity: int = Capacity
    rooms: list[UUID] | None = Rooms
    charged: Charged | None = Field(None, description="what the visit costs, where that was told")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.occupied_from <= self.start < self.end <= self.occupied_to:
            message = "the visit must lie inside the time it occupies, and end after it starts"
            raise ValueError(message)
        return self


class Hold(HeldTime):
    """Asks to occupy a consultant's time until the booking is finished or the hold runs out."""

    patient_id: UUID
    overbooked: bool = False
    hours_overridden: bool = False
    hold_id: UUID | None = Field(None, description="a hold whose time it takes over, if that still stands")


class Move(_Input):
    """Asks for another time, consultant or place for the same appointment, in one step."""

    consultant_id: UUID
    location_id: UUID
    zone: str = Field(max_length=64)
    start: AwareDatetime
    end: AwareDatetime
    occupied_from: AwareDatetime
    occupied_to: AwareDatetime
    to_version: int = Field(ge=2, description="the version that this move makes; a repeat of it changes nothing")
    overbooked: bool = False
    hours_overridden: bool = False
    capacity: int = Capacity
    rooms: list[UUID] | None = Rooms
    undoes: bool = Field(default=False, description="it takes back the move before")


class Notes(_Input):
    """What the patient comes for, and what the desk noted. Sealed in the database."""

    reason: Text = ""
    notes: Text = ""
    overbook_reason: Text = ""


class Cancellation(_Input):
    """Ends an appointment before it took place."""

    reason: CancellationReason
    late: bool = False
    waived: bool = False
    undoable: bool = False


class Remark(_Input):
    """Why somebody decided what the rules alone do not say, or what they noted with it. Sealed in the database."""

    kind: Literal["overbook", "fee_waiver", "policy_override", "cancellation"]
    text: str = Field(min_length=1, max_length=2000)


class RemarkDecision(_Input):
    """Says whether what was asked for was done, so that its remarks stand."""

    ids: list[UUID] = Field(max_length=10)
    stand: bool


class WrittenRemark(Remark):
    """A remark as it stands."""

    at: datetime


class Release(_Input):
    """Gives back the time of a booking that was never finished."""

    code: str = Field(max_length=64)


class Attention(_Input):
    """Says which step waits for a person; none clears it."""

    step: str | None = Field(None, max_length=64)


class Appointment(BaseModel):
    """An appointment as staff and other systems see it."""

    id: UUID
    reference: str
    status: Status
    version: int
    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    room_id: UUID | None = None
    start: datetime
    end: datetime
    zone: str
    local_start: str | None = Field(None, description="the wall time that was agreed on, `YYYY-MM-DDTHH:MM:SS`")
    overbooked: bool
    hours_overridden: bool = False
    capacity: int = 1
    seat: int = 1
    cancellation_reason: str | None
    refusal_code: str | None
    needs_attention: str | None
    hold_expires_at: datetime | None
    status_since: datetime
    with_consultant_since: datetime | None = None
    undo_until: datetime | None = None
    returned: int = Field(0, description="how often it was brought back after it had been cancelled")
    created_at: datetime
    request_hash: str


class EndingsAsk(_Input):
    """Asks how appointments ended."""

    ids: list[UUID] = Field(max_length=5000)


class Ending(BaseModel):
    """How an appointment ended; without a status there is none."""

    id: UUID
    status: Status | None = None
    status_since: datetime | None = None
    start: datetime | None = None
    visit_type_id: UUID | None = None
    created_at: datetime | None = None
    needs_attention: str | None = None
    cancellation_reason: str | None = None
    undo_until: datetime | None = None


class AppointmentDetail(Appointment):
    """The same, with what was written about it."""

    reason: str = ""
    notes: str = ""
    overbook_reason: str = ""
    remarks: list[WrittenRemark] = []


class AppointmentFilter(_Input):
    """Which appointments; `from`/`to` bound the start, half-open."""

    model_config = ConfigDict(extra="ignore")

    from_: AwareDatetime | None = None
    to: AwareDatetime | None = None
    consultant_id: list[UUID] = []
    patient_id: list[UUID] = []
    location_id: UUID | None = None
    reference: Reference | None = None
    status: list[Status] = []
    either: bool = False
    attention: bool = False


LONGEST_VISIT = timedelta(days=1)


class DiaryQuery(_Input):
    """Which appointments a calendar shows: those that touch `[from_, to)`, at most 62 days."""

    from_: AwareDatetime
    to: AwareDatetime
    consultant_id: list[UUID] = []
    location_id: UUID | None = None
    without: list[Status] = []
    limit: int = Field(1000, ge=1, le=5000)

    @model_validator(mode="after")
    def _stay_within_two_months(self) -> "DiaryQuery":
        if not timedelta() < self.to - self.from_ <= timedelta(days=62):
            message = "the stretch begins before it ends and is not longer than 62 days"
            raise ValueError(message)
        return self


class Change(BaseModel):
    """One thing that happened to an appointment, by its number in the outbox; `moved`: it may have left a place."""

    number: int
    at: datetime
    appointment_id: UUID
    version: int | None
    location_id: UUID | None
    moved: bool = False


class Changes(BaseModel):
    """What changed, and how far this tells; `more`: too much to tell one by one."""

    newest: int
    items: list[Change] = []
    more: bool = False


class Summary(BaseModel):
    """Counts of the appointments that a filter finds."""

    total: int
    upcoming: int
    by_status: dict[Status, int]
    attention: int


class TimelineEvent(BaseModel):
    """One thing that happened: what, when, by whom, with its codes."""

    at: datetime
    action: str
    actor_id: UUID
    actor_kind: str
    reason: str | None
    data: dict[str, Any]


class Window(_Input):
    """A stretch of a consultant's working time; starts are counted in steps from `anchor`, which may lie before it."""

    consultant_id: UUID
    location_id: UUID
    zone: str
    start: AwareDatetime
    end: AwareDatetime
    anchor: AwareDatetime | None = None


MOST_WINDOWS = 5000


class SlotSearch(_Input):
    """Asks which starts are free inside windows of working time."""

    windows: list[Window] = Field(max_length=MOST_WINDOWS)
    duration_minutes: int = Field(ge=1, le=1440)
    buffer_before_minutes: int = Field(0, ge=0, le=240)
    buffer_after_minutes: int = Field(0, ge=0, le=240)
    step_minutes: int = Field(15, ge=1, le=240)
    not_before: AwareDatetime
    not_after: AwareDatetime | None = None
    limit: int = Field(50, ge=1, le=2000)
    visit_type_id: UUID | None = Field(None, description="of a group visit, whose seats are looked for")
    capacity: int = Capacity
    rooms: dict[UUID, list[UUID]] | None = Field(None, description="rooms that fit, by location; none: no room needed")
    weekdays: list[int] = Field(list(range(7)), max_length=7, description="of the location's day, Monday = 0")
    wall_from: int = Field(0, ge=0, le=1440, description="minutes of the location's wall clock; a start is not before")
    wall_to: int = Field(1440, ge=0, le=1440, description="and before this")
    without: UUID | None = Field(None, description="what is to move, or is held already: its own time counts as free")
    patient_id: UUID | None = Field(None, description="who is to come: not while they are at another visit")


class FreeSlot(BaseModel):
    """One free start."""

    consultant_id: UUID
    location_id: UUID
    start: datetime
    end: datetime
    zone: str


class ClockChange(BaseModel):
    """An appointment whose local time a new rule of its zone has moved: `agreed` and `shown` are wall times."""

    id: UUID
    reference: str
    patient_id: UUID
    consultant_id: UUID
    location_id: UUID
    zone: str
    start: datetime
    agreed: str = Field(description="what the wall clock was to show, `YYYY-MM-DDTHH:MM:SS`")
    shown: str = Field(description="what it will show at that instant by the rules of today")
    start_as_agreed: datetime = Field(description="where to move it so that the wall clock shows what was agreed on")


class HourCount(BaseModel):
    """How many appointments start in one hour of the day, in one state."""

    hour: int
    status: Status
    count: int


class Figures(BaseModel):
    """What the dashboard takes from here, as of `watermark` (the newest event of this service's outbox)."""

    watermark: int
    total: int
    previous_total: int
    by_status: dict[Status, int]
    by_hour: list[HourCount]
    attention: int
