"""Weekly hours and deviations against a slow and obvious reference: decide every quarter of an hour by itself."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from services.consultants.hours import (
    Block,
    Deviation,
    ExceptionKind,
    Stretch,
    covering,
    first_clash,
    join,
    working_time,
)

HERE, THERE = UUID(int=1), UUID(int=2)
ZONES = ["Asia/Colombo", "Europe/London", "America/New_York", "Australia/Lord_Howe"]
QUARTER = timedelta(minutes=15)
STARTS = [
    datetime(2026, 3, 6, tzinfo=UTC),
    datetime(2026, 3, 27, tzinfo=UTC),
    datetime(2026, 4, 3, tzinfo=UTC),
    datetime(2026, 10, 2, tzinfo=UTC),
    datetime(2026, 10, 23, tzinfo=UTC),
    datetime(2026, 10, 30, tzinfo=UTC),
]


@st.composite
def weeks(draw: st.DrawFn) -> list[Block]:
    """Draw a week of blocks that do not overlap in wall time, at one or two locations of one zone."""
    zone = draw(st.sampled_from(ZONES))
    found: list[Block] = []
    for weekday in range(7):
        edges = draw(st.lists(st.integers(0, 96), unique=True, max_size=6).map(sorted))
        for starts, ends in zip(edges[::2], edges[1::2], strict=False):
            place = draw(st.sampled_from([HERE, THERE]))
            found.append(Block(place, zone, weekday, starts * 15, ends * 15, draw(validity), draw(validity)))
    return found


validity = st.none() | st.dates(date(2026, 3, 1), date(2026, 11, 30))


@st.composite
def deviations(draw: st.DrawFn, start: datetime) -> list[Deviation]:
    found: list[Deviation] = []
    for _ in range(draw(st.integers(0, 4))):
        kind: ExceptionKind = draw(st.sampled_from(get_args(ExceptionKind)))
        opens = start + QUARTER * draw(st.integers(-40, 300))
        closes = opens + QUARTER * draw(st.integers(1, 60))
        place = draw(st.sampled_from([HERE, THERE])) if kind == "extra" else draw(st.sampled_from([None, HERE]))
        if kind == "extra" and any(other.kind == "extra" for other in found):
            continue  # the database refuses extra hours in two places at once
        found.append(Deviation(kind, opens, closes, place, "Asia/Colombo" if kind == "extra" else None))
    return found


def works(blocks: list[Block], deviations: list[Deviation], moment: datetime) -> set[UUID]:
    """Where the consultant works at `moment`, decided from the laws alone."""

    def told(kinds: set[str]) -> list[Deviation]:
        return [each for each in deviations if each.kind in kinds and each.start <= moment < each.end]

    places = {each.location_id for each in told({"extra"})} or {
        block.location_id for block in blocks if in_block(block, moment)
    }
    closed = {each.location_id for each in told({"leave", "blocked"})}
    return {place for place in places if place and place not in closed and None not in closed}


def in_block(block: Block, moment: datetime) -> bool:
    wall = moment.astimezone(ZoneInfo(block.zone))
    minute = wall.hour * 60 + wall.minute
    return (
        wall.fold == 0
        and wall.weekday() == block.weekday
        and block.starts <= minute < block.ends
        and (block.valid_from or date.min) <= wall.date() <= (block.valid_to or date.max)
    )


@settings(max_examples=60)
@given(st.data(), weeks(), st.sampled_from(STARTS))
def test_working_time_is_exactly_where_every_quarter_of_an_hour_says_it_is(
    data: st.DataObject, blocks: list[Block], start: datetime
) -> None:
    told = data.draw(deviations(start))
    end = start + timedelta(days=4)
    found = working_time(blocks, told, start, end)
    for count in range((end - start) // QUARTER):
        moment = start + QUARTER * count
        here = {stretch.location_id for stretch in found if stretch.start <= moment < stretch.end}
        assert here == works(blocks, told, moment), moment


@settings(max_examples=60)
@given(st.data(), weeks(), st.sampled_from(STARTS))
def test_stretches_are_inside_the_period_ordered_and_never_touch_at_one_location(
    data: st.DataObject, blocks: list[Block], start: datetime
) -> None:
    end = start + timedelta(days=4)
    found = working_time(blocks, data.draw(deviations(start)), start, end)
    assert found == sorted(found, key=lambda stretch: (stretch.start, stretch.location_id))
    for place in (HERE, THERE):
        here = [stretch for stretch in found if stretch.location_id == place]
        assert all(earlier.end < later.start or earlier.zone != later.zone for earlier, later in pairwise(here))
    assert all(start <= stretch.start < stretch.end <= end and stretch.anchor <= stretch.start for stretch in found)


def test_a_night_shift_of_two_blocks_is_one_stretch_that_holds_a_visit_over_midnight() -> None:
    blocks = [Block(HERE, "Asia/Colombo", 0, 1320, 1440), Block(HERE, "Asia/Colombo", 1, 0, 120)]
    midnight = datetime(2026, 11, 30, 18, 30, tzinfo=UTC)  # Tuesday begins in Colombo
    found = working_time(blocks, [], midnight - timedelta(hours=6), midnight + timedelta(hours=6))
    assert [(stretch.start, stretch.end) for stretch in found] == [
        (midnight - timedelta(hours=2), midnight + timedelta(hours=2))
    ]
    assert covering(found, midnight - QUARTER, midnight + QUARTER) == found[0]
    assert covering(found, midnight + timedelta(minutes=115), midnight + timedelta(minutes=125)) is None


def test_what_is_cut_away_does_not_move_the_anchor() -> None:
    blocks = [Block(HERE, "Asia/Colombo", 0, 540, 780)]
    opens = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)
    meeting = Deviation("blocked", opens, opens + timedelta(minutes=67))
    found = working_time(blocks, [meeting], opens + timedelta(hours=2), opens + timedelta(hours=24))
    assert [(stretch.start, stretch.anchor) for stretch in found] == [(opens + timedelta(hours=2), opens)]


def test_extra_hours_inside_a_leave_are_not_worked() -> None:
    start = datetime(2026, 11, 30, tzinfo=UTC)
    extra = Deviation("extra", start, start + timedelta(hours=4), HERE, "Asia/Colombo")
    leave = Deviation("leave", start, start + timedelta(hours=24))
    assert working_time([], [extra, leave], start, start + timedelta(hours=24)) == []


def test_blocks_of_two_zones_that_meet_in_real_time_are_a_clash() -> None:
    colombo = Block(HERE, "Asia/Colombo", 0, 540, 780)
    london = Block(THERE, "Europe/London", 0, 180, 300)
    after_it = Block(THERE, "Europe/London", 0, 540, 600)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert first_clash([colombo, london], start, start + timedelta(days=30)) is not None
    assert first_clash([colombo, after_it], start, start + timedelta(days=30)) is None


def test_stretches_of_different_locations_are_never_joined() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    one = Stretch(HERE, "Asia/Colombo", moment, moment + QUARTER, moment)
    two = Stretch(THERE, "Asia/Colombo", moment + QUARTER, moment + 2 * QUARTER, moment + QUARTER)
    assert len(join([one, two])) == 2
