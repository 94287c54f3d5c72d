"""Appointments on days that become closed, on the wire."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.appointments.schemas import Appointment

_END_OF_DAY = 24 * 60


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OpenBlock(_Input):
    """A stretch of one weekday (Monday = 0), in minutes of the wall clock since midnight."""

    weekday: int = Field(ge=0, le=6)
    opens: int = Field(ge=0, le=_END_OF_DAY)
    closes: int = Field(ge=0, le=_END_OF_DAY)


class OpenTimes(_Input):
    """When a location is open; `opening` None: all day on every day that is not closed."""

    opening: list[OpenBlock] | None = Field(None, max_length=70)
    closed: list[date] = Field([], max_length=2000)


class ClosingQuery(_Input):
    """Asks what would take place while the location is closed `after` a change, and does not `before` it."""

    location_id: UUID
    from_: AwareDatetime
    to: AwareDatetime
    before: OpenTimes
    after: OpenTimes
    limit: int = Field(8, ge=0, le=200)


class Closing(BaseModel):
    """How many appointments that is, and the first of them by start."""

    count: int
    items: list[Appointment]


class BookedDaysQuery(_Input):
    """Asks how many appointments are to come on some local days, at one location or anywhere."""

    days: list[date] = Field(max_length=500)
    location_id: UUID | None = None


class BookedDay(BaseModel):
    """A local day on which appointments are to come."""

    location_id: UUID
    day: date
    count: int
