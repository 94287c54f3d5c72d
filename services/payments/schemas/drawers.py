"""Cash drawers over the wire: opening, counting, what moves in between, closing and reviewing."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from careconnect.money import Money
from services.payments.schemas.requests import Input, PositiveMoney, Price, Reason
from services.payments.states import CashMove


class Pieces(Input):
    """How many notes or coins of one worth were counted."""

    unit: PositiveMoney
    pieces: int = Field(ge=0, le=100_000)


class CashCount(Input):
    """What was counted: piece by piece, or the sum alone."""

    sum: Price | None = None
    pieces: list[Pieces] | None = Field(None, min_length=1, max_length=30)

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.sum is None) == (self.pieces is None):
            message = "give either sum or pieces"
            raise ValueError(message)
        if self.pieces and len({one.unit.currency for one in self.pieces}) > 1:
            message = "all pieces are of one currency"
            raise ValueError(message)
        return self

    @property
    def total(self) -> Money:
        """What it comes to."""
        if self.pieces is None:
            assert self.sum is not None  # noqa: S101 - one of the two is there
            return self.sum
        amount = sum(one.pieces * one.unit.amount for one in self.pieces)
        return Money(amount=amount, currency=self.pieces[0].unit.currency)

    def kept(self) -> list[Any] | None:
        """Give the pieces as they are kept: worth in minor units, and how many."""
        return [[one.unit.amount, one.pieces] for one in self.pieces if one.pieces] if self.pieces else None


class DrawerWrite(Input):
    """A drawer that somebody opens for a shift: where, and what was counted into it."""

    location_id: UUID
    opening: CashCount


class MovementWrite(Input):
    """Cash that is put into a drawer or taken out of it, and why."""

    kind: CashMove
    amount: PositiveMoney
    reason: Reason


class DrawerClosing(Input):
    """What was counted at the end of the shift; a difference needs a reason."""

    counted: CashCount
    reason: Reason | None = None


class DrawerReview(Input):
    """That somebody looked at a closed drawer, perhaps with a note."""

    note: Annotated[str, Field(max_length=500)] = ""


class CashRule(Input):
    """Whether cash is taken only by those who have a drawer open. Without a word of the tenant, it is not."""

    drawer_needed: bool = False


class CountedPieces(BaseModel):
    """Notes or coins that were counted."""

    unit: Money
    pieces: int


class Drawer(BaseModel):
    """The cash of one person during one shift.

    `expected` is opening, takings and what was put in, less refunds and what was taken out: of an open drawer as it
    stands now, of a closed one as it stood then. `difference` is what was counted less that.
    """

    id: UUID
    person_id: UUID
    location_id: UUID
    status: Literal["open", "closed"]
    opened_at: datetime
    opening: Money
    opening_count: list[CountedPieces] = []
    takings: Money
    refunds: Money
    put_in: Money
    taken_out: Money
    expected: Money
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    counted: Money | None = None
    closing_count: list[CountedPieces] = []
    difference: Money | None = None
    reason: str | None = None
    reviewed_at: datetime | None = None
    reviewed_by: UUID | None = None
    review_note: str | None = None
    version: int


class DrawerMovement(BaseModel):
    """What changed a drawer's cash: above zero it came in, below it went out.

    A payment or refund names its payment; everything else has a reason.
    """

    id: UUID
    kind: Literal["payment", "refund", "bank_drop", "bank_cash", "petty_cash", "petty_return"]
    amount: Money
    at: datetime
    payment_id: UUID | None = None
    invoice_id: UUID | None = None
    reason: str | None = None


class DrawerFilter(BaseModel):
    """Which drawers: of a person, at a place, open or closed."""

    person_id: UUID | None = None
    location_id: UUID | None = None
    status: Literal["open", "closed"] | None = None
