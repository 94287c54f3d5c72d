"""The waiting list on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.appointments.schemas import Hold

Part = Literal["morning", "afternoon", "evening"]
"""A part of the day at the place of the visit: until noon, until five, after."""
Weekday = Annotated[int, Field(ge=0, le=6, description="Monday is 0")]
NOON, EVENING = 12, 17


class EntryStatus(StrEnum):
    """Where an entry stands: waiting for a time, with one on offer, or over: booked, left, or lapsed."""

    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    LEFT = "left"
    LAPSED = "lapsed"


class OfferStatus(StrEnum):
    """Where an offer stands; `withdrawn` is one that could not be kept, such as for a patient who left."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Wishes(_Input):
    """Which times suit; what is left empty does not matter."""

    consultant_ids: list[UUID] = Field([], max_length=50)
    location_ids: list[UUID] = Field([], max_length=50)
    weekdays: list[Weekday] = Field([], max_length=7)
    parts: list[Part] = Field([], max_length=3)
    earliest: date | None = None
    latest: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.earliest and self.latest and self.latest < self.earliest:
            message = "the latest day is not before the earliest"
            raise ValueError(message)
        return self


class EntryWrite(Wishes):
    """A patient waits for a visit, until a time."""

    patient_id: UUID
    visit_type_id: UUID
    until: AwareDatetime
    request_hash: str = Field("", max_length=64)


class OfferWrite(_Input):
    """A free time for the one who waits: held, under the offer's own id, as long as the offer stands."""

    hold: Hold
    expires_at: AwareDatetime


class OfferClose(_Input):
    """How an offer ended; but for an accepted one, its time is given back."""

    status: Literal["accepted", "declined", "lapsed", "withdrawn"]


class Told(_Input):
    """Whether the patient could be told of the offer; if not, somebody may call."""

    told: bool


class EntryClose(_Input):
    """How the waiting ended without a visit."""

    status: Literal["left", "lapsed"]


class EntryFilter(BaseModel):
    """Which entries; all of those that the tenant has where nothing is said."""

    patient_id: UUID | None = None
    status: list[EntryStatus] = []


class Offer(BaseModel):
    """A time that was offered to one who waits. Its id is that of the appointment that holds the time."""

    id: UUID
    entry_id: UUID
    status: OfferStatus
    consultant_id: UUID
    location_id: UUID
    zone: str
    start: datetime
    end: datetime
    offered_at: datetime
    expires_at: datetime
    told: bool | None = Field(None, description="false: no message could go out, so somebody may call")


class Entry(Wishes):
    """One who waits, with what was offered so far, the newest first."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    status: EntryStatus
    patient_id: UUID
    visit_type_id: UUID
    until: datetime
    created_at: datetime
    appointment_id: UUID | None = Field(None, description="the visit that came of it")
    request_hash: str = ""
    offers: list[Offer] = []
