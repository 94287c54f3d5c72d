"""The four tiles of the dashboard, and which of their sources are late."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.reports.schemas import CountTile, Dashboard
from services.reports.sources import SourceName
from web.formats import ABSENT, money, number
from web.pages.frame import Frame
from web.words import gettext

_HREFS = {name: f"/{name}" for name in ("patients", "consultants", "appointments")} | {"payments": "/billing"}
_SCOPES = {name: f"{name}:read" for name in _HREFS}
_WHOLE = 100


@dataclass(frozen=True)
class Tile:
    """One figure; `change` is a share against the period before."""

    label: str
    value: str
    icon: str
    change: float | None
    href: str
    stale: bool
    note: str


@dataclass(frozen=True)
class Late:
    """A source that has not answered since `as_of`."""

    label: str
    as_of: datetime


def tiles(figures: Dashboard, frame: Frame) -> list[Tile]:
    """Show the figures; what is not known yet is a dash."""
    found = figures.tiles
    consultants = found.consultants
    at_work = (
        gettext("%(active)s active, %(leave)s on leave")
        % {"active": consultants.active or 0, "leave": consultants.on_leave or 0}
        if consultants.value is not None
        else ""
    )
    new = found.patients.change
    return [
        _tile(figures, frame, "patients", gettext("Patients"), _count(found.patients), note=_new(new)),
        _tile(figures, frame, "consultants", gettext("Consultants"), _count(consultants), note=at_work),
        _tile(figures, frame, "appointments", gettext("Appointments"), _count(found.appointments), found.appointments),
        _tile(figures, frame, "payments", gettext("Revenue"), money(found.revenue.value, whole=True), found.revenue),
    ]


def late(figures: Dashboard) -> list[Late]:
    """Name the sources that did not answer."""
    return [Late(_label(name), one.as_of) for name, one in figures.sources.items() if one.stale and one.as_of]


def _tile(
    figures: Dashboard, frame: Frame, source: SourceName, label: str, value: str, against: Any = None, note: str = ""
) -> Tile:
    freshness = figures.sources.get(source)
    change = against.change_percent if against is not None else None
    return Tile(
        label=label,
        value=value,
        icon="billing" if source == "payments" else source,
        change=None if change is None else change / _WHOLE,
        href=_HREFS[source] if frame.may(_SCOPES[source]) else "",
        stale=bool(freshness and freshness.stale and freshness.as_of),
        note=note,
    )


def _count(tile: CountTile) -> str:
    return ABSENT if tile.value is None else number(tile.value)


def _new(change: int | None) -> str:
    return gettext("%(count)s new") % {"count": number(change)} if change else ""


def _label(source: SourceName) -> str:
    return {
        "patients": gettext("Patients"),
        "consultants": gettext("Consultants"),
        "appointments": gettext("Appointments"),
        "payments": gettext("Payments"),
    }[source]
