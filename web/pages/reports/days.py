"""Which days a report is about: a day, a week, a month, or those from one to another."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from web.formats import local_date
from web.pages.days import day_of, midnight
from web.pages.spans import PERIODS, Span

LONGEST = timedelta(days=366)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """Whole local days from `first` to `last`, both included, at most a year; `cut` says that more were asked for."""

    first: date
    last: date
    cut: bool = False

    @classmethod
    def of(cls, period: str, day: str, first: str, last: str, today: date) -> "Days":
        """Read them from an address: from the first day to the last where it names them, else a period around `day`."""
        if not (first or last):
            return cls._whole(Span.around(period, day_of(day, today)))
        begin = day_of(first, day_of(last, today))
        begin, end = sorted((begin, day_of(last, begin)))
        longest = begin + LONGEST - _DAY
        return cls(begin, min(end, longest), cut=end > longest)

    @classmethod
    def _whole(cls, span: Span) -> "Days":
        return cls(span.first, span.after.first - _DAY)

    @property
    def span(self) -> Span | None:
        """The period that they are, if they are one."""
        around = (Span.around(period, self.first) for period in PERIODS)
        return next((span for span in around if Days._whole(span) == Days(self.first, self.last)), None)

    @property
    def period(self) -> str:
        """What kind of period they are; empty where they are just days."""
        return self.span.period if self.span else ""

    @property
    def count(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Days":
        """As many days before, or the period before."""
        return Days._whole(self.span.before) if self.span else self._moved(-self.count)

    @property
    def after(self) -> "Days":
        """As many days after, or the period after."""
        return Days._whole(self.span.after) if self.span else self._moved(self.count)

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """Give the instants at which they begin and have ended."""
        return midnight(self.first, zone), midnight(self.last + _DAY, zone)

    def each(self) -> list[date]:
        """List them."""
        return [self.first + number * _DAY for number in range(self.count)]

    def said(self, today: date) -> dict[str, str]:
        """Name them in an address."""
        return self.span.said(today) if self.span else {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def words(self) -> str:
        """Name them for people."""
        if self.span:
            return self.span.words()
        return f"{local_date(self.first)} \N{EN DASH} {local_date(self.last)}"

    def _moved(self, days: int) -> "Days":
        return Days(self.first + days * _DAY, self.last + days * _DAY)
