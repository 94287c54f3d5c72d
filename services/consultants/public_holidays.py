"""Public holidays by country, from the `holidays` library: dates of the local calendar, without a time or a zone.

Of a country whose calendar is proclaimed year by year the library knows only the years that it has tables for. After
those, what has fallen on the same date for ten years is expected on it again, and everything else is not known.
"""

from datetime import date
from functools import lru_cache
from types import ModuleType

_NAMES_IN = "en_US"
_ANY_YEAR = 2026
_SAME_FOR_YEARS = 10


def known(country: str, subdivision: str | None) -> bool:
    """Tell whether the holidays of a country, or of a part of it, can be computed."""
    try:
        of_year(country, subdivision, _ANY_YEAR)
    except NotImplementedError:  # the library's word for a country or a subdivision that it does not know
        return False
    return True


def between(country: str, subdivision: str | None, first: date, last: date) -> dict[date, str]:
    """Give the public holidays from `first` to `last`, both days included, each with its name, soonest first."""
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in (expected if year > last_known_year(country) else of_year)(country, subdivision, year)
        if first <= day <= last
    }


@lru_cache(maxsize=64)
def last_known_year(country: str) -> int:
    """Tell until which year the library knows a country's public holidays."""
    last: int = _library().country_holidays(country, years=_ANY_YEAR).end_year
    return last


@lru_cache(maxsize=512)
def expected(country: str, subdivision: str | None, year: int) -> tuple[tuple[date, str], ...]:
    """Give what falls on the same date in each of the last ten known years, for a year that is not known itself."""
    last = last_known_year(country)
    kept = set.intersection(
        *(_dates(country, subdivision, known_year) for known_year in range(last - _SAME_FOR_YEARS + 1, last + 1))
    )
    # No holiday that always falls on 29 February is the same for ten years.
    return tuple(sorted((date(year, month, day), name) for month, day, name in kept))


def _dates(country: str, subdivision: str | None, year: int) -> set[tuple[int, int, str]]:
    return {
        (day.month, day.day, name) for day, names in of_year(country, subdivision, year) for name in names.split("; ")
    }


@lru_cache(maxsize=512)
def of_year(country: str, subdivision: str | None, year: int) -> tuple[tuple[date, str], ...]:
    """Give a year's public holidays, soonest first; kept, since every offer asks for them.

    Raises:
        NotImplementedError: nothing is known of this country or subdivision.
    """
    library = _library()
    found = library.country_holidays(country, subdiv=subdivision, years=year)
    if _NAMES_IN in found.supported_languages:
        found = library.country_holidays(country, subdiv=subdivision, years=year, language=_NAMES_IN)
    return tuple((day, name) for day, name in sorted(found.items()))


def _library() -> ModuleType:
    """Import it only where holidays are asked for: it takes a fifth of a second, and most processes never do."""
    import holidays  # noqa: PLC0415 - as said

    return holidays
