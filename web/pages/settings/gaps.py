"""Years whose public holidays are not known, in sentences; the settings and Attention say the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.consultants.schemas import HolidayGap
from web.pages.links import link
from web.pages.options import countries
from web.pages.screen import Screen
from web.words import gettext


@dataclass(frozen=True)
class Told:
    """One such year: what is not known, where it is entered, and whether somebody has."""

    country: str
    year: int
    sentence: str
    href: str
    entered: bool


async def told(screen: Screen, first: date, last: date) -> list[Told]:
    """Say which of the years from `first` to `last` are not known."""
    return in_words(screen, await screen.gateway.consultants.holiday_gaps(screen.actor, first, last))


def in_words(screen: Screen, gaps: Iterable[HolidayGap]) -> list[Told]:
    """Say what is not known of locations that are in use."""
    named = {one.value: one.label for one in countries()}
    places = {place.id: place.name for place in screen.frame.places}
    return [
        _told(gap, named.get(gap.country, gap.country), places) for gap in gaps if set(gap.location_ids) <= set(places)
    ]


def _told(gap: HolidayGap, country: str, places: dict[UUID, str]) -> Told:
    words = gettext("Public holidays of %(country)s for %(year)s are not known yet; enter them")
    sentence = words % {"country": country, "year": gap.year}
    where = ", ".join(places[one] for one in gap.location_ids)
    href = link("/settings/holidays", year=gap.year, location_id=gap.location_ids[0] if gap.location_ids else None)
    return Told(country, gap.year, f"{sentence} ({where})" if where else sentence, href, gap.entered)
