"""Offered times are exactly the free ones, every offered time can be had, and what lands keeps laws 1 and 2."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from unittest.mock import patch

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careconnect.ids import uuid7
from tests.scheduling.desk import Desk
from tests.scheduling.reference import Clinic, Kind, midnight

NOW = datetime(2027, 1, 1, tzinfo=UTC)
CHANGES = {
    "Asia/Colombo": [date(2027, 6, 2)],
    "Europe/London": [date(2027, 3, 28), date(2027, 10, 31)],
    "America/New_York": [date(2027, 3, 14), date(2027, 11, 7)],
    "Australia/Lord_Howe": [date(2027, 4, 4), date(2027, 10, 3)],
}
"""Days on which clocks change, by half an hour at Lord Howe; in Colombo they do not."""
PERIOD = timedelta(days=2)
quarters = st.integers(0, 95).map(lambda number: number * 15)


@st.composite
def blocks(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Give some blocks a day, apart, that never add up to an unbroken day."""
    found = []
    for day in range(7):
        times = sorted(draw(st.sets(quarters, max_size=4)))
        found += [(day, start, end) for start, end in list(pairwise(times))[::2]]
        if draw(st.booleans()) and (not times or times[0] >= 240) and not (found and found[-1][2] > 1300):
            found.append((day, 0, 240))
    return found


@st.composite
def clinics(draw: st.DrawFn) -> tuple[Clinic, datetime]:
    """Give a clinic of two consultants, and a day near which something may be odd."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    day = draw(st.sampled_from(CHANGES[zone])) - timedelta(days=draw(st.integers(0, 2)))
    start = midnight(zone, day)
    moments = st.integers(0, 48 * 12).map(lambda number: start + timedelta(minutes=5 * number))
    exceptions = []
    for _ in range(2):
        closing = draw(st.lists(st.tuples(st.sampled_from(["leave", "blocked"]), moments, moments), max_size=2))
        extra = draw(st.lists(st.tuples(st.just("extra"), moments, moments), max_size=1))
        exceptions.append([(kind, min(a, b), max(a, b)) for kind, a, b in closing + extra if a != b])
    opening = draw(st.none() | st.just([(weekday, 90, 1230) for weekday in range(7)]))
    closed = draw(st.sets(st.sampled_from([day, day + timedelta(days=1)]), max_size=1))
    return Clinic(zone, [draw(blocks()), draw(blocks())], exceptions, opening, closed), start


@st.composite
def kinds(draw: st.DrawFn) -> list[Kind]:
    """Give a visit type of any sort, and a plain one."""
    rooms = draw(st.none() | st.integers(1, 2).map(lambda count: tuple(sorted(str(uuid7()) for _ in range(count)))))
    buffers = st.sampled_from([0, 5, 15])
    first = Kind(
        "first",
        draw(st.sampled_from([10, 20, 30, 45, 90])),
        draw(buffers),
        draw(buffers),
        draw(st.sampled_from([5, 10, 15, 20, 45])),
        draw(st.sampled_from([1, 1, 2, 3])),
        rooms,
    )
    return [first, Kind("second", 25, step=25)]


tries = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 48 * 12 - 1)), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=clinics(), types=kinds(), tried=tries, picks=st.lists(st.integers(0, 10_000), min_size=3, max_size=3))
async def test_what_is_offered_is_what_is_free_and_can_be_had(
    service: Callable[[str], httpx.AsyncClient],
    told: tuple[Clinic, datetime],
    types: list[Kind],
    tried: list[tuple[int, int, int]],
    picks: list[int],
) -> None:
    clinic, start = told
    end, desk = start + PERIOD, Desk(service("consultants"), service("appointments"), clinic)
    with patch("careconnect.clock.now", lambda: NOW):
        await desk.enter(types)
        for who, kind, minutes in tried:
            at = start + timedelta(minutes=5 * minutes)
            possible = clinic.works(who, at, types[kind].duration)
            free = possible and clinic.room_for(who, types[kind], at)
            refused = await desk.book(who, types[kind], at)
            assert (refused != "outside_hours", refused == "") == (possible, free), refused
        for pick in picks:
            offered = await desk.free(types[0], start, end)
            assert set(offered) == clinic.free(types[0], start, end)
            assert [at for _, at in offered] == sorted(at for _, at in offered)
            if offered:
                who, at = offered[pick % len(offered)]
                assert await desk.book(who, types[0], at) == ""
    clinic.break_no_law()
