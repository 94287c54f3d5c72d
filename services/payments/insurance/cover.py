"""How what a visit costs is shared between a payer and the patient."""

from pydantic import BaseModel, ConfigDict, Field


class Cover(BaseModel):
    """What a payer pays of an amount: `rate` of it in basis points (8,000 are 80 %), or up to `fixed` minor units.

    The payer's share is rounded half up to whole minor units, and is never more than the whole; the patient's share is
    the rest, so the two always add up. The same integers can be written in SQL, for a check from outside.
    """

    model_config = ConfigDict(frozen=True)

    rate: int | None = Field(None, ge=0, le=10_000)
    fixed: int | None = Field(None, ge=0)

    def share(self, whole: int) -> int:
        """Give the payer's share of `whole` minor units, taxes included and discounts off; `whole` is not negative."""
        if self.rate is not None:
            return (2 * whole * self.rate + 10_000) // 20_000
        return min(self.fixed or 0, whole)


NOTHING = Cover(fixed=0)
"""A payer that pays nothing (any more)."""
