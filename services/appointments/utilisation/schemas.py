"""How much of consultants' time is booked, on the wire."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict


class BookedTimeQuery(BaseModel):
    """Asks of visits that begin in `[from_, to)`, at one location or anywhere."""

    model_config = ConfigDict(extra="forbid")

    from_: AwareDatetime
    to: AwareDatetime
    location_id: UUID | None = None


class BookedTime(BaseModel):
    """In how many minutes a consultant is booked; those in which several patients are booked count once."""

    consultant_id: UUID
    minutes: int
