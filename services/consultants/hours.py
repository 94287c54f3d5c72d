"""Weekly hours in local wall time, turned into instants of working time.

Three laws hold for every zone and date:

- an instant is working time when its zone's wall clock stands inside a block of hours that is valid on that day;
- a wall time that a clock change skips does not exist, so no instant stands for it;
- a wall time that a clock change repeats counts once, when the clock shows it for the first time.

A location's calendar narrows weekly hours: they count while it is open. Extra hours count in any case.

Everything here is plain arithmetic on values: no database, no clock. Spans are half-open and in UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple
from uuid import UUID

from services.consultants.opening import ALWAYS, Calendar
from services.consultants.walltime import spans_of_day, zone_of

ExceptionKind = Literal["leave", "blocked", "extra"]
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_NO_CALENDARS: Mapping[UUID, Calendar] = {}


@dataclass(frozen=True, slots=True)
class Block:
    """Working hours on one weekday at one location.

    `weekday` counts from Monday = 0; `starts` and `ends` are minutes of the wall clock since midnight, 1440 being
    the end of the day; the block is valid from `valid_from` to `valid_to`, both days included, `None` leaving that side
    open.
    """

    location_id: UUID
    zone: str
    weekday: int
    starts: int
    ends: int
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Tell whether the block is in force on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Deviation:
    """A time at which the weekly hours do not tell the truth.

    `leave` and `blocked` close it, at `location_id` or, with `None`, everywhere; `extra` opens it at `location_id`.
    """

    kind: ExceptionKind
    start: datetime
    end: datetime
    location_id: UUID | None = None
    zone: str | None = None


class Stretch(NamedTuple):
    """Unbroken working time at one location.

    `anchor` is where it began before anything was cut away: the grid of bookable starts is counted from there, so that
    a meeting until 10:07 does not move the rest of the day to odd minutes.
    """

    location_id: UUID
    zone: str
    start: datetime
    end: datetime
    anchor: datetime


def working_time(
    blocks: Iterable[Block],
    deviations: Sequence[Deviation],
    start: datetime,
    end: datetime,
    calendars: Mapping[UUID, Calendar] = _NO_CALENDARS,
) -> list[Stretch]:
    """Compute one consultant's working time inside `[start, end)`, soonest first; `calendars` are those of locations.

    What closes beats what opens: extra hours inside a leave are not worked. Extra hours at one location take the
    consultant away from the others for that time.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    extra = [_opened(each) for each in deviations if each.kind == "extra" and each.location_id and each.zone]
    regular = list(expand(blocks, start - _DAY, end + _DAY, calendars))
    for away in extra:
        regular = [
            part
            for stretch in regular
            for part in ([stretch] if stretch.location_id == away.location_id else _cut(stretch, away.start, away.end))
        ]
    open_time = join([*regular, *extra])
    for closed in deviations:
        if closed.kind != "extra":
            open_time = [part for stretch in open_time for part in _closed(stretch, closed)]
    return sorted(_clipped(open_time, start, end), key=lambda stretch: (stretch.start, stretch.location_id))


def expand(
    blocks: Iterable[Block], start: datetime, end: datetime, calendars: Mapping[UUID, Calendar] = _NO_CALENDARS
) -> Iterator[Stretch]:
    """Lay the weekly blocks over every local day that touches `[start, end)`; a block may become several stretches."""
    days: dict[str, tuple[date, date]] = {}
    for block in blocks:
        calendar = calendars.get(block.location_id, ALWAYS)
        if block.zone not in days:
            zone = zone_of(block.zone)
            days[block.zone] = start.astimezone(zone).date(), end.astimezone(zone).date()
        first, last = days[block.zone]
        parts = calendar.parts(block.weekday, block.starts, block.ends)
        day = first + timedelta(days=(block.weekday - first.weekday()) % 7)
        while day <= last:
            if day not in calendar.closed and block.valid_on(day):
                for starts, ends in parts:
                    for opens, closes in spans_of_day(block.zone, day, starts, ends):
                        yield Stretch(block.location_id, block.zone, opens, closes, opens)
            day += _WEEK


def join(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Make one of stretches at the same location that touch or overlap: a night shift is two blocks and one stretch."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda each: (each.location_id.int, each.zone, each.start)):
        last = joined[-1] if joined else None
        if (
            last is not None
            and (last.location_id, last.zone) == (stretch.location_id, stretch.zone)
            and stretch.start <= last.end
        ):
            joined[-1] = last._replace(end=max(last.end, stretch.end))
        else:
            joined.append(stretch)
    return joined


def covering(stretches: Iterable[Stretch], start: datetime, end: datetime) -> Stretch | None:
    """Find the stretch that holds all of `[start, end)`; of two locations the one with the lower id."""
    holding = [stretch for stretch in stretches if stretch.start <= start and end <= stretch.end]
    return min(holding, key=lambda stretch: str(stretch.location_id), default=None)


def first_clash(blocks: Sequence[Block], start: datetime, end: datetime) -> tuple[Stretch, Stretch] | None:
    """Find two stretches that would have the consultant in two places at once, between different zones too."""
    stretches = sorted(expand(blocks, start, end), key=lambda stretch: stretch.start)
    for earlier, later in pairwise(stretches):
        if later.start < earlier.end:
            return earlier, later
    return None


def _opened(extra: Deviation) -> Stretch:
    if extra.location_id is None or extra.zone is None:
        message = "extra hours need a location and its zone"
        raise ValueError(message)
    return Stretch(extra.location_id, extra.zone, extra.start, extra.end, extra.start)


def _closed(stretch: Stretch, closed: Deviation) -> list[Stretch]:
    if closed.location_id not in {None, stretch.location_id}:
        return [stretch]
    return _cut(stretch, closed.start, closed.end)


def _cut(stretch: Stretch, start: datetime, end: datetime) -> list[Stretch]:
    if end <= stretch.start or stretch.end <= start:
        return [stretch]
    parts = []
    if stretch.start < start:
        parts.append(stretch._replace(end=start))
    if end < stretch.end:
        parts.append(stretch._replace(start=end))
    return parts


def _clipped(stretches: Iterable[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    for stretch in stretches:
        opens, closes = max(stretch.start, start), min(stretch.end, end)
        if (opens, closes) == (stretch.start, stretch.end):
            yield stretch
        elif opens < closes:
            yield stretch._replace(start=opens, end=closes)
