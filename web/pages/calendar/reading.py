"""What a view shows: appointments, working time and names, in as many questions for twelve consultants as for one."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.appointments.schemas import Appointment, DiaryQuery, Status
from services.consultants.schemas import Closed, ConsultantName, Timetable, Window
from web.pages import naming
from web.pages.calendar.shading import Shade, Span, shades
from web.pages.calendar.view import View
from web.pages.days import midnight
from web.pages.naming import Visit
from web.pages.screen import Screen
from web.words import ngettext

NEVER_SHOWN = [Status.EXPIRED, Status.ENTERED_IN_ERROR, Status.WAITLISTED]
_ENDED = [Status.CANCELLED, Status.NO_SHOW]
_OPENS, _CLOSES = 8, 18
MOST_COLUMNS = 30
"""How many columns a day shows unless somebody chose them: more cannot be read on any screen."""
_MOST_VISITS = 5000


@dataclass(frozen=True)
class Column:
    """One consultant of a view: the name, what stands below it, and how many visits there are."""

    id: UUID
    name: str
    specialties: list[str]
    status: str
    visits: int


@dataclass(frozen=True)
class Shown:
    """Everything that a view shows; `hours` are the first and the last hour of the wall clock."""

    view: View
    columns: list[Column]
    visits: list[Visit]
    shades: list[Shade]
    colours: dict[UUID, str]
    hours: tuple[int, int]
    hidden: int = 0

    @property
    def hidden_words(self) -> str:
        """Say how many of those who work have no column here; nothing where all have."""
        if not self.hidden:
            return ""
        words = ngettext(
            "%(num)s more works on this day; choose whose columns are shown.",
            "%(num)s more work on this day; choose whose columns are shown.",
            self.hidden,
        )
        return words % {"num": self.hidden}


async def read(screen: Screen, view: View) -> Shown:
    """Read it: the appointments in one question, the working time in one, the names of patients in one for 200."""
    start, end = view.span
    people = [view.consultant_id] if view.consultant_id else list(view.only)
    place = screen.frame.location
    wanted = DiaryQuery(
        from_=start,
        to=end,
        consultant_id=people,
        location_id=place.id if place and not view.weekly else None,
        without=NEVER_SHOWN if view.with_ended else [*NEVER_SHOWN, *_ENDED],
        limit=_MOST_VISITS,
    )
    appointments, timetable, types, places = await asyncio.gather(
        screen.gateway.appointments.diary(screen.actor, wanted),
        screen.gateway.consultants.timetable(screen.actor, start, end, consultant_id=people),
        screen.known.visit_types(screen.actor),
        screen.known.locations(screen.actor),
    )
    busy = people or _busy(appointments, timetable, place.id if place else None)
    fitting = _columns(view, appointments, await screen.known.consultant_names(screen.actor, busy), busy)
    columns = fitting if people or view.as_list else fitting[:MOST_COLUMNS]
    of = {column.id for column in columns}
    visits = await naming.visits(screen, [one for one in appointments if one.consultant_id in of])
    windows = [one for one in timetable.windows if one.consultant_id in of]
    names = {one.id: one.name for one in places}
    closed = [one for one in timetable.closed if one.consultant_id in of]
    seen_from = place.id if place and not view.weekly else None
    return Shown(
        view=view,
        columns=columns,
        visits=visits,
        shades=_shaded(view, columns, windows, closed, seen_from, names),
        colours={one.id: one.colour for one in types.values()},
        hours=_hours(screen.frame.zone, windows, appointments),
        hidden=len(fitting) - len(columns),
    )


def _busy(appointments: list[Appointment], timetable: Timetable, place: UUID | None) -> list[UUID]:
    """Choose who has a column: whoever works, is away or has visits then; in the order of names, the archived last."""
    busy = {one.consultant_id for one in appointments}
    busy |= {one.consultant_id for one in timetable.windows if place in {None, one.location_id}}
    busy |= {one.consultant_id for one in timetable.closed if place in {None, one.location_id}}
    known = [one for one in timetable.consultant_ids if one in busy]
    return known + sorted(busy - set(known))


def _columns(
    view: View, appointments: list[Appointment], consultants: dict[UUID, ConsultantName], chosen: list[UUID]
) -> list[Column]:
    visits = Counter(one.consultant_id for one in appointments)
    return [
        Column(
            id=who,
            name=consultants[who].name,
            specialties=consultants[who].specialties,
            status=consultants[who].status,
            visits=visits[who],
        )
        for who in chosen
        if who in consultants and (not view.specialty or view.specialty in consultants[who].specialties)
    ]


def _shaded(
    view: View,
    columns: list[Column],
    windows: list[Window],
    closed: list[Closed],
    place: UUID | None,
    places: dict[UUID, str],
) -> list[Shade]:
    zone = view.frame.zone
    days = [view.first + timedelta(days=number) for number in range(view.days)]
    return [
        shade
        for column in columns
        for day in days
        for shade in shades(
            column.id,
            Span(midnight(day, zone), midnight(day + timedelta(days=1), zone)),
            [one for one in windows if one.consultant_id == column.id],
            [one for one in closed if one.consultant_id == column.id],
            place,
            places,
        )
    ]


def _hours(zone: str, windows: list[Window], appointments: list[Appointment]) -> tuple[int, int]:
    """Choose the hours that are shown: those in which anything happens, and the usual ones at least."""
    spans = [(one.start, one.end) for one in windows] + [(one.start, one.end) for one in appointments]
    local = [(start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))) for start, end in spans]
    opens = min((0 if _crosses(start, end) else start.hour for start, end in local), default=_OPENS)
    closes = max((24 if _crosses(start, end) else _ceiling(end) for start, end in local), default=_CLOSES)
    return min(opens, _OPENS), max(closes, _CLOSES)


def _crosses(start: datetime, end: datetime) -> bool:
    return (end - timedelta(microseconds=1)).date() != start.date()


def _ceiling(end: datetime) -> int:
    late = end - timedelta(microseconds=1)
    return late.hour + 1
