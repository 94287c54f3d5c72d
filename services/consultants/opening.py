"""When a location is open, as plain values: what was said about it, and what follows for each day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
    own: Mapping[date, str] = field(default_factory=dict)
    """Days that the organisation entered itself, with what they are called."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A year of which the public holidays of a country are not known; `entered`: the clinic has entered its own."""

    country: str
    year: int
    entered: bool


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
        """Give the holidays that are known here from `first` to `last`, whatever the location does on them.

        What the organisation entered itself counts wherever the organisation's own country does.
        """
        country = self.country or policy.country
        subdivision = self.subdivision if self.country else policy.subdivision
        found = public_holidays.between(country, subdivision, first, last) if country else {}
        if self.country is None:
            found |= {day: name for day, name in policy.own.items() if first <= day <= last}
        return dict(sorted(found.items()))

    def gaps(self, policy: Policy, first: date, last: date) -> list[Gap]:
        """Name the years, of those from `first` to `last`, whose public holidays would close this location unknown."""
        country = self.country or policy.country
        if country is None or not self.closes(policy):
            return []
        entered: Iterable[date] = policy.own if self.country is None else self.closed_on
        years = {day.year for day in entered}
        known_until = public_holidays.last_known_year(country)
        return [Gap(country, year, year in years) for year in range(first.year, last.year + 1) if year > known_until]

    def kind(self, policy: Policy, day: date) -> Literal["public", "expected", "own", "closing_day"]:
        """Tell where a day that is observed, or on which the location is closed, comes from."""
        if self.country is None and day in policy.own:
            return "own"
        if day not in self.observed(policy, day, day):
            return "closing_day"
        country = self.country or policy.country
        return "expected" if country and day.year > public_holidays.last_known_year(country) else "public"

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

    def parts(self, weekday: int, starts: int, ends: int) -> list[tuple[int, int]]:
        """Give when, from `starts` to `ends`, the location is open on every such weekday that is not in `closed`."""
        if self.opening is None:
            return [(starts, ends)]
        hours = [(max(starts, opens), min(ends, closes)) for on, opens, closes in self.opening if on == weekday]
        return [(opens, closes) for opens, closes in sorted(hours) if opens < closes]


ALWAYS = Calendar(None, frozenset())
"""Open whenever a consultant works."""
MARGIN = timedelta(days=2)
"""How many days around a period can matter to it: zones differ by a day, and a night shift began the day before."""


def block_of(told: dict[str, object]) -> OpeningBlock:
    """Read a block of opening hours as it is written in the database."""
    return int(str(told["weekday"])), minutes_of(str(told["opens"])), minutes_of(str(told["closes"]))
