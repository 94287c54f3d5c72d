"""What visits cost, on the wire."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from careconnect.money import Money


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChargedTax(_Input):
    """A tax on a price: `rate` in basis points; the price has it inside, or it comes on top."""

    name: str = Field(max_length=40)
    rate: int = Field(ge=0, le=10_000)
    inclusive: bool = True


class Charged(_Input):
    """What a visit costs: `price` with taxes, what the lists say (`listed`), and by which coverage a payer pays."""

    price: Money
    listed: Money
    tax: ChargedTax | None = None
    coverage_id: UUID | None = None


class ChargedVisit(BaseModel):
    """A visit that takes place, and its price with taxes."""

    id: UUID
    price: Money


class ChargedPage(BaseModel):
    """One page of visits that cost something; `last` is where the next one begins, None at the end."""

    items: list[ChargedVisit]
    last: UUID | None
