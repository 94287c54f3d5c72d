"""Calendar files mean the instants that they were made of, to a reader who knows nothing but the file."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from careconnect import ics
from careconnect.ids import uuid7

ZONES = ("Asia/Colombo", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def entry(start: datetime, zone: str, length: timedelta = timedelta(minutes=30), **said: object) -> ics.Entry:
    known: dict[str, object] = {
        "uid": "x", "sequence": 0, "stamp": LONG_AGO, "summary": "Appointment",
    }  # fmt: skip
    return ics.Entry(start=start, end=start + length, zone=zone, **(known | said))  # type: ignore[arg-type]


def read(written: bytes) -> Any:
    calendar = Calendar.from_ical(written)
    (event,) = calendar.walk("VEVENT")
    return calendar, event


def instants(written: bytes) -> tuple[Any, Any]:
    """Read start and end by the rules that the file itself brings, as another program does."""
    rules = tzical(StringIO(written.decode().replace("\r\n ", "")))
    _, event = read(written)

    def instant(name: str) -> Any:
        said = event[name]
        if said.params.get("TZID") is None:
            return said.dt.astimezone(UTC)
        zone = rules.get(said.params["TZID"])
        assert zone
        local = datetime.strptime(said.to_ical().decode(), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone comes next
        return local.replace(tzinfo=zone).astimezone(UTC)

    return instant("DTSTART"), instant("DTEND")


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/London", "2027-03-28"), ("Europe/London", "2027-10-31"), ("America/New_York", "2027-03-14"),
        ("America/New_York", "2027-11-07"), ("Australia/Lord_Howe", "2027-04-04"),
        ("Australia/Lord_Howe", "2027-10-03"),
    ],
)  # fmt: skip
def test_each_quarter_of_an_hour_of_a_day_on_which_clocks_change_is_read_as_it_was_written(
    zone: str, change: str
) -> None:
    midnight = datetime.fromisoformat(change).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for quarter in range(26 * 4):
        start = midnight + timedelta(minutes=15 * quarter)
        assert instants(ics.write([entry(start, zone)])) == (start, start + timedelta(minutes=30)), start


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - the zone comes below
    st.sampled_from(ZONES),
    st.integers(5, 600),
)
def test_any_time_anywhere_is_read_as_it_was_written(moment: datetime, zone: str, minutes: int) -> None:
    start = moment.replace(microsecond=0, tzinfo=UTC)
    length = timedelta(minutes=minutes)
    assert instants(ics.write([entry(start, zone, length)])) == (start, start + length)


def test_words_of_people_stay_words() -> None:
    said = "Dr. Silva; room 2, left\nBEGIN:VEVENT\nUID:other"
    organiser = ics.Party('Clinic "A"\r\nX-EVIL:1', "desk@clinic.example")
    written = ics.write([entry(LONG_AGO, "Asia/Colombo", summary=said, location=said, organiser=organiser)])
    _, event = read(written)
    assert (str(event["SUMMARY"]), str(event["LOCATION"]), str(event["UID"])) == (said, said, "x")
    assert b"\r\nX-EVIL" not in written


def test_a_later_version_and_a_cancelling_each_supersede_what_was_sent_before() -> None:
    sent = [ics.sequence(version, cancelled=gone) for version in (1, 2, 3) for gone in (False, True)]
    assert sent == sorted(set(sent))
    key = uuid7()
    assert ics.uid(key) == ics.uid(key)
