"""Over the wire: when a price is earned, and what gateways pay out."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from careconnect.money import Money
from services.payments.schemas.requests import Input

Gateway = Annotated[str, Field(pattern="^(sandbox|stripe|card_terminal)$", examples=["stripe"])]
"""Who pays out: a gateway, or the bank of the card terminals."""


class VisitEnd(Input):
    """That an appointment took place, or will not any more, and when."""

    took_place: bool
    ended_at: AwareDatetime


class Earned(BaseModel):
    """Of how many invoices the price was earned by it."""

    invoices: int


class PayoutWrite(Input):
    """What a gateway paid into the bank: `gross` less its `fee`, below zero where it took money back."""

    gateway: Gateway
    gross: Money
    fee: Money
    paid_on: date
    reference: Annotated[str, Field(min_length=1, max_length=100)]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.gross.currency != self.fee.currency:
            message = "the fee must be in the currency of the payout"
            raise ValueError(message)
        if not self.gross and not self.fee:
            message = "nothing was paid out"
            raise ValueError(message)
        if self.gross.amount >= 0 and not self.fee.amount >= 0:
            message = "the fee must not be below zero"
            raise ValueError(message)
        return self


class Payout(BaseModel):
    """A payout as it was entered; `net` is what came into the bank."""

    id: UUID
    gateway: str
    gross: Money
    fee: Money
    net: Money
    paid_on: date
    reference: str
    entered_by: UUID
    created_at: datetime
