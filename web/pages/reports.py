"""Reports: the figures of the last snapshot by period and place, as charts that are tables too, and as CSV."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter
from fastapi.responses import Response

from services.reports.schemas import Dashboard, Period
from services.reports.sources import SourceName
from web.formats import ABSENT, money, number
from web.gateway.exports import decimal, written
from web.looks import look
from web.pages.charts import Bar, Part, hours, revenue
from web.pages.links import link
from web.pages.screen import Screen, needs
from web.pages.tiles import late
from web.words import gettext

router = APIRouter(prefix="/reports", include_in_schema=False)
Reader = Annotated[Screen, needs("reports:read")]
_HERE = "/reports"
_COLUMNS = ("figure", "part", "value", "currency", "period_from", "period_to", "as_of")
_STATES = ("fulfilled", "checked_in", "arrived", "booked", "held", "cancelled", "no_show")


@dataclass(frozen=True)
class Sum:
    """One figure, with the moment of which it tells; none while its service never answered."""

    label: str
    value: str
    note: str
    as_of: datetime | None
    zone: str


@router.get("")
async def show(screen: Reader, period: str = "", location_id: str = "") -> Response:
    """Show the figures of a day, week or month, at one place or at all."""
    figures = await _figures(screen, period, location_id)
    asked = {"period": figures.period if figures.period != "today" else "", "location_id": location_id}
    words = {"today": gettext("Today"), "week": gettext("This week"), "month": gettext("This month")}
    return screen.page(
        "reports/page.html",
        period=figures.period,
        periods=[
            (one, text, link(_HERE, **asked | {"period": one if one != "today" else ""})) for one, text in words.items()
        ],
        places=[("", gettext("All locations")), *screen.frame.locations],
        place=str(figures.location_id or ""),
        csv=link(f"{_HERE}/figures.csv", **asked),
        sums=_sums(figures, screen),
        states=_states(figures),
        states_top=max(figures.by_status.values(), default=0),
        late=late(figures),
        zone=figures.zone or screen.frame.zone,
        **hours(figures),
        **revenue(figures, screen.person.session.tenant.currency),
    )


@router.get("/figures.csv")
async def export(screen: Reader, period: str = "", location_id: str = "") -> Response:
    """Give the same as CSV, each figure with the moment of which it tells."""
    figures = await _figures(screen, period, location_id)
    headers = {
        "Content-Disposition": f'attachment; filename="report-{figures.period}.csv"',
        "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(written([_COLUMNS, *_lines(figures)]), media_type="text/csv", headers=headers)


async def _figures(screen: Screen, period: str, location_id: str) -> Dashboard:
    chosen: Any = period if period in get_args(Period) else "today"
    known = {str(place.id): place.id for place in screen.frame.places}
    return await screen.gateway.reports.dashboard(screen.actor, chosen, known.get(location_id))


def _sums(figures: Dashboard, screen: Screen) -> list[Sum]:
    found, zone = figures.tiles, figures.zone or screen.frame.zone
    everywhere = gettext("all locations")
    rate = no_show_rate(figures)
    return [
        Sum(gettext("Appointments"), _count(found.appointments.value), "", _moment(figures, "appointments"), zone),
        Sum(
            gettext("No-show rate"),
            ABSENT if rate is None else f"{number(rate)} %",
            gettext("of the visits that took place or were missed"),
            _moment(figures, "appointments"),
            zone,
        ),
        Sum(gettext("New patients"), _count(found.patients.change), everywhere, _moment(figures, "patients"), zone),
        Sum(
            gettext("Revenue"),
            money(found.revenue.value, whole=True),
            gettext("less refunds, all locations"),
            _moment(figures, "payments"),
            zone,
        ),
    ]


def no_show_rate(figures: Dashboard) -> float | None:
    """Tell how many in a hundred did not come, of the visits that are over; None while none is."""
    missed, came = figures.by_status.get("no_show", 0), figures.by_status.get("fulfilled", 0)
    return round(100 * missed / (missed + came), 1) if missed + came else None


def _states(figures: Dashboard) -> list[Bar]:
    found = [(look(state), figures.by_status[state]) for state in _STATES if state in figures.by_status]
    return [Bar(state.word, [Part(state.tone, state.word, count)], number(count)) for state, count in found]


def _lines(figures: Dashboard) -> list[tuple[object, ...]]:
    tiles, rate = figures.tiles, no_show_rate(figures)
    counts: list[tuple[SourceName, str, str, object, str]] = [
        ("appointments", "appointments", "total", tiles.appointments.value, ""),
        *(("appointments", "appointments", state, count, "") for state, count in figures.by_status.items()),
        ("appointments", "no_show_rate_percent", "", rate, ""),
        *(("appointments", "by_hour", f"{one.hour:02} {one.status}", one.count, "") for one in figures.by_hour),
        ("patients", "patients", "total", tiles.patients.value, ""),
        ("patients", "patients", "new", tiles.patients.change, ""),
        *(
            ("payments", "revenue", one.day.isoformat(), decimal(one.amount), one.amount.currency)
            for one in figures.revenue_by_day
        ),
    ]
    span = tuple(one.isoformat() if one else "" for one in (figures.from_, figures.to))
    lines = []
    for source, figure, part, value, currency in counts:
        moment = _moment(figures, source)
        shown = "" if value is None else value
        lines.append((figure, part, shown, currency, *span, moment.isoformat() if moment else ""))
    return lines


def _moment(figures: Dashboard, source: SourceName) -> datetime | None:
    known = figures.sources.get(source)
    return known.as_of if known else None


def _count(value: int | None) -> str:
    return ABSENT if value is None else number(value)
