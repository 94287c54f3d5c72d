"""What the demo clinic is to be: the same every time, and possible."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from operations.seed import clinic, scale
from operations.seed.demo import COMING, PAST, PATIENTS, Demo, demo
from operations.seed.fates import Visit
from operations.seed.ground import TENANT, Ground
from operations.seed.money import Account, account
from operations.seed.people import described
from services.appointments.schemas import OCCUPYING, Status
from services.payments.states import InvoiceStatus

WEDNESDAY_NOON = Ground(TENANT, datetime(2026, 3, 18, 6, 40, tzinfo=UTC))
SUNDAY_NIGHT = replace(WEDNESDAY_NOON, moment=datetime(2026, 3, 22, 17, 0, tzinfo=UTC))
FIRST_OF_JANUARY = replace(WEDNESDAY_NOON, moment=datetime(2026, 1, 1, 4, 0, tzinfo=UTC))


@pytest.fixture(scope="module", params=[WEDNESDAY_NOON, SUNDAY_NIGHT, FIRST_OF_JANUARY], ids=lambda one: one.today)
def ground(request: pytest.FixtureRequest) -> Ground:
    """Give the moment that a demo is made at."""
    found: Ground = request.param
    return found


@pytest.fixture(scope="module")
def told(ground: Ground) -> Demo:
    """Make the demo up."""
    return demo(ground)


def test_the_same_moment_gives_the_same_clinic(ground: Ground, told: Demo) -> None:
    again = demo(ground)
    assert again.visits == told.visits
    assert again.patients == told.patients
    names = [[described(ground, "clinic", one) for one in made.patients.people] for made in (told, again)]
    assert names[0] == names[1]


def test_another_tenant_gets_other_keys(ground: Ground, told: Demo) -> None:
    other = demo(replace(ground, tenant_id=ground.id("another")))
    assert not {one.id for one in other.visits} & {one.id for one in told.visits}


def test_there_are_as_many_of_everything_as_was_asked_for(told: Demo) -> None:
    assert len(told.doctors) == len(clinic.CONSULTANTS) == 12
    assert len({one.hiring.specialty for one in told.doctors}) == 8
    assert len(told.patients.people) == PATIENTS == 300
    assert len(told.visits) == PAST + COMING
    assert 350 <= sum(one.occupies for one in told.visits) <= COMING
    assert {one.status for one in told.visits} >= {Status.BOOKED, Status.FULFILLED, Status.CANCELLED, Status.NO_SHOW}


def test_what_is_over_has_ended_and_what_comes_has_not_taken_place(ground: Ground, told: Demo) -> None:
    over = {one.status for one in told.visits if one.place.end <= ground.moment}
    coming = {one.status for one in told.visits if one.place.start > ground.moment}
    assert not over & OCCUPYING
    assert coming <= {Status.BOOKED, Status.ARRIVED, Status.CANCELLED, Status.EXPIRED}


def test_nothing_is_told_of_the_future(ground: Ground, told: Demo) -> None:
    for visit in told.visits:
        moments = [visit.entry.booked_at, visit.since, visit.moved_at, visit.arrived_at, visit.checked_in_at]
        assert max(moment for moment in moments if moment) <= ground.moment
        assert visit.entry.patient.registered_at < visit.entry.booked_at < visit.place.start


def test_a_consultant_is_never_in_two_visits_and_a_patient_has_one_a_day(told: Demo) -> None:
    by_doctor = sorted(told.visits, key=lambda one: (one.place.doctor.number, one.place.start))
    for one, following in pairwise(by_doctor):
        if one.place.doctor is following.place.doctor and one.place != following.place:
            assert one.place.occupied[1] <= following.place.occupied[0]
    days = Counter((one.entry.patient.id, one.place.start.date()) for one in told.visits)
    assert set(days.values()) == {1}


def test_visits_lie_inside_hours_at_starts_that_the_catalogue_offers(told: Demo) -> None:
    for visit in told.visits:
        place, step = visit.place, timedelta(minutes=visit.place.type.terms.slot_step_minutes)
        found = place.doctor.working_time(place.start - timedelta(days=1), place.end + timedelta(days=1))
        here = next(one for one in found if one.start <= place.start and place.end <= one.end)
        assert here.location_id == place.location_id
        assert (place.start - here.anchor) % step == timedelta(0)


def test_who_is_on_leave_has_no_visits_to_come(ground: Ground, told: Demo) -> None:
    away = {one.id for one in told.doctors if one.hiring.on_leave}
    assert len(away) == 1
    assert not [one for one in told.visits if one.place.doctor.id in away and one.place.start > ground.moment]


def test_the_coming_week_is_denser_than_the_one_after_it(ground: Ground, told: Demo) -> None:
    ahead = Counter((one.place.start - ground.moment).days // 7 for one in told.visits if one.occupies)
    assert ahead[0] > ahead[1] > ahead[3]


def test_people_are_told_apart_by_their_identity_cards(ground: Ground, told: Demo) -> None:
    cards = [described(ground, "clinic", one)[0].national_id for one in told.patients.people]
    known = [card for card in cards if card]
    assert len(set(known)) == len(known)


def accounts(visits: list[Visit]) -> list[Account]:
    """Work out the money of some visits."""
    return [books for visit in visits if (books := account(visit))]


def test_money_is_kept_only_as_far_as_a_visit_or_a_policy_justifies_it(told: Demo) -> None:
    for books in accounts(told.visits):
        policy, kept = books.visit.place.type.terms.cancellation_policy, books.paid - books.refunded
        share = {Status.CANCELLED: policy.fee_percent * books.visit.late, Status.NO_SHOW: policy.no_show_fee_percent}
        allowed = books.visit.price.percent(share.get(books.visit.status, 100)).amount
        assert 0 <= kept <= allowed
        assert books.visit.status != Status.EXPIRED or not books.paid


def test_every_entry_of_the_ledger_balances(told: Demo) -> None:
    for books in accounts(told.visits):
        for _, booking in books.bookings():
            assert sum(amount for _, amount in booking.lines) == 0
            assert len(booking.lines) >= 2


def test_some_of_each_ending_of_an_invoice_is_there(told: Demo) -> None:
    ends = Counter(books.status for books in accounts(told.visits))
    assert ends[InvoiceStatus.balanced] > ends[InvoiceStatus.issued] > 0
    assert ends[InvoiceStatus.cancelled] > 0
    assert any(0 < books.refunded < books.paid for books in accounts(told.visits))


def test_a_longer_measurement_makes_the_shorter_one_first() -> None:
    ground = WEDNESDAY_NOON
    doctors = scale._doctors(ground, 2)  # noqa: SLF001 - what a run writes is the promise, and this is what it writes
    short = [one for made in scale._practices(ground, doctors[:1], 400) for one in made.visits]  # noqa: SLF001
    long = [one for made in scale._practices(ground, doctors, scale.EACH + 10) for one in made.visits]  # noqa: SLF001
    assert (len(short), len(long)) == (400, scale.EACH + 10)
    assert long[:400] == short
    assert all(one.status not in OCCUPYING for one in long)
