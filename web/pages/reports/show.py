"""The page of reports and its CSV."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from careconnect import clock
from web.gateway.reporting import Report, ReportQuery
from web.pages.charts import hours, revenue
from web.pages.currencies import Currencies
from web.pages.days import today
from web.pages.links import link
from web.pages.reports.days import Days
from web.pages.reports.figures import Use, by_day, by_month, net, states, sums, taken, total, uses
from web.pages.reports.sheet import sheet
from web.pages.screen import Screen, needs
from web.pages.spans import PERIODS, USUAL
from web.words import gettext

router = APIRouter(prefix="/reports", include_in_schema=False)
Reader = Annotated[Screen, needs("reports:read")]
_HERE = "/reports"


@dataclass(frozen=True)
class Choice:
    """What an address of a report says."""

    period: str
    day: str
    first: str
    last: str
    location_id: str
    currency: str


async def _chosen(  # async, or FastAPI would send it to a thread
    period: str = "",
    day: str = "",
    first: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "",
    location_id: str = "",
    currency: str = "",
) -> Choice:
    return Choice(period, day, first, last, location_id, currency)


Chosen = Annotated[Choice, Depends(_chosen)]


@router.get("")
async def show(screen: Reader, chosen: Chosen) -> Response:
    """Show the figures of a day, week, month or some days, at one place or at all."""
    days = _days(screen, chosen)
    asked = _asked(screen, chosen, days)
    report, used = await _report(screen, asked)
    money = _currencies(screen, chosen, report)
    here, bars = today(screen.frame), states(report)
    kept = {"location_id": asked.location_id, "currency": money.said}
    said = days.said(here) | kept
    return screen.page(
        "reports/page.html",
        days=days,
        present="" if said.get("day") else days.period,
        periods=[
            (one, gettext(words), link(_HERE, period=one if one != USUAL else "", **kept))
            for one, words in PERIODS.items()
        ],
        before=link(_HERE, **days.before.said(here), **kept),
        after=link(_HERE, **days.after.said(here), **kept),
        places=[("", gettext("All locations")), *screen.frame.locations],
        place=str(asked.location_id or ""),
        currency=money.said,
        currencies=[(one, one, link(_HERE, **said | {"currency": own})) for one, own in money],
        chosen_currency=money.chosen,
        csv=link(f"{_HERE}/figures.csv", **said),
        sums=sums(report, money.chosen),
        states=bars,
        states_top=max((bar.total for bar in bars), default=0),
        takings=[(one, net(one)) for one in report.takings or ()],
        uses=used,
        total=total(used),
        **hours(report.visits.by_hour if report.visits else ()),
        **_revenue(report, days, money.chosen),
    )


def _revenue(report: Report, days: Days, currency: str) -> dict[str, Any]:
    monthly = by_month(days.each())
    names = (gettext("Revenue by month"), gettext("Month")) if monthly else (gettext("Revenue by day"), gettext("Day"))
    bars = revenue(by_day(taken(report, currency), days.each()), currency, "MMM" if monthly else "")
    return bars | dict(zip(("revenue_title", "revenue_unit"), names, strict=True))


@router.get("/figures.csv")
async def export(screen: Reader, chosen: Chosen) -> Response:
    """Give the same as CSV."""
    days = _days(screen, chosen)
    asked = _asked(screen, chosen, days)
    report, used = await _report(screen, asked)
    headers = {
        "Content-Disposition": f'attachment; filename="report-{days.first}-{days.last}.csv"',
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(sheet(report, asked, used, clock.now().isoformat()), media_type="text/csv", headers=headers)


def _days(screen: Screen, chosen: Choice) -> Days:
    return Days.of(chosen.period, chosen.day, chosen.first, chosen.last, today(screen.frame))


def _currencies(screen: Screen, chosen: Choice, report: Report) -> Currencies:
    known = [one.currency for one in report.takings or ()]
    return Currencies.of(chosen.currency, screen.person.session.tenant.currency, known)


def _asked(screen: Screen, chosen: Choice, days: Days) -> ReportQuery:
    places = {str(place.id): place for place in screen.frame.places}
    place = places.get(chosen.location_id)
    zone = place.zone if place else screen.frame.zone
    start, end = days.bounds(zone)
    return ReportQuery(start, end, zone, place.id if place else None)


async def _report(screen: Screen, asked: ReportQuery) -> tuple[Report, list[Use]]:
    report = await screen.gateway.reporting.of(screen.actor, asked)
    if report.booked is None or report.worked is None:
        return report, []
    ids = {one.consultant_id for one in report.booked} | {one.consultant_id for one in report.worked}
    return report, uses(report, await screen.known.consultant_names(screen.actor, ids))
