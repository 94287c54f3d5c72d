"""Free times the slow and obvious way: minute by minute, from what was entered, sharing nothing with the product."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """A visit type; everything in minutes, `rooms` None where it needs none."""

    name: str
    duration: int
    before: int = 0
    after: int = 0
    step: int = 15
    capacity: int = 1
    rooms: tuple[str, ...] | None = None

    def occupied(self, start: datetime) -> tuple[datetime, datetime]:
        """Give what a visit occupies, buffers included."""
        return start - self.before * MINUTE, start + (self.duration + self.after) * MINUTE


@dataclass(frozen=True)
class Landed:
    """A booking that was made."""

    consultant: int
    kind: Kind
    start: datetime
    room: str | None
    seat: int

    @property
    def session(self) -> tuple[Any, ...]:
        """What the seats of one group share."""
        return (self.consultant, self.kind.name, self.start)


@dataclass
class Clinic:
    """What was entered: weekly hours and exceptions of each consultant, and when the one location is open."""

    zone: str
    hours: list[list[tuple[int, int, int]]]
    exceptions: list[list[tuple[str, datetime, datetime]]]
    opening: list[tuple[int, int, int]] | None
    closed: set[date]
    landed: list[Landed] = field(default_factory=list)

    def open_minutes(self, who: int, start: datetime, end: datetime) -> Iterator[tuple[datetime, bool, bool]]:
        """Tell of each minute whether there is working time then, and whether something closes it."""
        zone, minute = ZoneInfo(self.zone), start
        while minute < end:
            closed = any(kind != "extra" and a <= minute < b for kind, a, b in self.exceptions[who])
            extra = any(kind == "extra" and a <= minute < b for kind, a, b in self.exceptions[who])
            yield minute, extra or self._regular(who, minute.astimezone(zone)), closed
            minute += MINUTE

    def _regular(self, who: int, wall: datetime) -> bool:
        said = wall.hour * 60 + wall.minute
        second_showing = wall.fold == 1
        at_work = any(day == wall.weekday() and a <= said < b for day, a, b in self.hours[who])
        is_open = self.opening is None or any(day == wall.weekday() and a <= said < b for day, a, b in self.opening)
        return at_work and is_open and not second_showing and wall.date() not in self.closed

    def free(self, kind: Kind, start: datetime, end: datetime) -> set[tuple[int, datetime]]:
        """Give the free starts of all consultants inside `[start, end)`."""
        return {
            (who, at)
            for who in range(len(self.hours))
            for at in self._starts(who, kind, start, end)
            if self.room_for(who, kind, at)
        }

    def _starts(self, who: int, kind: Kind, start: datetime, end: datetime) -> Iterator[datetime]:
        working: set[datetime] = set()
        grid: set[datetime] = set()
        anchor: datetime | None = None
        for minute, is_open, closed in self.open_minutes(who, start - 2 * DAY, end + DAY):
            anchor = (anchor or minute) if is_open else None
            if is_open and not closed:
                working.add(minute)
                if (minute - anchor) % (kind.step * MINUTE) == timedelta():  # type: ignore[operator]
                    grid.add(minute)
        for at in sorted(grid):
            minutes = [at + n * MINUTE for n in range(kind.duration)]
            if start <= at and minutes[-1] < end and all(minute in working for minute in minutes):
                yield at

    def works(self, who: int, start: datetime, minutes: int) -> bool:
        """Tell whether somebody works without a break from `start` for so long."""
        found = self.open_minutes(who, start, start + minutes * MINUTE)
        return all(is_open and not closed for _, is_open, closed in found)

    def room_for(self, who: int, kind: Kind, start: datetime) -> bool:
        """Tell whether the consultant, a seat and a room are free."""
        wanted = Landed(who, kind, start, None, 1)
        clash = [one for one in self.landed if _overlap(one, wanted)]
        group = [one for one in clash if one.session == wanted.session and kind.capacity > 1]
        if [one for one in clash if one.consultant == who and one not in group] or len(group) >= kind.capacity:
            return False
        return kind.rooms is None or bool(group) or bool(set(kind.rooms) - {one.room for one in clash})

    def break_no_law(self) -> None:
        """Hold laws 1 and 2 against everything that landed.

        Raises:
            AssertionError: one is broken.
        """
        for one in self.landed:
            assert self.works(one.consultant, one.start, one.kind.duration), f"{one} is outside hours"
        for one, other in ((a, b) for n, a in enumerate(self.landed) for b in self.landed[:n] if _overlap(a, b)):
            same = one.kind.capacity > 1 and one.session == other.session
            assert same or one.consultant != other.consultant, f"{one} and {other} overlap"
            assert same or one.room is None or one.room != other.room, f"{one} and {other} are in one room"
        seats = sorted((one.session, one.seat) for one in self.landed if one.kind.capacity > 1)
        assert all(a != b for a, b in pairwise(seats)), "two patients sit on one seat"
        assert all(seat <= one.kind.capacity for one in self.landed for seat in (one.seat,))


def _overlap(one: Landed, other: Landed) -> bool:
    begins, ends = one.kind.occupied(one.start)
    starts, stops = other.kind.occupied(other.start)
    return begins < stops and starts < ends


def midnight(zone: str, day: date) -> datetime:
    """Give the instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
