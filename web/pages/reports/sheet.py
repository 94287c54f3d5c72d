"""A report as CSV: a line for each figure, with the days that it is about and the moment at which it was counted."""

from collections.abc import Iterable, Sequence

from careconnect.money import Money
from web.gateway.exports import decimal, harmless, written
from web.gateway.reporting import Report, ReportQuery
from web.pages.reports.figures import Use, net, no_show_rate

_COLUMNS = ("figure", "part", "value", "currency", "period_from", "period_to", "as_of")
Line = tuple[str, str, object, str]


def sheet(report: Report, asked: ReportQuery, uses: Sequence[Use], as_of: str) -> str:
    """Write the figures that are known; what a service that is away would have told is left out."""
    lines = [*_visits(report), *_used(uses), *_patients(report), *_money(report)]
    span = (asked.start.isoformat(), asked.end.isoformat(), as_of)
    return written([_COLUMNS, *((*line, *span) for line in lines)])


def _visits(report: Report) -> Iterable[Line]:
    visits = report.visits
    if visits is None:
        return
    yield "appointments", "total", visits.total, ""
    for state, count in visits.by_status.items():
        yield "appointments", state, count, ""
    rate = no_show_rate(report)
    yield "no_show_rate_percent", "", "" if rate is None else rate, ""
    for one in visits.by_hour:
        yield "by_hour", f"{one.hour:02} {one.status}", one.count, ""


def _used(uses: Iterable[Use]) -> Iterable[Line]:
    for one in uses:
        name = harmless(one.name)
        yield "booked_minutes", name, one.booked, ""
        yield "working_minutes", name, one.worked, ""
        yield "utilisation_percent", name, "" if one.percent is None else one.percent, ""


def _patients(report: Report) -> Iterable[Line]:
    if report.patients:
        yield "patients", "total", report.patients.total, ""
        yield "patients", "new", report.patients.new, ""


def _money(report: Report) -> Iterable[Line]:
    for one in report.takings or ():
        yield "captured", "", decimal(one.captured.amount), one.currency
        yield "refunded", "", decimal(one.refunded.amount), one.currency
        yield "refunds", "", one.refunded.count, one.currency
        yield "revenue", "total", decimal(net(one)), one.currency
        for day in one.by_day:
            yield "revenue", day.day.isoformat(), decimal(Money(amount=day.amount, currency=one.currency)), one.currency
