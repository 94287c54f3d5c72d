"""Free follow-ups: after a paid visit, so many more within so many days cost nothing."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from activities.follow_ups import FollowUps
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.schemas import Status
from services.consultants.schemas import FollowUpPolicy, Offer
from tests.web.clinic import Clinic, visit_type

START = datetime(2026, 12, 20, 9, tzinfo=UTC)
TYPE, OTHER_TYPE, SKIN = uuid7(), uuid7(), uuid7()


class Had:
    """What a patient has had: days before the next visit, how it ended, what was paid, and whether it was free."""

    def __init__(self, *visits: tuple[float, Status, int, bool], kind: UUID = TYPE) -> None:
        self.visits = [
            SimpleNamespace(
                id=uuid7(),
                status=status,
                start=START - timedelta(days=days),
                visit_type_id=kind,
                paid=paid,
                free=free,
                created_at=START - timedelta(days=30 + days),
            )
            for days, status, paid, free in visits
        ]

    async def list(self, _actor: Any, wanted: Any, **_: Any) -> Any:
        """List those in the span that was asked for."""
        inside = [one for one in self.visits if wanted.from_ <= one.start < wanted.to]
        return SimpleNamespace(items=inside)

    async def for_appointment(self, _actor: Any, key: UUID) -> Any:
        """Tell the money of one."""
        (one,) = [one for one in self.visits if one.id == key]
        money = Money(amount=one.paid, currency="LKR")
        payments = [SimpleNamespace(captured=money, refunded=Money(amount=0, currency="LKR"))]
        return SimpleNamespace(payments=payments, invoices=[] if one.free else ["invoice"])

    async def visit_types(self, _actor: Any) -> Any:
        """Tell which types are of which speciality."""
        kinds = [(TYPE, "Cardiology"), (OTHER_TYPE, "Cardiology"), (SKIN, "Dermatology")]
        return SimpleNamespace(items=[SimpleNamespace(id=key, specialty=name) for key, name in kinds])


async def price(had: Had, itself: UUID | None = None, **policy: Any) -> tuple[int, str | None]:
    """Ask what the next visit costs, and why it is free."""
    fakes: Any = had
    cost = Money(amount=3500, currency="LKR")
    said: dict[str, Any] = {"visit_type_id": TYPE, "start": START, "price": cost, "listed": cost}
    said |= {"specialty": "Cardiology", "free_because": None}
    offer = Offer.model_construct(**said, follow_up=FollowUpPolicy(**({"visits": 1, "days": 14} | policy)))
    found = await FollowUps(fakes, fakes, fakes).priced(uuid7(), offer, uuid7(), itself)
    return found.price.amount, found.free_because


DONE, COMING, GONE = Status.FULFILLED, Status.BOOKED, Status.CANCELLED
PAID = (5.0, DONE, 3500, False)
FREE, FULL = (0, "follow_up"), (3500, None)


@pytest.mark.parametrize(
    ("had", "policy", "expected"),
    [
        (Had(), {}, FULL),
        (Had(PAID), {}, FREE),
        (Had((15, DONE, 3500, False)), {}, FULL),
        (Had((14, DONE, 3500, False)), {}, FREE),
        (Had((5, DONE, 0, False)), {}, FULL),
        (Had((5, COMING, 3500, False)), {}, FULL),
        (Had((5, GONE, 3500, False)), {}, FULL),
        (Had(PAID, (2, DONE, 0, True)), {}, FULL),
        (Had(PAID, (2, DONE, 0, True)), {"visits": 2}, FREE),
        (Had(PAID, (2, GONE, 0, True)), {}, FREE),
        (Had(PAID, (-3, COMING, 0, True)), {}, FULL),
        (Had(PAID, kind=OTHER_TYPE), {}, FULL),
        (Had(PAID, kind=OTHER_TYPE), {"of": "specialty"}, FREE),
        (Had(PAID, kind=SKIN), {"of": "specialty"}, FULL),
    ],
    ids=[
        "the first visit", "after a paid one", "too late", "on the last day", "after one that nobody paid",
        "after one still to come", "after one that was cancelled", "the free one is used", "two are free",
        "a cancelled free one does not count", "a coming free one counts", "another type", "the same speciality",
        "another speciality",
    ],
)  # fmt: skip
async def test_only_so_many_visits_in_so_many_days_after_a_paid_one_are_free(
    had: Had, policy: dict[str, Any], expected: tuple[int, str | None]
) -> None:
    assert await price(had, **policy) == expected


async def test_a_follow_up_is_booked_without_an_invoice_and_the_next_visit_costs_again(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    clinic = await Clinic.begin(edge, http)
    clinic.paid_visit = await clinic.made("/visit-types", visit_type(follow_up={"visits": 1, "days": 14}))
    patient = await clinic.patient()
    first = await clinic.expected(patient_id=patient)
    for step in ("arrival", "check-in", "completion"):
        done = await clinic.post(f"/appointments/{first['id']}/{step}")
        assert done.status_code == 200, done.text
    free = await clinic.booked(patient_id=patient, card=None)
    assert (free["invoice"], free["payment"]) == (None, None)
    third = await clinic.booked(patient_id=patient)
    assert third["payment"]["captured"]["amount"] == 350_000


async def test_of_two_that_are_held_at_once_the_first_stays_free_and_each_sees_the_other() -> None:
    had = Had(PAID, (-1, Status.HELD, 0, True), (-2, Status.HELD, 0, True))
    _, first, second = had.visits
    assert [await price(had, itself=one.id) for one in (first, second)] == [FREE, FULL]


async def test_of_two_follow_ups_that_are_booked_at_the_same_moment_one_is_free(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    clinic = await Clinic.begin(edge, http)
    clinic.paid_visit = await clinic.made("/visit-types", visit_type(follow_up={"visits": 1, "days": 14}))
    patient = await clinic.patient()
    first = await clinic.expected(patient_id=patient)
    for step in ("arrival", "check-in", "completion"):
        done = await clinic.post(f"/appointments/{first['id']}/{step}")
        assert done.status_code == 200, done.text
    wishes = [await clinic.wish(patient_id=patient) for _ in range(2)]
    both = await asyncio.gather(*(clinic.post("/appointments", json=wish) for wish in wishes))
    assert [one.status_code for one in both] == [201, 201], [one.text for one in both]
    assert sorted(bool(one.json()["payment"]) for one in both) == [False, True]
