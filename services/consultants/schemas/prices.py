"""What decides on a price, on the wire: taxes, free follow-ups, price lists, and the organisation's own policies."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from careconnect.money import Money
from services.consultants.schemas.fields import Input, Version, Words

LARGEST_PRICE = 10**12


class PaymentPolicy(Input):
    """What a visit costs in advance, and when it is taken.

    `default` stands for the organisation's own policy. With `before`, the card is kept when the visit is booked and
    charged `hours_before` the start; `on_decline` says what becomes of the appointment if the bank then says no.
    """

    kind: Literal["default", "none", "deposit", "full"]
    when: Literal["booking", "before", "desk"] = "booking"
    deposit: Money | None = Field(None, description="only with kind deposit, in the currency of the price")
    hours_before: int | None = Field(None, ge=1, le=720, description="only, and always, with when before")
    on_decline: Literal["keep", "cancel"] = "keep"
    when_gateway_is_down: Literal["refuse", "due"] = Field(
        "refuse", description="due: book all the same, and have it paid at the desk; refuse: hold the time, answer 503"
    )

    @model_validator(mode="after")
    def _say_when(self) -> Self:
        if (self.hours_before is not None) != (self.when == "before"):
            message = "hours_before is named when, and only when, the money is taken before the visit"
            raise ValueError(message)
        return self


class Tax(Input):
    """A tax on a price: `rate` in basis points (1,800 are 18 %); the price has it inside, or it comes on top."""

    name: Words = "VAT"
    rate: int = Field(ge=0, le=10_000)
    inclusive: bool = True


class FollowUpPolicy(Input):
    """After a paid visit, so many more within so many days cost nothing: of the same type, or the same speciality."""

    visits: int = Field(1, ge=1, le=20)
    days: int = Field(14, ge=1, le=365)
    of: Literal["visit_type", "specialty"] = "visit_type"


class PriceWrite(Input):
    """A price that holds instead of the visit type's own, for one consultant, location or payer, or several of them.

    The days are those of the visit, both included.
    """

    visit_type_id: UUID
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    payer_id: UUID | None = None
    price: Money
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if not 0 <= self.price.amount <= LARGEST_PRICE:
            message = "the price is not negative, and not beyond reason"
            raise ValueError(message)
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            message = "valid_to is not before valid_from"
            raise ValueError(message)
        return self


class PriceReplacement(PriceWrite):
    """All of a price anew."""

    version: Version | None = None


class Price(BaseModel):
    """One row of the price lists."""

    id: UUID
    visit_type_id: UUID
    consultant_id: UUID | None
    location_id: UUID | None
    payer_id: UUID | None
    price: Money
    valid_from: date | None
    valid_to: date | None
    version: int


class MoneyPolicy(BaseModel):
    """The organisation's own policies: how visits are paid that do not say, and when unpaid invoices are recalled."""

    payment: PaymentPolicy = PaymentPolicy(kind="full", when="desk")
    dunning_days: list[int] = Field([1, 7, 14], description="days after the visit on which what is due is recalled")
    version: int = 0


class MoneyPolicyWrite(Input):
    """The organisation's own policies, all anew."""

    payment: PaymentPolicy
    dunning_days: list[Annotated[int, Field(ge=0, le=365)]] = Field([1, 7, 14], max_length=6)
    version: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _stand_alone(self) -> Self:
        if self.payment.kind in {"default", "deposit"}:
            message = "the organisation's own policy is none or full; a deposit belongs to one visit type"
            raise ValueError(message)
        return self
