"""A report in words and bars: sums, states, money by currency, and how far the consultants' time is used."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from careconnect.money import Money
from services.appointments.schemas import Status
from services.consultants.schemas import ConsultantName
from services.payments.schemas import Count, Takings
from services.reports.schemas import DayRevenue
from web.formats import ABSENT, money, number, share
from web.gateway.reporting import Report
from web.looks import look
from web.pages.charts import Bar, Part
from web.words import gettext

_STATES = ("fulfilled", "checked_in", "arrived", "booked", "held", "cancelled", "no_show")
_MOST_BARS = 62
"""More days than this are shown by month."""


@dataclass(frozen=True)
class Sum:
    """One figure; without its service it is a dash and says so."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Use:
    """How much of the working time of somebody, or of all, is booked, in minutes."""

    consultant_id: UUID | None
    name: str
    booked: int
    worked: int

    @property
    def percent(self) -> float | None:
        """Booked of a hundred minutes worked: more than a hundred where hours were overridden; None without hours."""
        return round(100 * self.booked / self.worked, 1) if self.worked else None


def sums(report: Report, currency: str) -> list[Sum]:
    """Sum up the report in its first line, the money in one currency."""
    everywhere = gettext("all locations")
    visits, patients, whole = report.visits, report.patients, total(uses(report, {}))
    return [
        _sum(gettext("Appointments"), number(visits.total) if visits else None),
        _sum(
            gettext("No-show rate"),
            _percent(no_show_rate(report)) if visits else None,
            gettext("of the visits that took place or were missed"),
        ),
        _sum(
            gettext("Utilisation"),
            None if report.booked is None or report.worked is None else _percent(whole.percent),
            gettext("booked of the hours worked"),
        ),
        _sum(gettext("New patients"), number(patients.new) if patients else None, everywhere),
        _sum(gettext("Revenue"), _revenue(report, currency), gettext("less refunds, all locations")),
    ]


def _sum(label: str, value: str | None, note: str = "") -> Sum:
    if value is None:
        return Sum(label, ABSENT, gettext("The service that counts this does not answer"))
    return Sum(label, value, note)


def _percent(rate: float | None) -> str:
    return ABSENT if rate is None else share(rate)


def _revenue(report: Report, currency: str) -> str | None:
    return None if report.takings is None else money(net(taken(report, currency)), whole=True)


def taken(report: Report, currency: str) -> Takings:
    """Tell what came in and went back in a currency, perhaps nothing."""
    none = Count(count=0, amount=Money(amount=0, currency=currency))
    nothing = Takings(currency=currency, captured=none, refunded=none, by_day=[])
    return next((one for one in report.takings or () if one.currency == currency), nothing)


def net(one: Takings) -> Money:
    """Tell what stayed."""
    return one.captured.amount - one.refunded.amount


def no_show_rate(report: Report) -> float | None:
    """Tell how many in a hundred did not come, of the visits that are over; None while none is."""
    states = report.visits.by_status if report.visits else {}
    missed, came = states.get(Status.NO_SHOW, 0), states.get(Status.FULFILLED, 0)
    return round(100 * missed / (missed + came), 1) if missed + came else None


def states(report: Report) -> list[Bar]:
    """Count appointments by state."""
    counts = {str(state): count for state, count in report.visits.by_status.items()} if report.visits else {}
    found = [(look(state), counts[state]) for state in _STATES if state in counts]
    return [Bar(state.word, [Part(state.tone, state.word, count)], number(count)) for state, count in found]


def uses(report: Report, names: Mapping[UUID, ConsultantName]) -> list[Use]:
    """Tell of each consultant how much of the working time is booked, the most used first.

    Somebody who is inactive now and had no bookings is left out.
    """
    booked = {one.consultant_id: one.minutes for one in report.booked or ()}
    worked = {one.consultant_id: one.minutes for one in report.worked or ()}
    found = []
    for key in booked.keys() | worked.keys():
        known = names.get(key)
        if key in booked or known is None or known.status != "inactive":
            found.append(Use(key, known.name if known else ABSENT, booked.get(key, 0), worked.get(key, 0)))
    return sorted(found, key=lambda one: (one.percent is None, -(one.percent or 0), one.name))


def total(each: Iterable[Use]) -> Use:
    """Add up the time of all."""
    listed = list(each)
    return Use(None, gettext("Total"), sum(one.booked for one in listed), sum(one.worked for one in listed))


def by_day(one: Takings, days: Sequence[date]) -> list[DayRevenue]:
    """Give each day's revenue, or each month's where there are many days."""
    monthly = by_month(days)
    amounts = dict.fromkeys((day.replace(day=1) if monthly else day for day in days), 0)
    for brought in one.by_day:
        amounts[brought.day.replace(day=1) if monthly else brought.day] += brought.amount
    return [DayRevenue(day=day, amount=Money(amount=amount, currency=one.currency)) for day, amount in amounts.items()]


def by_month(days: Sequence[date]) -> bool:
    """Tell whether these are too many days for a bar each."""
    return len(days) > _MOST_BARS
