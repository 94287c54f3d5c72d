"""Which times suit somebody who waits, and when they may be asked about one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careconnect.ids import uuid7
from services.appointments.schemas import Window
from services.appointments.waitlist.fitting import may_be_offered, narrowed, suits
from services.appointments.waitlist.schemas import Wishes

ZONE = "Asia/Colombo"
HALF = timedelta(minutes=30)
MONDAY = datetime(2027, 3, 1, tzinfo=ZoneInfo(ZONE))


def window(**also: object) -> Window:
    week = {"start": MONDAY, "end": MONDAY + timedelta(days=7), "zone": ZONE, "anchor": MONDAY}
    return Window.model_validate({"consultant_id": uuid7(), "location_id": uuid7()} | week | also)


@pytest.mark.parametrize(
    ("start", "present", "may"),
    [("12:00", "11:00", True), ("12:00", "03:00", True), ("18:00", "03:00", False), ("18:00", "08:00", True),
     ("18:00", "21:00", False), ("08:30", "21:00", True), ("09:30", "21:00", False)],
)  # fmt: skip
def test_at_night_nobody_is_asked_about_a_time_that_is_not_near(start: str, present: str, may: bool) -> None:
    now = MONDAY.replace(hour=int(present[:2]))
    at = MONDAY.replace(hour=int(start[:2]), minute=int(start[3:]))
    at += timedelta(days=1) if at < now else timedelta()
    assert may_be_offered(at, ZONE, now.astimezone(UTC)) == may


def test_a_visit_that_begins_before_noon_is_of_the_morning_wherever_it_ends() -> None:
    morning = Wishes(parts=["morning"], weekdays=[1])
    (part,) = narrowed([window()], morning, HALF)
    tuesday = MONDAY + timedelta(days=1)
    assert (part.start, part.end) == (tuesday, tuesday + timedelta(hours=12, minutes=30))
    assert suits(morning, tuesday.replace(hour=11, minute=45), ZONE)
    assert not suits(morning, tuesday.replace(hour=12), ZONE)
    assert not suits(morning, MONDAY.replace(hour=9), ZONE)


def test_days_consultants_and_places_that_do_not_suit_are_left_out() -> None:
    mine, other = window(), window()
    wishes = Wishes(consultant_ids=[mine.consultant_id], earliest=date(2027, 3, 3), latest=date(2027, 3, 4))
    found = narrowed([mine, other], wishes, HALF)
    assert [(one.consultant_id, one.start) for one in found] == [
        (mine.consultant_id, MONDAY + timedelta(days=days)) for days in (2, 3)
    ]
    assert narrowed([mine], Wishes(location_ids=[other.location_id]), HALF) == []


@given(
    st.lists(st.sampled_from(["morning", "afternoon", "evening"]), max_size=3, unique=True),
    st.lists(st.integers(0, 6), max_size=7, unique=True),
    st.integers(0, 7 * 48 - 1),
)
def test_no_start_that_suits_is_lost_by_narrowing(parts: list[str], weekdays: list[int], half: int) -> None:
    wishes = Wishes.model_validate({"parts": parts, "weekdays": weekdays})
    start = MONDAY + half * HALF
    inside = any(one.start <= start and start + HALF <= one.end for one in narrowed([window()], wishes, HALF))
    assert inside or not suits(wishes, start, ZONE)
