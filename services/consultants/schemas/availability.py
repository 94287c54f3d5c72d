"""Working time, and the terms on which one start can be booked, on the wire."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from careconnect.money import Money
from services.consultants.schemas.fields import Input
from services.consultants.schemas.prices import FollowUpPolicy, PaymentPolicy, Tax
from services.consultants.schemas.visit_types import CancellationPolicy, Mode

LONGEST_PERIOD = timedelta(days=370)


class WindowsQuery(Input):
    """Whose working time is wanted, and when: everybody who offers the visit type, unless narrowed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    visit_type_id: UUID
    consultant_id: UUID | None = None
    specialty: str | None = Field(None, max_length=100)
    location_id: UUID | None = None

    @model_validator(mode="after")
    def _stay_within_a_year(self) -> Self:
        if not timedelta() < self.end - self.start <= LONGEST_PERIOD:
            message = "the period begins before it ends and is not longer than 370 days"
            raise ValueError(message)
        return self


class Window(BaseModel):
    """Unbroken working time of one consultant at one location: instants `[start, end)` inside the period asked for."""

    consultant_id: UUID
    location_id: UUID
    zone: str
    start: datetime
    end: datetime
    anchor: datetime = Field(
        description="where the working time began before anything was cut away; bookable starts are counted from here "
        "in steps, so that a meeting until 10:07 does not move the day to odd minutes; it may lie before start"
    )
    rooms: list[UUID] | None = Field(None, description="rooms here that fit the visit type; none: it needs no room")


class OfferQuery(Input):
    """One visit that somebody wants."""

    visit_type_id: UUID
    consultant_id: UUID
    location_id: UUID | None = Field(None, description="left out: where the consultant works at that time")
    start: AwareDatetime
    payer_id: UUID | None = Field(None, description="who pays, where a price list knows of it")
    duration_minutes: int | None = Field(None, ge=1, le=1440, description="left out: as long as the visit type says")
    override_hours: bool = Field(default=False, description="do not ask whether the consultant works then")
    held: bool = Field(default=False, description="the time is held already: its notice was in time and is not asked")
    override_notice: bool = Field(default=False, description="do not ask how soon it is; it may have begun just now")


class Offer(BaseModel):
    """The terms of one visit at one start: what it occupies, what it costs, and the policies that hold for it.

    `price` is what the visit costs, taxes included; `listed` is what the lists say, with or without the tax.
    """

    consultant_id: UUID
    consultant_name: str
    location_id: UUID
    visit_type_id: UUID
    visit_type_name: str
    zone: str
    start: datetime
    end: datetime
    occupied_from: datetime = Field(description="start less the buffer before")
    occupied_to: datetime = Field(description="end and the buffer after")
    price: Money
    listed: Money | None = None
    tax: Tax | None = None
    follow_up: FollowUpPolicy | None = None
    specialty: str | None = None
    covered: Money | None = Field(None, description="what a payer pays of the price; the patient pays the rest")
    coverage_id: UUID | None = Field(None, description="by which coverage")
    payer_id: UUID | None = None
    payer_name: str = ""
    free_because: str | None = Field(None, description="the code of why it costs nothing, such as follow_up")
    payment_policy: PaymentPolicy
    cancellation_policy: CancellationPolicy
    reminder_offsets_hours: list[int]
    mode: Mode
    within_hours: bool = Field(description="false only where the hours were overridden")
    capacity: int = Field(1, description="how many patients share the visit")
    rooms: list[UUID] | None = Field(None, description="rooms that fit; none: it needs no room")

    @property
    def patient_share(self) -> Money:
        """What the patient pays of the price."""
        return self.price - self.covered if self.covered else self.price
