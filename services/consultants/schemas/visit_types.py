"""The catalogue of visit types on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from careconnect.money import Money
from services.consultants.schemas.fields import Colour, Feature, Input, Version, WebAddress, Words
from services.consultants.schemas.prices import FollowUpPolicy, PaymentPolicy, Tax

Mode = Literal["in_person", "telehealth"]
Percent = Annotated[int, Field(ge=0, le=100)]


class CancellationPolicy(Input):
    """What it costs to cancel or not to come, and until when the time may be changed.

    Cancelling is free until `free_until_hours` before the start; later it costs `fee`, or without one a share of the
    price, and never more than the price. A `fee` of nothing is a fee: then it is free. Moving is possible until
    `reschedule_until_hours` before the start, and `max_moves` times.
    """

    free_until_hours: int = Field(24, ge=0, le=8760)
    fee_percent: Percent = 0
    no_show_fee_percent: Percent = 0
    fee: Money | None = Field(None, description="instead of a share: what a late cancellation costs")
    no_show_fee: Money | None = Field(None, description="instead of a share: what it costs not to come")
    reschedule_until_hours: int = Field(0, ge=0, le=8760, description="before the start; after that only staff move it")
    max_moves: int | None = Field(None, ge=0, le=100, description="how often it may be moved; none: without a limit")
    grace_minutes: int = Field(15, ge=0, le=1440, description="after the start, before a visit counts as missed")

    def cancellation_fee(self, price: Money) -> Money:
        """Tell what a late cancellation of a visit at `price` costs."""
        fixed = _at_most(self.fee, price)
        return price.percent(self.fee_percent) if fixed is None else fixed

    def missing_fee(self, price: Money) -> Money:
        """Tell what it costs not to come to a visit at `price`."""
        fixed = _at_most(self.no_show_fee, price)
        return price.percent(self.no_show_fee_percent) if fixed is None else fixed


def _at_most(fee: Money | None, price: Money) -> Money | None:
    if fee is None or fee.currency != price.currency:
        return None
    return min(fee, price, key=lambda one: one.amount)


class VisitTypeWrite(Input):
    """What can be booked, as staff enter it."""

    name: Words
    duration_minutes: int = Field(ge=1, le=1440)
    buffer_before_minutes: int = Field(0, ge=0, le=240)
    buffer_after_minutes: int = Field(0, ge=0, le=240)
    price: Money
    payment_policy: PaymentPolicy
    cancellation_policy: CancellationPolicy = CancellationPolicy()
    tax: Tax | None = None
    follow_up: FollowUpPolicy | None = Field(None, description="which visits after a paid one cost nothing")
    reminder_offsets_hours: list[Annotated[int, Field(ge=1, le=8760)]] = Field([72, 24, 2], max_length=10)
    min_notice_minutes: int = Field(0, ge=0, le=525_600)
    horizon_days: int = Field(180, ge=1, le=730)
    slot_step_minutes: int = Field(15, ge=1, le=240)
    mode: Mode = "in_person"
    video_url: WebAddress | None = Field(None, description="where a telehealth visit is held; none: the clinic calls")
    specialty: Words | None = Field(None, description="who offers it when consultant_ids is empty; none: everybody")
    colour: Colour = "#4f6bed"
    active: bool = True
    consultant_ids: list[UUID] = Field([], max_length=500, description="who offers it; empty: the speciality decides")
    location_ids: list[UUID] = Field([], max_length=200, description="where it is offered; empty: at every location")
    capacity: int = Field(1, ge=1, le=500, description="how many patients share one visit; above 1: a group visit")
    room_needed: bool = Field(default=False, description="whether a free room is taken with the time")
    room_features: list[Feature] = Field([], max_length=20, description="what such a room has to be and to have")

    @model_validator(mode="after")
    def _ask_for_money_that_adds_up(self) -> Self:
        deposit = self.payment_policy.deposit
        if self.price.amount < 0:
            message = "the price is not negative"
            raise ValueError(message)
        if (deposit is not None) != (self.payment_policy.kind == "deposit"):
            message = "a deposit is named when, and only when, the payment policy is deposit"
            raise ValueError(message)
        if deposit is not None and (
            deposit.currency != self.price.currency or not 0 < deposit.amount <= self.price.amount
        ):
            message = "the deposit is a part of the price, in its currency"
            raise ValueError(message)
        if self.payment_policy.kind == "full" and not self.price:
            message = "what costs nothing cannot be paid in full; use the payment policy none"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _know_whose_speciality(self) -> Self:
        if self.follow_up and self.follow_up.of == "specialty" and self.specialty is None:
            message = "follow-ups within a speciality need the visit type's speciality"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _charge_fees_in_the_prices_currency(self) -> Self:
        policy = self.cancellation_policy
        for fee in (policy.fee, policy.no_show_fee):
            if fee and (fee.amount < 0 or fee.currency != self.price.currency):
                message = "a fee is not negative, and in the currency of the price"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _name_each_once(self) -> Self:
        for name in ("consultant_ids", "location_ids", "room_features"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                message = f"{name} names each once"
                raise ValueError(message)
        if self.video_url and self.mode != "telehealth":
            message = "video_url is that of a telehealth visit"
            raise ValueError(message)
        if self.room_features and not self.room_needed:
            message = "room_features are those of a room that is needed"
            raise ValueError(message)
        if len(set(self.reminder_offsets_hours)) != len(self.reminder_offsets_hours):
            message = "reminder_offsets_hours names each offset once"
            raise ValueError(message)
        return self


class VisitTypeReplacement(VisitTypeWrite):
    """All of a visit type anew."""

    version: Version | None = None


class VisitType(BaseModel):
    """What can be booked."""

    id: UUID
    name: str
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    price: Money
    payment_policy: PaymentPolicy
    cancellation_policy: CancellationPolicy
    tax: Tax | None = None
    follow_up: FollowUpPolicy | None = None
    reminder_offsets_hours: list[int]
    min_notice_minutes: int
    horizon_days: int
    slot_step_minutes: int
    mode: Mode
    video_url: str | None = None
    specialty: str | None
    colour: str
    active: bool
    consultant_ids: list[UUID]
    location_ids: list[UUID] = []
    capacity: int = 1
    room_needed: bool = False
    room_features: list[str] = []
    version: int


class CancellationTerms(BaseModel):
    """What a visit type's policy lets the clinic keep; `since` is the last change of the visit type."""

    visit_type_id: UUID
    policy: CancellationPolicy
    since: datetime
