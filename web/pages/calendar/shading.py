"""Which stretches of a consultant's day are shaded, and why: closed, a break, elsewhere, leave, blocked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple
from uuid import UUID

from services.consultants.schemas import Closed, Window
from web.words import gettext

Kind = Literal["closed", "break", "elsewhere", "leave", "blocked", "holiday"]
_LONGEST_BREAK = timedelta(hours=3)


class Span(NamedTuple):
    """From one instant until before another."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Shade:
    """A stretch in which a consultant cannot be booked, and the word for it."""

    consultant_id: UUID
    start: datetime
    end: datetime
    kind: Kind
    word: str


def shades(
    consultant_id: UUID,
    day: Span,
    windows: Iterable[Window],
    closed: Iterable[Closed],
    place: UUID | None,
    places: dict[UUID, str],
) -> list[Shade]:
    """Shade one day of one consultant, as seen from `place` or from everywhere (None).

    Leave lies over everything; what remains is elsewhere, a break between two stretches of work, or closed.
    """
    working = sorted((window for window in windows if window.start < day.end and window.end > day.start), key=_start)
    here = [Span(one.start, one.end) for one in working if place in {None, one.location_id}]
    found = [
        Shade(consultant_id, max(one.start, day.start), min(one.end, day.end), one.kind, _why(one))
        for one in closed
        if one.start < day.end and one.end > day.start and (place is None or one.location_id in {None, place})
    ]
    for window in working:
        if place not in {None, window.location_id}:
            word = gettext("At %(place)s") % {"place": places.get(window.location_id, gettext("another location"))}
            found.append(Shade(consultant_id, window.start, window.end, "elsewhere", word))
    taken = [*here, *(Span(one.start, one.end) for one in found)]
    for gap in gaps(taken, day):
        pause = _between(gap, here) and gap.end - gap.start <= _LONGEST_BREAK
        word = gettext("Break") if pause else ""
        found.append(Shade(consultant_id, gap.start, gap.end, "break" if pause else "closed", word))
    return sorted(found, key=_start)


def _why(one: Closed) -> str:
    if one.kind == "holiday":
        return one.name or gettext("Closed")
    return gettext("Leave") if one.kind == "leave" else gettext("Blocked")


def gaps(spans: Iterable[Span], within: Span) -> list[Span]:
    """Give what `spans` leave free of `within`."""
    edges = [Span(within.start, within.start), *sorted(spans), Span(within.end, within.end)]
    free: list[Span] = []
    reached = within.start
    for before, after in pairwise(edges):
        reached = max(reached, before.end)
        if reached < after.start:
            free.append(Span(reached, min(after.start, within.end)))
    return free


def _between(gap: Span, working: Sequence[Span]) -> bool:
    return any(one.end == gap.start for one in working) and any(one.start == gap.end for one in working)


def _start(one: Window | Shade) -> datetime:
    return one.start
