"""Who works when, for a calendar, on the wire."""

from datetime import datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.consultants.schemas.availability import LONGEST_PERIOD, Window
from services.consultants.schemas.fields import Input


class SpanQuery(Input):
    """Asks about what lies inside `[from, to)`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")

    @model_validator(mode="after")
    def _stay_within_a_year(self) -> Self:
        if not timedelta() < self.end - self.start <= LONGEST_PERIOD:
            message = "the period begins before it ends and is not longer than 370 days"
            raise ValueError(message)
        return self


class TimetableQuery(SpanQuery):
    """Whose hours are wanted, and when: everybody's who is not archived, unless narrowed."""

    consultant_id: list[UUID] = Field([], max_length=500)
    specialty: str | None = Field(None, max_length=100)


class WorkingTimeQuery(SpanQuery):
    """Asks for everybody's working time, at one location or at all."""

    location_id: UUID | None = None


class WorkingTime(BaseModel):
    """How many minutes a consultant works, by weekly hours and what deviates from them, whatever the status is now."""

    consultant_id: UUID
    minutes: int


class Closed(BaseModel):
    """A stretch that leave, blocked time or a closed location takes from a consultant's hours.

    It holds at one location or everywhere (None); `name` is that of a public holiday.
    """

    consultant_id: UUID
    kind: Literal["leave", "blocked", "holiday"]
    name: str | None = None
    start: datetime
    end: datetime
    location_id: UUID | None


class Timetable(BaseModel):
    """Who works when at which location, and what keeps them from it; `consultant_ids` are all who were asked about."""

    consultant_ids: list[UUID]
    windows: list[Window]
    closed: list[Closed]
