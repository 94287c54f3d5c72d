"""Which price holds for a visit: the most specific row of the price lists, or the visit type's own price."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

_PAYER, _CONSULTANT, _LOCATION = 4, 2, 1
"""A payer's agreed price wins over a consultant's own, and that over a location's; two of them together win over one
of the same rank."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the price lists for one visit type; None stands for any, and for days without end."""

    amount: int
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    payer_id: UUID | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def rank(self) -> int:
        """How specific it is."""
        named = ((self.payer_id, _PAYER), (self.consultant_id, _CONSULTANT), (self.location_id, _LOCATION))
        return sum(weight for key, weight in named if key is not None)

    def holds(self, visit: "Visit") -> bool:
        """Tell whether it is a price of this visit."""
        return (
            self.consultant_id in {None, visit.consultant_id}
            and self.location_id in {None, visit.location_id}
            and self.payer_id in {None, visit.payer_id}
            and (self.valid_from or date.min) <= visit.day <= (self.valid_to or date.max)
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """What a price is asked for: whose visit, where, on which local day, and who pays."""

    consultant_id: UUID
    location_id: UUID
    day: date
    payer_id: UUID | None = None


def listed_price(rows: Iterable[Listed], visit: Visit) -> int | None:
    """Give the most specific price of a visit in minor units; None where no row names one.

    Postgres keeps two rows of the same visit type, consultant, location and payer from holding on one day.
    """
    found = max((row for row in rows if row.holds(visit)), key=lambda row: row.rank, default=None)
    return found.amount if found else None
