"""Large clinics: weeks of their working time are looked through span by span, and the nearest times are the nearest."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from temporalio.testing import ActivityEnvironment

from activities.free_times import MOST, FreeTimes, Wish, spans
from activities.slots import SlotActivities
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import MOST_WINDOWS
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import VisitType, Window
from web.gateway.finding import SlotQuery, find_slots
from workflows.contracts import AlternativesRequest

MONDAY = datetime(2031, 3, 3, tzinfo=UTC)
DAY = timedelta(days=1)
HORIZON = 30


class Large(ConsultantsClient):
    """Sixty consultants, each of whom works two blocks a day and offers visits of half an hour."""

    def __init__(self, horizon: int = HORIZON) -> None:
        self.horizon = horizon
        self.people = [uuid7() for _ in range(60)]
        self.place, self.kind = uuid7(), uuid7()
        self.looked: list[tuple[datetime, datetime]] = []

    async def visit_type(self, _actor: Actor, _visit_type_id: UUID) -> VisitType:
        nothing: dict[str, Any] = {"payment_policy": {"kind": "none"}, "price": {"amount": 0, "currency": "LKR"}}
        nothing |= {"cancellation_policy": {}, "reminder_offsets_hours": [], "mode": "in_person", "specialty": None}
        known = {"id": self.kind, "name": "Visit", "duration_minutes": 30, "slot_step_minutes": 30, "active": True}
        buffers = {"buffer_before_minutes": 0, "buffer_after_minutes": 0, "min_notice_minutes": 0}
        rest = {"horizon_days": self.horizon, "colour": "#000000", "consultant_ids": [], "version": 1}
        return VisitType.model_validate(nothing | known | buffers | rest)

    async def windows(  # type: ignore[override]
        self, _actor: Actor, start: datetime, end: datetime, _visit_type: UUID, **_: Any
    ) -> Any:
        self.looked.append((start, end))
        days = range((end.date() - start.date()).days + 1)
        midnight = start.replace(hour=0, minute=0)
        blocks = [
            (midnight + number * DAY + timedelta(hours=opens), midnight + number * DAY + timedelta(hours=opens + 4))
            for number in days
            for opens in (8, 13)
        ]
        return [
            Window(
                consultant_id=person, location_id=self.place, zone="UTC",
                start=max(begin, start), end=min(finish, end), anchor=begin,
            )
            for begin, finish in blocks
            if begin < end and start < finish
            for person in self.people
        ]  # fmt: skip


@pytest.fixture
def one(actor: Callable[..., Actor]) -> Actor:
    """Give somebody who may ask."""
    return actor("*")


@pytest.fixture
def appointments(connect: Callable[[Any], Any]) -> AppointmentsClient:
    found: AppointmentsClient = connect(AppointmentsClient)
    return found


def test_spans_adjoin_and_grow_and_end_where_the_search_does() -> None:
    found = list(spans(MONDAY, MONDAY + 40 * DAY))
    assert [(end - begin).days for begin, end in found] == [1, 6, 14, 14, 5]
    assert [end for _, end in found[:-1]] == [begin for begin, _ in found[1:]]


async def test_two_months_of_a_large_clinic_are_found_without_looking_at_all_of_them(
    appointments: AppointmentsClient, one: Actor
) -> None:
    clinic = Large(horizon=365)
    wanted = SlotQuery(visit_type_id=clinic.kind, from_=MONDAY, to=MONDAY + 62 * DAY, limit=50)
    with patch("careconnect.clock.now", lambda: MONDAY - 40 * DAY):
        found = await find_slots(clinic, appointments, one, wanted)
    assert [slot.start for slot in found] == [MONDAY + timedelta(hours=8)] * 50
    assert len(clinic.looked) == 1
    wish = Wish(one, await clinic.visit_type(one, clinic.kind), narrowed={"weekdays": [6]})
    sundays = await FreeTimes(clinic, appointments).soonest(wish, MONDAY, MONDAY + 62 * DAY, MOST)
    assert len({slot.start.date() for slot in sundays}) == 3, "sixteen starts of sixty people fill it within three days"
    assert len(await clinic.windows(one, MONDAY, MONDAY + 62 * DAY, clinic.kind)) > MOST_WINDOWS


async def test_more_working_time_than_one_question_takes_is_asked_for_in_parts(
    appointments: AppointmentsClient, one: Actor
) -> None:
    clinic = Large()
    wish = Wish(one, await clinic.visit_type(one, clinic.kind))
    end = MONDAY + 62 * DAY
    found = await FreeTimes(clinic, appointments).between(wish, MONDAY, end, until=end, limit=100)
    starts = [slot.start for slot in found]
    assert starts == sorted(starts)
    assert set(starts) == {MONDAY + timedelta(hours=8), MONDAY + timedelta(hours=8, minutes=30)}


async def nearest(clinic: Large, appointments: AppointmentsClient, actor: Actor, start: datetime) -> list[datetime]:
    """Ask for five alternatives to a start."""
    asked = AlternativesRequest(
        actor=actor, visit_type_id=clinic.kind, consultant_id=None, location_id=None, start=start
    )
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, scheduled_time=MONDAY)
    found = await environment.run(SlotActivities(clinic, appointments).alternatives, asked)
    return [slot.start for slot in found.slots]


@pytest.mark.parametrize(
    ("wanted", "away"),
    [("10:00", 0), ("12:10", -40), ("12:20", 40), ("17:30", -60)],
    ids=["at the time itself", "before a break", "after a break", "at the end of a day"],
)
async def test_of_a_large_clinic_the_nearest_free_times_are_named_on_whichever_side_they_are(
    appointments: AppointmentsClient, one: Actor, wanted: str, away: int
) -> None:
    start = datetime.fromisoformat(f"2031-03-06T{wanted}Z")
    assert await nearest(Large(), appointments, one, start) == [start + timedelta(minutes=away)] * 5


async def test_nothing_beyond_the_horizon_is_named(appointments: AppointmentsClient, one: Actor) -> None:
    last = MONDAY + HORIZON * DAY
    found = await nearest(Large(), appointments, one, last + DAY / 2)
    assert found == [last - timedelta(hours=7, minutes=30)] * 5
    assert await nearest(Large(), appointments, one, last + 3 * DAY) == []
