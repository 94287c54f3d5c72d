"""Weekly hours, and when they do not hold, on the wire."""

from datetime import date, datetime
from itertools import combinations
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from services.consultants.schemas.fields import ClosingTime, ExceptionKind, Input, Version, WallTime, Zone
from services.consultants.walltime import minutes_of


class Hours(Input):
    """Working hours on one weekday at one location, in the local wall time of its zone."""

    location_id: UUID
    zone: Zone
    weekday: int = Field(ge=0, le=6, description="Monday = 0")
    starts: WallTime
    ends: ClosingTime
    valid_from: date | None = Field(None, description="first day on which these hours hold")
    valid_to: date | None = Field(None, description="last day on which these hours hold")

    @model_validator(mode="after")
    def _run_forwards(self) -> Self:
        if minutes_of(self.ends) <= minutes_of(self.starts):
            message = "hours end after they start; a night shift is two blocks, the first until 24:00"
            raise ValueError(message)
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            message = "valid_to is not before valid_from"
            raise ValueError(message)
        return self

    def overlaps(self, other: "Hours") -> bool:
        """Tell whether two blocks of one zone ask the consultant to be at work twice at the same wall time."""
        same_day = (self.zone, self.weekday) == (other.zone, other.weekday)
        hours = minutes_of(self.starts) < minutes_of(other.ends) and minutes_of(other.starts) < minutes_of(self.ends)
        dates = (self.valid_from or date.min) <= (other.valid_to or date.max) and (other.valid_from or date.min) <= (
            self.valid_to or date.max
        )
        return same_day and hours and dates


class ScheduleWrite(Input):
    """A consultant's weekly hours, all anew."""

    hours: list[Hours] = Field(max_length=200)
    version: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _never_two_places_at_once(self) -> Self:
        for (first, one), (second, other) in combinations(enumerate(self.hours), 2):
            if one.overlaps(other):
                message = f"hours.{first} and hours.{second} overlap"
                raise ValueError(message)
        return self


class Schedule(BaseModel):
    """A consultant's weekly hours."""

    consultant_id: UUID
    hours: list[Hours]
    version: int


class ExceptionWrite(Input):
    """A time at which the weekly hours do not hold.

    `leave` and `blocked` close it, at one location or everywhere, and win over everything; `extra` opens it at one
    location. `zone` is needed for extra hours at a location where nobody has weekly hours yet.
    """

    kind: ExceptionKind
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    location_id: UUID | None = None
    zone: Zone | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = None
    version: Version | None = None

    @model_validator(mode="after")
    def _say_when_and_where(self) -> Self:
        if self.ends_at <= self.starts_at:
            message = "ends_at is after starts_at"
            raise ValueError(message)
        if self.kind == "extra" and self.location_id is None:
            message = "extra hours need a location_id"
            raise ValueError(message)
        return self


class ScheduleException(BaseModel):
    """A time at which the weekly hours do not hold."""

    id: UUID
    consultant_id: UUID
    kind: ExceptionKind
    starts_at: datetime
    ends_at: datetime
    location_id: UUID | None
    zone: str | None
    reason: str | None
    version: int
