"""Offered times are exactly the free ones, every offered time can be had, and what lands keeps laws 1 and 2."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from unittest.mock import patch

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careconnect.ids import uuid7
from tests.scheduling.desk import Desk
from tests.scheduling.reference import DAY, Block, Clinic, Deviation, Holidays, Kind, Spot, midnight

CHANGES = {
    "Asia/Colombo": [date(2027, 6, 2)],
    "Europe/London": [date(2027, 3, 28), date(2027, 10, 31)],
    "America/New_York": [date(2027, 3, 14), date(2027, 11, 7)],
    "Australia/Lord_Howe": [date(2027, 4, 4), date(2027, 10, 3)],
}
"""Days on which clocks change, by half an hour at Lord Howe; in Colombo they do not."""
EASTER = frozenset({date(2027, 3, 26), date(2027, 3, 29)})
"""Good Friday and Easter Monday in England, on either side of the day on which its clocks change that year."""
ORDINARY = date(2027, 5, 12)
"""A day near which no clock changes anywhere."""
PERIOD = timedelta(days=2)
quarters = st.integers(0, 95).map(lambda number: number * 15)


@st.composite
def blocks(draw: st.DrawFn, near: date) -> list[Block]:
    """Give some blocks a day at either place, apart, that never add up to an unbroken day; some begin or end then."""
    found: list[Block] = []
    bounds = st.sampled_from([(None, None), (None, None), (near, None), (None, near), (near, near)])
    for day in range(7):
        times = sorted(draw(st.sets(quarters, max_size=4)))
        found += [Block(day, *both, draw(st.integers(0, 1)), *draw(bounds)) for both in list(pairwise(times))[::2]]
        if draw(st.booleans()) and (not times or times[0] >= 240) and not (found and found[-1].ends > 1300):
            found.append(Block(day, 0, 240))
    return found


@st.composite
def clinics(draw: st.DrawFn) -> tuple[Clinic, datetime]:
    """Give a clinic of two consultants, and a day near which something may be odd, seen from before or from within."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    day = draw(st.sampled_from([*CHANGES[zone], ORDINARY])) - timedelta(days=draw(st.integers(0, 2)))
    start = midnight(zone, day)
    moments = st.integers(0, 48 * 12).map(lambda number: start + timedelta(minutes=5 * number))
    exceptions = []
    for _ in range(2):
        where = st.sampled_from([None, 0, 1])
        closing = draw(st.lists(st.tuples(st.sampled_from(["leave", "blocked"]), moments, moments, where), max_size=2))
        extra = draw(st.lists(st.tuples(st.just("extra"), moments, moments, st.integers(0, 1)), max_size=1))
        exceptions.append([Deviation(kind, min(a, b), max(a, b), p) for kind, a, b, p in closing + extra if a != b])
    opening = draw(st.none() | st.just([(weekday, 90, 1230) for weekday in range(7)]))
    closed = draw(st.sets(st.sampled_from([day, day + timedelta(days=1)]), max_size=1))
    within = st.integers(-30, 30).map(lambda number: start + timedelta(hours=number))
    now = draw(st.just(datetime(2027, 1, 1, tzinfo=UTC)) | within)
    holidays = draw(kept_days(EASTER if zone == "Europe/London" else frozenset(), day))
    near = st.integers(-1, 2).map(lambda number: day + timedelta(days=number))
    hours = [draw(blocks(draw(near))) for _ in range(2)]
    return Clinic(zone, hours, exceptions, opening, closed, now, holidays), start


@st.composite
def kept_days(draw: st.DrawFn, public: frozenset[date], day: date) -> Holidays:
    """Give holidays of a country and of the organisation, on which either place may be closed or open."""
    days = st.frozensets(st.sampled_from([day - DAY, day, day + DAY, *sorted(public)]), max_size=2)
    first = draw(st.sampled_from(["as_organisation", "as_organisation", "closed", "open"]))
    return Holidays(draw(st.sampled_from([frozenset(), public])), draw(days), draw(st.booleans()), first, draw(days))


