"""A day, a week or a month that a screen sums up, and the one before and after it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from web.formats import local_date
from web.pages.days import midnight
from web.words import gettext

PERIODS = {"day": "Today", "week": "This week", "month": "This month"}
USUAL = "month"
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Span:
    """A period of local days: `first` is its first day; a week begins on Monday."""

    period: str
    first: date

    @classmethod
    def around(cls, period: str, day: date) -> "Span":
        """Give the period of this kind in which `day` is; one that is not known is a month."""
        period, day = period if period in PERIODS else USUAL, min(max(day, _EARLIEST), _LATEST)
        if period == "week":
            return cls(period, day - timedelta(days=day.weekday()))
        return cls(period, day if period == "day" else day.replace(day=1))

    @property
    def before(self) -> "Span":
        """The period before it."""
        return Span.around(self.period, self.first - timedelta(days=1))

    @property
    def after(self) -> "Span":
        """The period after it."""
        longest = {"day": 1, "week": 7, "month": 31}[self.period]
        return Span.around(self.period, self.first + timedelta(days=longest))

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """Give the instants at which it begins and has ended."""
        return midnight(self.first, zone), midnight(self.after.first, zone)

    def said(self, today: date) -> dict[str, str]:
        """Name it in an address; the usual kind and the present one are not named."""
        present = self == Span.around(self.period, today)
        return {
            "period": "" if self.period == USUAL else self.period,
            "day": "" if present else self.first.isoformat(),
        }

    def words(self) -> str:
        """Name it for people."""
        if self.period == "week":
            return gettext("The week from %(day)s") % {"day": local_date(self.first, skeleton="yMMMd")}
        return local_date(self.first) if self.period == "day" else local_date(self.first, skeleton="yMMMM")
