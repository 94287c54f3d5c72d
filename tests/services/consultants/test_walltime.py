"""The wall clock against a slow and obvious reference: ask every minute what its clock shows."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.consultants.walltime import minutes_of, spans_of_day, wall_of, zone_of

ZONES = ["Asia/Colombo", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana"]
CHANGES = {
    "Europe/London": [date(2026, 3, 29), date(2026, 10, 25)],
    "America/New_York": [date(2026, 3, 8), date(2026, 11, 1)],
    "Australia/Lord_Howe": [date(2026, 4, 5), date(2026, 10, 4)],
    "Asia/Beirut": [date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)],
    "America/Havana": [date(2026, 3, 8), date(2026, 11, 1)],
}
MINUTE = timedelta(minutes=1)


@st.composite
def local_days(draw: st.DrawFn) -> tuple[str, date]:
    zone = draw(st.sampled_from(ZONES))
    any_day = st.dates(date(2024, 1, 1), date(2030, 12, 31))
    return zone, draw(st.sampled_from(CHANGES[zone]) | any_day if zone in CHANGES else any_day)


@st.composite
def blocks(draw: st.DrawFn) -> tuple[int, int]:
    starts = draw(st.integers(0, 1439))
    return starts, draw(st.integers(starts + 1, 1440))


def reference(zone: str, day: date, starts: int, ends: int) -> set[datetime]:
    """Every minute around `day` whose wall time lies in the block and is shown for the first time."""
    clock = ZoneInfo(zone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    minutes = (midnight + MINUTE * count for count in range(56 * 60))
    return {
        moment
        for moment in minutes
        if (wall := moment.astimezone(clock)).date() == day
        and starts <= wall.hour * 60 + wall.minute < ends
        and wall.fold == 0
    }


@given(local_days(), blocks())
def test_working_time_is_exactly_the_minutes_whose_clock_stands_in_the_block_for_the_first_time(
    local: tuple[str, date], block: tuple[int, int]
) -> None:
    spans = spans_of_day(*local, *block)
    found = [start + MINUTE * count for start, end in spans for count in range((end - start) // MINUTE)]
    assert len(found) == len(set(found))
    assert set(found) == reference(*local, *block)


@pytest.mark.parametrize(
    ("zone", "day", "block", "expected"),
    [
        ("Asia/Colombo", date(2026, 12, 1), "09:00-13:00", ["2026-12-01T03:30Z/2026-12-01T07:30Z"]),
        ("Europe/London", date(2026, 3, 29), "01:00-02:00", []),
        ("Europe/London", date(2026, 3, 29), "00:30-02:30", ["2026-03-29T00:30Z/2026-03-29T01:30Z"]),
        (
            "Europe/London",
            date(2026, 10, 25),
            "00:30-02:30",
            ["2026-10-24T23:30Z/2026-10-25T01:00Z", "2026-10-25T02:00Z/2026-10-25T02:30Z"],
        ),
        ("Europe/London", date(2026, 10, 25), "01:00-02:00", ["2026-10-25T00:00Z/2026-10-25T01:00Z"]),
        ("America/New_York", date(2026, 3, 8), "02:15-02:45", []),
        ("America/New_York", date(2026, 11, 1), "01:30-02:00", ["2026-11-01T05:30Z/2026-11-01T06:00Z"]),
        ("Australia/Lord_Howe", date(2026, 10, 4), "01:30-03:00", ["2026-10-03T15:00Z/2026-10-03T16:00Z"]),
        (
            "Australia/Lord_Howe",
            date(2026, 4, 5),
            "01:00-03:00",
            ["2026-04-04T14:00Z/2026-04-04T15:00Z", "2026-04-04T15:30Z/2026-04-04T16:30Z"],
        ),
        ("Pacific/Apia", date(2011, 12, 30), "09:00-17:00", []),
    ],
)
def test_the_days_on_which_clocks_change_are_exact(zone: str, day: date, block: str, expected: list[str]) -> None:
    starts, ends = (minutes_of(wall) for wall in block.split("-"))
    found = [f"{start:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}" for start, end in spans_of_day(zone, day, starts, ends)]
    assert found == expected


@given(st.integers(0, 1440))
def test_a_wall_time_reads_back_as_it_was_written(minutes: int) -> None:
    assert minutes_of(wall_of(minutes)) == minutes


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "", "Asia"])
def test_a_zone_that_does_not_exist_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        zone_of(name)
