"""The day as columns, in the order in which patients pass through them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.appointments.schemas import DiaryQuery, Status
from web.formats import minutes_since
from web.looks import look
from web.pages import naming
from web.pages.days import bounds, today
from web.pages.naming import Visit
from web.pages.screen import Screen
from web.words import gettext

WITH_CONSULTANT = "with_consultant"
_MOST = 1000
_NEVER = [Status.HELD, Status.EXPIRED, Status.ENTERED_IN_ERROR, Status.WAITLISTED]
_LATE, _TOO_LATE = 15, 30
"""Minutes in the waiting room that are worth a look, and that are too many."""


class Move(NamedTuple):
    """A step that can be noted from a column, with its word and the key for it."""

    step: str
    words: str
    icon: str
    key: str


@dataclass(frozen=True)
class Card:
    """One patient of the day; `minutes` since the state began, where somebody waits or is seen."""

    visit: Visit
    minutes: int | None
    tone: str
    moves: list[Move]


@dataclass(frozen=True)
class Column:
    """One state of the day, with who is in it."""

    name: str
    words: str
    icon: str
    tone: str
    cards: list[Card]


async def columns(screen: Screen) -> list[Column]:
    """Read the day at the place that is looked at, in one question for the appointments and one for the names."""
    start, end = bounds(today(screen.frame), screen.frame.zone)
    place = screen.frame.location
    wanted = DiaryQuery(from_=start, to=end, location_id=place.id if place else None, without=_NEVER, limit=_MOST)
    visits = await naming.visits(screen, await screen.gateway.appointments.diary(screen.actor, wanted))
    may = screen.actor.may("appointments:write")
    moves, now = _moves() if may else {}, screen.frame.now
    return [
        Column(name, gettext(words), icon, tone, [_card(one, name, moves.get(name, []), now) for one in order(of)])
        for name, words, icon, tone, order in _columns()
        for of in [[one for one in visits if column_of(one) == name]]
    ]


def column_of(visit: Visit) -> str:
    """Tell in which column somebody stands."""
    if visit.status == Status.CHECKED_IN and visit.with_consultant_since:
        return WITH_CONSULTANT
    return "ended" if visit.status in {Status.CANCELLED, Status.NO_SHOW} else visit.status


def waits(visit: Visit) -> bool:
    """Tell whether somebody is here and not yet with the consultant."""
    return column_of(visit) in {Status.ARRIVED, Status.CHECKED_IN}


def since(visit: Visit) -> datetime:
    """Tell when the state began that the board shows."""
    return visit.with_consultant_since or visit.status_since


def _columns() -> list[tuple[str, str, str, str, Callable[[Iterable[Visit]], list[Visit]]]]:
    """List them: name, word, icon, tone, and who comes first."""
    known = [
        (Status.BOOKED, _by_start),
        (Status.ARRIVED, _longest_first),
        (Status.CHECKED_IN, _longest_first),
        (Status.FULFILLED, _latest_first),
    ]
    found = [(state.value, *_look(state), order) for state, order in known]
    found.insert(3, (WITH_CONSULTANT, "With consultant", "consultants", "teal", _longest_first))
    return [*found, ("ended", "Cancelled", "cross", "grey", _latest_first)]


def _look(state: Status) -> tuple[str, str, str]:
    shown = look(state)
    return ("Done" if state is Status.FULFILLED else shown.word), shown.icon, shown.tone


def _moves() -> dict[str, list[Move]]:
    arrived = Move("arrival", gettext("Arrived"), "door", "a")
    check_in = Move("check-in", gettext("Check in"), "clipboard", "c")
    seen = Move("consultation", gettext("With consultant"), "consultants", "s")
    left = Move("departure", gettext("Left"), "sign-out", "x")
    return {
        Status.BOOKED: [arrived, check_in, Move("no-show", gettext("No-show"), "person-off", "x")],
        Status.ARRIVED: [check_in, seen, left],
        Status.CHECKED_IN: [seen, left],
        WITH_CONSULTANT: [Move("completion", gettext("Done"), "check", "d")],
    }


def _card(visit: Visit, column: str, moves: list[Move], now: datetime) -> Card:
    moves = [move for move in moves if move.step != "no-show" or visit.start <= now]
    if not waits(visit) and column != WITH_CONSULTANT:
        return Card(visit, None, "slate", moves)
    minutes = max(0, minutes_since(since(visit)))
    tone = "red" if minutes >= _TOO_LATE else ("amber" if minutes >= _LATE else "slate")
    return Card(visit, minutes, tone if waits(visit) else "slate", moves)


def _by_start(visits: Iterable[Visit]) -> list[Visit]:
    return sorted(visits, key=lambda one: (one.start, one.patient.name))


def _longest_first(visits: Iterable[Visit]) -> list[Visit]:
    return sorted(visits, key=since)


def _latest_first(visits: Iterable[Visit]) -> list[Visit]:
    return sorted(visits, key=since, reverse=True)


STEP_WORDS: dict[str, Callable[[], str]] = {
    "arrival": lambda: gettext("Arrival noted"),
    "check-in": lambda: gettext("Checked in"),
    "consultation": lambda: gettext("With the consultant"),
    "completion": lambda: gettext("Visit completed"),
    "departure": lambda: gettext("Noted that the patient left"),
    "no-show": lambda: gettext("Noted as no-show"),
}
"""How each step is said when it has been noted."""