@st.composite
def kinds(draw: st.DrawFn) -> list[Kind]:
    """Give a visit type of any sort, and one of another length that may need time before it."""
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
        notice=draw(st.sampled_from([0, 0, 37, 600])),
        horizon_days=draw(st.sampled_from([730, 730, 1, 2])),
    )
    shared = draw(st.sampled_from([None, rooms]))
    return [first, Kind("second", 25, draw(st.sampled_from([0, 20])), step=25, rooms=shared)]


class Try(NamedTuple):
    """One thing that somebody tries: to book, or to do something with one of what is `standing`."""

    what: str
    who: int
    place: int
    kind: int
    number: int
    patient: int
    standing: int


tries = st.lists(
    st.builds(
        Try,
        st.sampled_from(["hold", "book", "book", "move", "cancel"]),
        st.integers(0, 1), st.integers(0, 1), st.integers(0, 1), st.integers(0, 48 * 12 - 1), st.integers(0, 2),
        st.integers(0, 9),
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=clinics(), types=kinds(), tried=tries, picks=st.lists(st.integers(0, 10_000), min_size=3, max_size=3))
async def test_what_is_offered_is_what_is_free_and_can_be_had(
    service: Callable[[str], httpx.AsyncClient],
    told: tuple[Clinic, datetime],
    types: list[Kind],
    tried: list[Try],
    picks: list[int],
) -> None:
    clinic, start = told
    end, desk = start + PERIOD, Desk(service("consultants"), service("appointments"), clinic)
    with patch("careconnect.clock.now", lambda: clinic.now):
        await desk.enter(types)
        for one in tried:
            await attempt(desk, types[one.kind], start + timedelta(minutes=5 * one.number), one)
        for pick in picks:
            offered = await desk.free(types[0], start, end)
            assert set(offered) == clinic.free(types[0], start, end)
            assert [spot.at for spot in offered] == sorted(spot.at for spot in offered)
            if offered:
                standing = [one for one in clinic.landed if one.confirmed and one.kind == types[0]]
                spot = offered[pick % len(offered)]
                moved = standing[pick % len(standing)] if standing and pick % 2 else None
                if moved is None or clinic.busy(moved.patient, types[0], spot.at):
                    assert await desk.book(spot, types[0], confirm=bool(pick % 3)) == ""
                else:
                    assert await desk.move(moved, spot) == ""
    clinic.break_no_law()


async def attempt(desk: Desk, kind: Kind, at: datetime, one: Try) -> None:
    """Try it, and hold the answer against the reference."""
    clinic, spot = desk.clinic, Spot(one.who, one.place, at)
    standing = clinic.landed[one.standing % len(clinic.landed)] if clinic.landed else None
    if one.what == "cancel" and standing:
        await desk.cancel(standing)
    elif one.what == "move" and standing and standing.confirmed:
        clinic.landed.remove(standing)
        expected = possible(clinic, spot, standing.kind, standing.patient)
        clinic.landed.append(standing)
        assert said(await desk.move(standing, spot)) == expected
    elif one.what in {"hold", "book"}:
        patient = desk.patients[one.patient]
        expected = possible(clinic, spot, kind, patient)
        assert said(await desk.book(spot, kind, patient, confirm=one.what == "book")) == expected


def possible(clinic: Clinic, spot: Spot, kind: Kind, patient: str) -> str:
    """Tell what stands in the way by the reference: the hours, something else, or nothing."""
    if not clinic.in_time(kind, spot.at):
        return "refused"
    if not clinic.works(spot, kind.duration):
        return "outside_hours"
    return "" if clinic.room_for(spot, kind) and not clinic.busy(patient, kind, spot.at) else "refused"


def said(code: str) -> str:
    """Take together all other refusals than that of the hours."""
    return code if code in {"", "outside_hours"} else "refused"
