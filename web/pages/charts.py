"""The figures of the dashboard as bars, which are tables as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from careconnect.money import Money
from services.appointments.schemas import HourCount as HourOfVisits
from services.reports.schemas import DayRevenue
from services.reports.sources import HourCount
from web.formats import local_date, money
from web.looks import look
from web.words import gettext

_STATES = ("fulfilled", "checked_in", "arrived", "booked", "held", "cancelled", "no_show")
_OPENS, _CLOSES = 8, 18
_LABELS = 8


@dataclass(frozen=True)
class Part:
    """A part of a bar, in one tone."""

    tone: str
    word: str
    n: int


@dataclass(frozen=True)
class Bar:
    """One bar with what stands below and above it."""

    label: str
    parts: list[Part]
    shown: str

    @property
    def total(self) -> int:
        """How high it is."""
        return sum(part.n for part in self.parts)


def hours(by_hour: Iterable[HourCount | HourOfVisits]) -> dict[str, Any]:
    """Count appointments by hour of the day and by state; only states that occur get a colour in the legend."""
    counted = {(one.hour, str(one.status)): one.count for one in by_hour}
    states = [state for state in _STATES if any(state == status for _, status in counted)]
    present = {hour for hour, _ in counted}
    span = range(min(present | {_OPENS}), max(present | {_CLOSES}) + 1)
    looks = {state: look(state) for state in states}
    bars = []
    for hour in span:
        parts = [Part(looks[state].tone, looks[state].word, counted.get((hour, state), 0)) for state in states]
        bars.append(Bar(f"{hour:02d}", parts, str(sum(part.n for part in parts))))
    return {
        "hours": bars,
        "hours_top": max((bar.total for bar in bars), default=0),
        "hours_series": [(found.tone, found.word) for found in looks.values()],
    }


def revenue(days: Sequence[DayRevenue], currency: str, skeleton: str = "") -> dict[str, Any]:
    """Show what each day brought; a day on which more went back than came in stands at nothing.

    `skeleton` is how days are named; without it, by the weekday while there are few.
    """
    word = gettext("Revenue")
    skeleton = skeleton or ("E" if len(days) <= _LABELS else "d")
    bars = [
        Bar(
            local_date(one.day, skeleton=skeleton),
            [Part("teal", word, max(0, one.amount.amount))],
            money(one.amount, whole=True),
        )
        for one in days
    ]
    total = Money(amount=sum(one.amount.amount for one in days), currency=days[0].amount.currency if days else currency)
    return {
        "revenue": bars,
        "revenue_top": max((bar.total for bar in bars), default=0),
        "revenue_note": money(total, whole=True),
        "revenue_every": max(1, len(bars) // _LABELS),
    }
