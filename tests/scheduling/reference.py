"""Free times the slow and obvious way: minute by minute, from what was entered, sharing nothing with the product."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

PLACES = (0, 1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Block(NamedTuple):
    """Weekly hours on one day at one place, in minutes of the wall clock, from one date to another."""

    weekday: int
    starts: int
    ends: int
    place: int = 0
    first: date | None = None
    last: date | None = None


class Deviation(NamedTuple):
    """A time at which the weekly hours do not hold, at one place or at all of them."""

    kind: str
    starts: datetime
    ends: datetime
    place: int | None


class Spot(NamedTuple):
    """With whom, where and when."""

    who: int
    place: int
    at: datetime


@dataclass(frozen=True)
class Kind:
    """A visit type; everything in minutes, `rooms` (of the first place) None where it needs none."""

    name: str
    duration: int
    before: int = 0
    after: int = 0
    step: int = 15
    capacity: int = 1
    rooms: tuple[str, ...] | None = None
    notice: int = 0
    horizon_days: int = 730

    def occupied(self, start: datetime) -> tuple[datetime, datetime]:
        """Give what a visit occupies, buffers included."""
        return start - self.before * MINUTE, start + (self.duration + self.after) * MINUTE


@dataclass(frozen=True)
class Landed:
    """A booking that was made: held still, or confirmed."""

    consultant: int
    kind: Kind
    start: datetime
    room: str | None
    seat: int
    place: int = 0
    patient: str = ""
    key: str = ""
    version: int = 1
    confirmed: bool = False

    @property
    def end(self) -> datetime:
        """When the patient leaves."""
        return self.start + self.kind.duration * MINUTE

    @property
    def session(self) -> tuple[Any, ...]:
        """What the seats of one group share."""
        return (self.consultant, self.kind.name, self.start, self.place)


class Holidays(NamedTuple):
    """Days that a country keeps, days that the organisation entered, and what is done on them.

    The first place may say otherwise than the organisation (`closed`, `open`), and be open on some days all the same.
    """

    public: frozenset[date] = frozenset()
    own: frozenset[date] = frozenset()
    closed: bool = False
    first: str = "as_organisation"
    open_on: frozenset[date] = frozenset()

    def shut(self, place: int) -> frozenset[date]:
        """Give the days on which a place is closed for them."""
        says = self.first if place == 0 else "as_organisation"
        closed = self.closed if says == "as_organisation" else says == "closed"
        days = self.public | self.own if closed else frozenset[date]()
        return days - self.open_on if place == 0 else days


@dataclass
class Clinic:
    """What was entered: hours and exceptions of each consultant at two places, and when the first of them is open."""

    zone: str
    hours: list[list[Block]]
    exceptions: list[list[Deviation]]
    opening: list[tuple[int, int, int]] | None
    closed: set[date]
    now: datetime
    holidays: Holidays
    landed: list[Landed] = field(default_factory=list)
    _known: dict[tuple[int, int, datetime, datetime], list[tuple[datetime, bool, bool]]] = field(default_factory=dict)

    def open_minutes(
        self, who: int, place: int, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, bool, bool]]:
        """Tell of each minute whether there is working time then, and whether something closes it.

        Extra hours at the other place take the consultant away from the usual ones here.
        """
        zone, minute = ZoneInfo(self.zone), start
        elsewhere = [one for one in self.exceptions[who] if one.kind == "extra" and one.place != place]
        here = [one for one in self.exceptions[who] if one.place in {None, place}]
        while minute < end:
            closed = any(one.kind != "extra" and one.starts <= minute < one.ends for one in here)
            extra = any(one.kind == "extra" and one.starts <= minute < one.ends for one in here)
            usual = self._regular(who, place, minute.astimezone(zone))
            away = not extra and any(one.starts <= minute < one.ends for one in elsewhere)
            yield minute, extra or usual, closed or away
            minute += MINUTE

    def _regular(self, who: int, place: int, wall: datetime) -> bool:
        said, day = wall.hour * 60 + wall.minute, wall.date()
        second_showing = wall.fold == 1
        at_work = any(
            (one.weekday, one.place) == (wall.weekday(), place)
            and one.starts <= said < one.ends
            and (one.first or day) <= day <= (one.last or day)
            for one in self.hours[who]
        )
        opening = self.opening if place == 0 else None
        is_open = opening is None or any(day_ == wall.weekday() and a <= said < b for day_, a, b in opening)
        shut = self.holidays.shut(place) | (self.closed if place == 0 else set())
        return at_work and is_open and not second_showing and day not in shut

    def free(self, kind: Kind, start: datetime, end: datetime) -> set[Spot]:
        """Give the free starts of all consultants at both places in `[start, end)`, between notice and horizon."""
        first = max(start, self.now + kind.notice * MINUTE)
        last = min(end, self.now + kind.horizon_days * DAY)
        return {
            spot
            for who in range(len(self.hours))
            for place in PLACES
            for spot in self._starts(who, place, kind, start, end)
            if first <= spot.at and spot.at + kind.duration * MINUTE <= last and self.room_for(spot, kind)
        }

    def _starts(self, who: int, place: int, kind: Kind, start: datetime, end: datetime) -> Iterator[Spot]:
        working: set[datetime] = set()
        grid: set[datetime] = set()
        anchor: datetime | None = None
        for minute, is_open, closed in self._minutes(who, place, start - 2 * DAY, end + DAY):
            anchor = (anchor or minute) if is_open else None
            if is_open and not closed:
                working.add(minute)
                if (minute - anchor) % (kind.step * MINUTE) == timedelta():  # type: ignore[operator]
                    grid.add(minute)
        for at in sorted(grid):
            minutes = [at + n * MINUTE for n in range(kind.duration)]
            if start <= at and minutes[-1] < end and all(minute in working for minute in minutes):
                yield Spot(who, place, at)

    def _minutes(self, who: int, place: int, start: datetime, end: datetime) -> list[tuple[datetime, bool, bool]]:
        """Remember them: what was entered does not change while it is booked."""
        known = (who, place, start, end)
        if known not in self._known:
            self._known[known] = list(self.open_minutes(*known))
        return self._known[known]

    def in_time(self, kind: Kind, start: datetime) -> bool:
        """Tell whether the notice is kept, and nobody looks too far ahead."""
        return self.now + kind.notice * MINUTE <= start <= self.now + kind.horizon_days * DAY

    def works(self, spot: Spot, minutes: int) -> bool:
        """Tell whether somebody works there without a break for so long."""
        found = self.open_minutes(spot.who, spot.place, spot.at, spot.at + minutes * MINUTE)
        return all(is_open and not closed for _, is_open, closed in found)

    def busy(self, patient: str, kind: Kind, start: datetime) -> bool:
        """Tell whether the patient is somewhere else then; nobody needs time between two visits."""
        end = start + kind.duration * MINUTE
        return any(one.patient == patient and one.start < end and start < one.end for one in self.landed)

    def room_for(self, spot: Spot, kind: Kind) -> bool:
        """Tell whether the consultant, a seat and a room are free."""
        wanted = Landed(spot.who, kind, spot.at, None, 1, spot.place)
        clash = [one for one in self.landed if _overlap(one, wanted)]
        group = [one for one in clash if one.session == wanted.session and kind.capacity > 1]
        if [one for one in clash if one.consultant == spot.who and one not in group] or len(group) >= kind.capacity:
            return False
        rooms = kind.rooms if spot.place == 0 or kind.rooms is None else ()
        return rooms is None or bool(group) or bool(set(rooms) - {one.room for one in clash})

    def break_no_law(self) -> None:
        """Hold laws 1 and 2 against everything that landed.

        Raises:
            AssertionError: one is broken.
        """
        for one in self.landed:
            spot = Spot(one.consultant, one.place, one.start)
            assert self.works(spot, one.kind.duration), f"{one} is outside hours"
        for one, other in ((a, b) for n, a in enumerate(self.landed) for b in self.landed[:n] if _overlap(a, b)):
            same = one.kind.capacity > 1 and one.session == other.session
            assert same or one.consultant != other.consultant, f"{one} and {other} overlap"
            apart = one.end <= other.start or other.end <= one.start
            assert one.patient != other.patient or apart, f"{one} and {other} are of one patient"
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
