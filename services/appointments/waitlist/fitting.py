"""Which times suit somebody who waits: wishes about days and parts of the day, in the wall time of the place."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.appointments.schemas import Window
from services.appointments.waitlist.schemas import EVENING, NOON, Part, Wishes

QUIET_FROM, QUIET_UNTIL = time(21), time(8)
"""When nobody is offered a time that is not near, on the clock of the place."""
NEAR = timedelta(hours=12)
_DAY = timedelta(days=1)
_HOURS: dict[Part, tuple[int, int]] = {"morning": (0, NOON), "afternoon": (NOON, EVENING), "evening": (EVENING, 24)}


def part_of_day(moment: time) -> Part:
    """Tell to which part of the day a wall time belongs."""
    if moment.hour < NOON:
        return "morning"
    return "afternoon" if moment.hour < EVENING else "evening"


def suits(wishes: Wishes, start: datetime, zone: str) -> bool:
    """Tell whether a start is on a day and in a part of the day that suit."""
    local = start.astimezone(ZoneInfo(zone))
    return _day_suits(wishes, local.date()) and (not wishes.parts or part_of_day(local.time()) in wishes.parts)


def may_be_offered(start: datetime, zone: str, present: datetime) -> bool:
    """Tell whether somebody may be asked about a time now: at night only where it is near."""
    clock = present.astimezone(ZoneInfo(zone)).time()
    return QUIET_UNTIL <= clock < QUIET_FROM or start - present <= NEAR


def narrowed(windows: Iterable[Window], wishes: Wishes, length: timedelta) -> list[Window]:
    """Keep of the working time the days, parts, consultants and places that suit a visit of `length`.

    A visit that starts in the morning may end in the afternoon, so each part is longer than it says; `suits` decides.
    """
    return [
        part
        for window in windows
        if wishes.consultant_ids == [] or window.consultant_id in wishes.consultant_ids
        if wishes.location_ids == [] or window.location_id in wishes.location_ids
        for part in _parts(window, wishes, length)
    ]


def _parts(window: Window, wishes: Wishes, length: timedelta) -> Iterator[Window]:
    zone = ZoneInfo(window.zone)
    day, last = window.start.astimezone(zone).date(), window.end.astimezone(zone).date()
    while day <= last:
        for begins, ends in _stretches(wishes) if _day_suits(wishes, day) else ():
            begin = max(window.start, _at(day, begins, zone))
            end = min(window.end, _at(day, ends, zone) + length)
            if begin < end:
                yield window.model_copy(update={"start": begin, "end": end, "anchor": window.anchor or window.start})
        day += _DAY


def _stretches(wishes: Wishes) -> list[tuple[int, int]]:
    """List the hours of the day that suit; what adjoins is one stretch, so that no visit is lost between two."""
    if not wishes.parts:
        return [(0, 24)]
    found: list[tuple[int, int]] = []
    for part in sorted(wishes.parts, key=_HOURS.__getitem__):
        begins, ends = _HOURS[part]
        if found and found[-1][1] >= begins:
            found[-1] = (found[-1][0], ends)
        else:
            found.append((begins, ends))
    return found


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """Give the instant at which an hour of the day begins; hour 24 is the next day's midnight."""
    days, hour = divmod(hour, 24)
    return datetime.combine(day + days * _DAY, time(hour), zone).astimezone(UTC)


def _day_suits(wishes: Wishes, day: date) -> bool:
    return (
        (not wishes.weekdays or day.weekday() in wishes.weekdays)
        and (wishes.earliest is None or day >= wishes.earliest)
        and (wishes.latest is None or day <= wishes.latest)
    )
