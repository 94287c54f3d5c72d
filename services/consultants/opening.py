"""When a location is open, as plain values: what was said about it, and what follows for each day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.consultants import public_holidays
from services.consultants.walltime import minutes_of

OpeningBlock = tuple[int, int, int]
"""A weekday (Monday = 0), and the minutes of the wall clock since midnight at which the location opens and closes."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an organisation does on public holidays."""

    country: str | None = None
    subdivision: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about a location; `opening` None is: whenever a consultant works."""

    opening: Sequence[OpeningBlock] | None = None
    holidays: Literal["as_organisation", "closed", "open"] = "as_organisation"
    country: str | None = None
    subdivision: str | None = None
    open_on: frozenset[date] = frozenset()
    closed_on: frozenset[date] = frozenset()

    def observed(self, policy: Policy, first: date, last: date) -> dict[date, str]:
        """Give the public holidays that are known here from `first` to `last`, whatever the location does on them."""
        country = self.country or policy.country
        if country is None:
            return {}
        subdivision = self.subdivision if self.country else policy.subdivision
        return public_holidays.between(country, subdivision, first, last)

    def closes(self, policy: Policy) -> bool:
        """Tell whether public holidays close the location."""
        return policy.closed if self.holidays == "as_organisation" else self.holidays == "closed"

    def calendar(self, policy: Policy, first: date, last: date) -> "Calendar":
        """Work out the days from `first` to `last`."""
        holidays = self.observed(policy, first, last) if self.closes(policy) else {}
        return Calendar(self.opening, (frozenset(holidays) - self.open_on) | self.closed_on)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a location is open on the days that were asked for."""

    opening: Sequence[OpeningBlock] | None
    closed: frozenset[date]

    def parts(self, day: date, starts: int, ends: int) -> list[tuple[int, int]]:
        """Give what of the wall times from `starts` to `ends` on `day` the location is open."""
        if day in self.closed:
            return []
        if self.opening is None:
            return [(starts, ends)]
        weekday = day.weekday()
        hours = [(max(starts, opens), min(ends, closes)) for on, opens, closes in self.opening if on == weekday]
        return [(opens, closes) for opens, closes in sorted(hours) if opens < closes]


ALWAYS = Calendar(None, frozenset())
"""Open whenever a consultant works."""
MARGIN = timedelta(days=2)
"""How many days around a period can matter to it: zones differ by a day, and a night shift began the day before."""


def block_of(told: dict[str, object]) -> OpeningBlock:
    """Read a block of opening hours as it is written in the database."""
    return int(str(told["weekday"])), minutes_of(str(told["opens"])), minutes_of(str(told["closes"]))
