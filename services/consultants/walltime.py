"""Between the wall clock of a zone and instants, exact on the days on which clocks change.

Zones are IANA names; a minute is a minute of the wall clock since midnight, 0 to 1440. All instants are UTC.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_MINUTES = 1440
_SECOND = timedelta(seconds=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _LocalDay:
    """One day of one zone: its first instant, and what its clock change repeats, if there is one."""

    midnight: datetime
    changes: bool
    repeated: Span | None


@lru_cache(maxsize=16384)
def spans_of_day(zone: str, day: date, starts: int, ends: int) -> tuple[Span, ...]:
    """Give the instants at which the wall clock of `zone` stands in `[starts, ends)` on `day`, each wall time once.

    An ordinary day gives one span. A day that skips wall times may give a shorter one or none; a day that repeats wall
    times may give two, since the second showing of the repeated hour is left out.
    """
    local = _local_day(zone, day)
    if not local.changes:
        return ((local.midnight + timedelta(minutes=starts), local.midnight + timedelta(minutes=ends)),)
    opens, closes = _instant(zone, day, starts), _instant(zone, day, ends)
    parts = [(opens, closes)]
    if local.repeated:
        again, settled = local.repeated
        parts = [(opens, min(closes, again)), (max(opens, settled), closes)]
    return tuple((start, end) for start, end in parts if start < end)


def zone_of(name: str) -> ZoneInfo:
    """Look up an IANA zone.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"{name} is not an IANA time zone"
        raise ValueError(message) from error


def minutes_of(wall: str) -> int:
    """Read `HH:MM` as minutes since midnight; `24:00` is the end of the day."""
    hours, minutes = wall.split(":")
    return int(hours) * 60 + int(minutes)


def wall_of(minutes: int) -> str:
    """Write minutes since midnight as `HH:MM`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@lru_cache(maxsize=8192)
def _local_day(zone: str, day: date) -> _LocalDay:
    clock = zone_of(zone)
    midnight, next_midnight = _instant(zone, day, 0), _instant(zone, day, DAY_MINUTES)
    before, after = _offset(clock, midnight), _offset(clock, next_midnight)
    repeated = None
    if after < before and midnight < next_midnight:
        change = _change(clock, midnight, next_midnight)
        repeated = (change, change + (before - after))
    ordinary = before == after and next_midnight - midnight == timedelta(days=1)
    return _LocalDay(midnight, not ordinary, repeated)


def _instant(zone: str, day: date, minutes: int) -> datetime:
    """Give the first instant at which the wall clock stands at or beyond a time of `day`."""
    clock = zone_of(zone)
    wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first = wall.replace(tzinfo=clock, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=clock, fold=1).astimezone(UTC)
    if first <= second:  # shown once, or twice with the first showing counting
        return first
    return _change(clock, second, first)  # never shown: PEP 495 puts the two readings on both sides of the change


def _change(clock: tzinfo, start: datetime, end: datetime) -> datetime:
    """Find, to the second, the instant in `(start, end]` from which the offset of `end` holds."""
    target = _offset(clock, end)
    while end - start > _SECOND:
        middle = start + timedelta(seconds=(end - start) // _SECOND // 2)
        if _offset(clock, middle) == target:
            end = middle
        else:
            start = middle
    return end


def _offset(clock: tzinfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(clock).utcoffset()
    if offset is None:
        message = f"{clock} has no offset"
        raise ValueError(message)
    return offset
