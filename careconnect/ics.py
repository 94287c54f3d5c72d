"""Calendar files (iCalendar, RFC 5545): stable ids, rising sequence numbers, local time with its zone written out.

The zones' rules are written here and not by the library, whose onset of summer time is late by the hour that the clocks
skip: a time in that hour would be shown wrongly by programs that believe the file rather than their own tables.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

Method = Literal["PUBLISH", "REQUEST", "CANCEL"]
Status = Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]
MEDIA_TYPE = "text/calendar; charset=utf-8"
_PRODUCT = "-//Care-Connect//Care-Connect//EN"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Party:
    """Somebody with an address: the organiser, or who comes."""

    name: str
    email: str


@dataclass(frozen=True)
class Entry:
    """One event. `stamp` says when it became so; `zone` is the IANA zone in which people agreed on it."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    zone: str
    stamp: datetime
    summary: str
    description: str = ""
    location: str = ""
    status: Status = "CONFIRMED"
    organiser: Party | None = None
    attendee: Party | None = None


def uid(record_id: UUID) -> str:
    """Name an event after its record: the same for as long as the record lives, whatever becomes of it."""
    return f"{record_id}@care-connect"


def sequence(version: int, *, cancelled: bool, returned: int = 0) -> int:
    """Give the number of a revision: each version of the record is a later one, and its cancelling later still.

    `returned` is how often it was brought back after that, which is a revision again.
    """
    return 2 * (version - 1 + returned) + cancelled


def write(entries: Sequence[Entry], *, method: Method | None = None, name: str = "", refresh_minutes: int = 0) -> bytes:
    """Write a file; without `method` it is a calendar that is read again and again (RFC 7986)."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method:
        calendar.add("method", method)
    if name:
        calendar.add("name", name)
        calendar.add("x-wr-calname", name)
    if refresh_minutes:
        calendar.add("refresh-interval", timedelta(minutes=refresh_minutes), parameters={"VALUE": "DURATION"})
    for zone in _zones(entries):
        calendar.add_component(zone)
    for entry in entries:
        calendar.add_component(_event(entry))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.stamp.astimezone(UTC))
    start, end = _times(entry)
    event.add("dtstart", start)
    event.add("dtend", end)
    event.add("summary", entry.summary)
    event.add("status", entry.status)
    event.add("class", "PRIVATE")
    for name, said in (("description", entry.description), ("location", entry.location)):
        if said:
            event.add(name, said)
    if entry.organiser:
        event.add("organizer", _address(entry.organiser), encode=False)
    if entry.attendee:
        attendee = _address(entry.attendee)
        attendee.params["PARTSTAT"], attendee.params["RSVP"] = vText("ACCEPTED"), vText("FALSE")
        event.add("attendee", attendee, encode=False)
    return event


def _times(entry: Entry) -> tuple[datetime, datetime]:
    """Give local times; where the wall clock shows the time for the second time, only UTC says which is meant."""
    zone = ZoneInfo(entry.zone)
    start, end = entry.start.astimezone(zone), entry.end.astimezone(zone)
    if start.fold or end.fold:
        return start.astimezone(UTC), end.astimezone(UTC)
    return start, end


def _address(party: Party) -> vCalAddress:
    address = vCalAddress(f"mailto:{party.email}")
    address.params["CN"] = vText(party.name)
    return address


def _zones(entries: Iterable[Entry]) -> Iterator[Timezone]:
    years: dict[str, list[int]] = {}
    for entry in entries:
        years.setdefault(entry.zone, []).extend((entry.start.year, entry.end.year))
    for zone, named in sorted(years.items()):
        yield _timezone(zone, min(named) - 1, max(named) + 1)


@lru_cache(maxsize=256)
def _timezone(name: str, first: int, last: int) -> Timezone:
    """Write the rules of a zone from the beginning of one year to the end of another."""
    zone, timezone = ZoneInfo(name), Timezone()
    timezone.add("tzid", name)
    begin, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    timezone.add_component(_observance(zone, begin, begin))
    for change in _changes(zone, begin, end):
        timezone.add_component(_observance(zone, change - timedelta(seconds=1), change))
    return timezone


def _observance(zone: ZoneInfo, before: datetime, since: datetime) -> TimezoneStandard | TimezoneDaylight:
    """Write what holds since an instant; its onset is told in the time that held before (RFC 5545 section 3.6.5)."""
    local, previous = since.astimezone(zone), before.astimezone(zone).utcoffset() or timedelta()
    observance = TimezoneDaylight() if local.dst() else TimezoneStandard()
    observance.add("dtstart", (since + previous).replace(tzinfo=None))
    observance.add("tzoffsetfrom", previous)
    observance.add("tzoffsetto", local.utcoffset())
    observance.add("tzname", local.tzname() or zone.key)
    return observance


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Find the instants at which the offset changes: each day is asked, and a day that differs is halved."""
    while begin < end:
        low, high = begin, begin + _DAY
        if (offset := _offset(low, zone)) != _offset(high, zone):
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
            yield high
        begin += _DAY


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
