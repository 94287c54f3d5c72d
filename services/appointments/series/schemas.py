"""Series of appointments on the wire."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.appointments.schemas import FreeSlot, Status


class SeriesStatus(StrEnum):
    """Where a series stands: its appointments are being booked, lie ahead, or are over; `cancelled` as a whole."""

    BOOKING = "booking"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELLED = "cancelled"


class OccurrenceStatus(StrEnum):
    """Where one appointment of a series stands; once booked, the appointment itself says the rest."""

    PENDING = "pending"
    BOOKED = "booked"
    CONFLICT = "conflict"
    SKIPPED = "skipped"


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeriesPlan(_Input):
    """Asks for appointments that repeat; `start` is the first, and its wall time in `zone` is that of all."""

    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    zone: str = Field(max_length=64)
    start: AwareDatetime
    rule: str = Field(max_length=200, description="RFC 5545, such as FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=10")
    request_hash: str = Field("", max_length=64)


class Outcome(_Input):
    """What became of one appointment of a series."""

    status: OccurrenceStatus
    appointment_id: UUID | None = None
    code: str | None = Field(None, max_length=64, description="why it could not be booked")
    alternatives: list[FreeSlot] = Field([], max_length=20)


class Standing(_Input):
    """Where a series stands as a whole."""

    status: SeriesStatus


class SeriesFilter(BaseModel):
    """Which series; all of those that the tenant has where nothing is said."""

    patient_id: UUID | None = None
    status: SeriesStatus | None = None


class Occurrence(BaseModel):
    """One appointment of a series: when it was planned, and how it stands now."""

    number: int = Field(description="counted from 1")
    planned: datetime
    status: OccurrenceStatus
    code: str | None = None
    alternatives: list[FreeSlot] = []
    appointment_id: UUID | None = None
    appointment_status: Status | None = None
    start: datetime | None = Field(None, description="of the appointment, which may have been moved since")
    end: datetime | None = None
    undo_until: datetime | None = Field(None, description="until when its cancellation can be undone")


class SeriesSummary(BaseModel):
    """A series without its appointments."""

    id: UUID
    status: SeriesStatus
    rule: str
    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    zone: str
    start: datetime
    created_at: datetime
    total: int
    booked: int
    conflicts: int


class Series(SeriesSummary):
    """Appointments of one patient that repeat by a rule."""

    request_hash: str
    occurrences: list[Occurrence]


class Place(BaseModel):
    """Which place an appointment has in a series: 3 of 10."""

    series_id: UUID
    number: int
    total: int
