"""Recurrence rules keep their wall time, end, and say no to what is not followed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.errors import InvalidRule
from services.appointments.series.rule import MOST, Rule

LONDON, COLOMBO = ZoneInfo("Europe/London"), ZoneInfo("Asia/Colombo")
TUESDAY = datetime(2027, 3, 2, 9, 30, tzinfo=LONDON)


def local(text: str, first: datetime = TUESDAY, zone: ZoneInfo = LONDON) -> list[str]:
    return [f"{one.astimezone(zone):%m-%d %H:%M %z}" for one in Rule.read(text).starts(first, zone)]


def test_every_two_weeks_on_tuesday_stays_at_half_past_nine_over_a_clock_change() -> None:
    found = local("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;COUNT=4")
    assert found == ["03-02 09:30 +0000", "03-16 09:30 +0000", "03-30 09:30 +0100", "04-13 09:30 +0100"]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("RRULE:FREQ=DAILY;UNTIL=20270304", ["03-02", "03-03", "03-04"]),
        ("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270309T093000Z", ["03-02", "03-04", "03-09"]),
        ("FREQ=MONTHLY;BYDAY=1TU;COUNT=3", ["03-02", "04-06", "05-04"]),
        ("FREQ=MONTHLY;BYMONTHDAY=2;COUNT=2", ["03-02", "04-02"]),
        ("freq=monthly;byday=MO,TU,WE,TH,FR;bysetpos=2;count=2", ["03-02", "04-02"]),
    ],
)
def test_a_rule_gives_the_days_that_it_names(rule: str, days: list[str]) -> None:
    assert [one[:5] for one in local(rule)] == days


def test_a_wall_time_that_a_clock_change_leaves_out_is_left_out_and_not_counted() -> None:
    early = datetime(2027, 3, 27, 1, 30, tzinfo=LONDON)
    assert local("FREQ=DAILY;COUNT=3", early) == ["03-27 01:30 +0000", "03-29 01:30 +0100", "03-30 01:30 +0100"]


def test_of_a_wall_time_that_comes_twice_the_first_counts() -> None:
    assert local("FREQ=DAILY;COUNT=2", datetime(2027, 10, 30, 1, 30, tzinfo=LONDON))[1] == "10-31 01:30 +0100"


@pytest.mark.parametrize(
    "rule",
    [
        "", "FREQ=WEEKLY", "FREQ=YEARLY;COUNT=2", "FREQ=WEEKLY;COUNT=2;UNTIL=20271231", "FREQ=WEEKLY;COUNT=0",
        "FREQ=DAILY;COUNT=61", "FREQ=DAILY;UNTIL=20280101", "FREQ=DAILY;UNTIL=20271341", "COUNT=3",
        "FREQ=WEEKLY;BYDAY=2TU;COUNT=2", "FREQ=WEEKLY;BYDAY=WE;COUNT=2", "FREQ=DAILY;BYHOUR=3;COUNT=2",
        "FREQ=WEEKLY;COUNT=2;COUNT=3", "FREQ=WEEKLY;INTERVAL=99;COUNT=60", "FREQ=DAILY;UNTIL=20270301",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1TU;COUNT=2",
    ],
)  # fmt: skip
def test_what_is_no_rule_or_never_ends_or_is_too_much_is_refused(rule: str) -> None:
    with pytest.raises(InvalidRule):
        Rule.read(rule).starts(TUESDAY, LONDON)


@given(
    st.integers(1, 4), st.integers(1, MOST), st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["Asia/Colombo", "America/New_York", "Australia/Lord_Howe"]),
)  # fmt: skip
def test_a_weekly_rule_is_the_same_wall_time_so_many_weeks_apart(
    interval: int, count: int, first: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    start = first.replace(second=0, microsecond=0, hour=9, tzinfo=zone)
    if interval * count > 150:
        count = 150 // interval
    found = Rule.read(f"FREQ=WEEKLY;INTERVAL={interval};COUNT={count}").starts(start, zone)
    expected = [start.replace(tzinfo=None) + timedelta(weeks=interval * number) for number in range(count)]
    assert [one.astimezone(zone).replace(tzinfo=None) for one in found] == expected
    assert all(one.tzinfo is UTC for one in found)
