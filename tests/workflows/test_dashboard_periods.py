"""The periods of the dashboard: local days, weeks from Monday, calendar months, whatever the clocks do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.reports import views
from tests.workflows.answering import location

ZONES = ["Asia/Colombo", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia"]
Period = tuple[datetime, datetime, datetime]


def periods(zone: str, at: datetime) -> dict[str, Period]:
    found = [one for one in views([location(zone)], at) if one.location_id]
    return {one.name: (one.previous_start, one.start, one.end) for one in found}


def midnights(zone_offset: str, *days: str) -> Period:
    first, second, third = (datetime.fromisoformat(f"{day}T00:00:00{zone_offset}") for day in days)
    return first, second, third


def test_today_is_the_locations_day_and_not_that_of_greenwich() -> None:
    late = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)  # past midnight in Colombo: Monday there, Sunday in New York
    assert periods("Asia/Colombo", late)["today"] == midnights("+05:30", "2026-11-01", "2026-11-02", "2026-11-03")
    assert periods("America/New_York", late)["week"][1] == datetime.fromisoformat("2026-10-26T00:00:00-04:00")


def test_weeks_begin_on_monday_and_months_on_their_first() -> None:
    found = periods("Asia/Colombo", datetime(2026, 3, 29, 6, 0, tzinfo=UTC))  # a Sunday
    assert found["week"] == midnights("+05:30", "2026-03-16", "2026-03-23", "2026-03-30")
    assert found["month"] == midnights("+05:30", "2026-02-01", "2026-03-01", "2026-04-01")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    _, start, end = periods("Europe/Berlin", datetime.fromisoformat(f"{day}T12:00:00+00:00"))["today"]
    assert end - start == timedelta(hours=hours)


def test_a_day_whose_midnight_is_skipped_begins_when_the_clocks_skip_it() -> None:
    _, start, _ = periods("Africa/Cairo", datetime(2026, 4, 24, 12, 0, tzinfo=UTC))["today"]
    assert start == datetime(2026, 4, 23, 22, 0, tzinfo=UTC)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - made aware by `timezones`
    st.sampled_from(ZONES),
)
def test_every_moment_lies_in_its_periods_and_periods_follow_each_other(at: datetime, zone: str) -> None:
    for name, (previous, start, end) in periods(zone, at).items():
        assert previous < start <= at < end
        assert periods(zone, end)[name][:2] == (start, end)
        assert periods(zone, previous)[name][1:] == (previous, start)


def test_the_view_of_all_locations_counts_time_as_the_first_one_does_and_without_any_as_greenwich() -> None:
    at = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)
    everywhere = [one.zone for one in views([location("Asia/Colombo"), location("Europe/Berlin")], at)][:3]
    assert everywhere == ["Asia/Colombo"] * 3
    assert [(one.name, one.zone, one.location_id) for one in views([], at)] == [
        (name, "UTC", None) for name in ("today", "week", "month")
    ]
