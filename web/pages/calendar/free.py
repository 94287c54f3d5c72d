"""Where a consultant's day has room still: what the keyboard goes to, as the mouse goes to an empty place."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.appointments.schemas import Status
from web.pages.calendar.reading import Shown
from web.pages.calendar.shading import Span, gaps
from web.pages.days import midnight

_LEAVE_ROOM = {Status.CANCELLED, Status.NO_SHOW}
_SHORTEST = timedelta(minutes=10)
"""No visit is shorter."""


@dataclass(frozen=True)
class Room:
    """A stretch of working time in which a consultant has no visit."""

    consultant_id: UUID
    name: str
    span: Span


def rooms(shown: Shown) -> list[Room]:
    """List them by column and time; what is over has none."""
    view, zone = shown.view, shown.view.frame.zone
    found: list[Room] = []
    for column in shown.columns:
        taken = [Span(one.start, one.end) for one in shown.shades if one.consultant_id == column.id]
        taken += [
            Span(one.start, one.end)
            for one in shown.visits
            if one.consultant.id == column.id and one.status not in _LEAVE_ROOM
        ]
        for number in range(view.days):
            day = view.first + timedelta(days=number)
            first = max(midnight(day, zone), view.frame.now)
            last = midnight(day + timedelta(days=1), zone)
            if first < last:
                free = [one for one in gaps(taken, Span(first, last)) if one.end - one.start >= _SHORTEST]
                found += [Room(column.id, column.name, one) for one in free]
    return found
