"""The money check as a process: what fails is said to be missing, what it asks, and where a restart goes on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.beside import BesideActivities
from activities.kept_money import Judge
from activities.money_check import MoneyCheckActivities
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Ending, Status
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import CancellationPolicy, CancellationTerms
from services.payments.client import PaymentsClient
from services.payments.schemas import BooksAsk, BooksCompared, Compared, Kept, KeptOf
from tests.workflows.books import NOW, Books
from tests.workflows.conftest import working
from workflows import ids
from workflows.contracts import (
    CheckStep,
    MoneyCheckRequest,
    MoneyCheckResult,
)
from workflows.money_check import MoneyCheck
from workflows.payment import PaymentCapture

TYPE = uuid7()


async def run_check(client: Client, books: Books) -> MoneyCheckResult:
    tenant_id = uuid7()
    async with working(client, [MoneyCheck, PaymentCapture], [*books.activities, BesideActivities(client).settle]):
        return await client.execute_workflow(
            MoneyCheck.run, MoneyCheckRequest(tenant_id=tenant_id), id=ids.money_check(tenant_id),
            task_queue=ids.BOOKINGS,
        )  # fmt: skip


async def test_everything_is_compared_and_counted_together(engine: Client) -> None:
    books = Books()
    result = await run_check(engine, books)
    assert (result.found, result.missing, books.matched) == (1, [], 7)


@pytest.mark.parametrize(
    ("silent", "missing"),
    [
        ("charges", ["charges", "refunds", "payments"]),
        ("invoices", ["invoices"]),
        ("payments", ["sums"]),
        ("visits", ["visits"]),
    ],
)
async def test_what_cannot_be_compared_is_missing_and_the_rest_is_not(
    engine: Client, silent: str, missing: list[str]
) -> None:
    assert (await run_check(engine, Books(silent))).missing == missing


class _Pages:
    """A payments service with three pages, which notes where each reading began."""

    def __init__(self) -> None:
        self.keys = [uuid7(), uuid7(), None]
        self.asked: list[UUID | None] = []

    async def compare_books(self, _actor: object, _check: UUID, asked: BooksAsk) -> BooksCompared:
        self.asked.append(asked.after)
        place = 0 if asked.after is None else self.keys.index(asked.after) + 1
        return BooksCompared(compared=Compared(checked=10, found=1), last=self.keys[place])


async def test_a_step_that_is_repeated_goes_on_where_it_was(tenant_id: UUID) -> None:
    pages, beats = _Pages(), []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details[0])
    steps = MoneyCheckActivities(
        cast("PaymentsClient", pages), cast("AppointmentsClient", None), cast("ConsultantsClient", None)
    )
    step = CheckStep(tenant_id=tenant_id, check_id=uuid7())
    assert await environment.run(steps.books, step) == Compared(checked=30, found=3)
    assert len(beats) == 2
    pages.asked.clear()
    environment.info = replace(environment.info, heartbeat_details=[beats[0]])
    assert await environment.run(steps.books, step) == Compared(checked=30, found=3)
    assert pages.asked == [pages.keys[0], pages.keys[1]]


def judged(
    ending: Ending | None, kept: int = 1_000, reserved: int = 0, since: timedelta = timedelta(days=90), due: int = 0
) -> list[tuple[str, int]]:
    """Judge what is held for one appointment; tell what is wrong and how much is held."""
    held = Kept(
        invoice_id=uuid7(), appointment_id=uuid7(), total=Money(amount=1_000, currency="LKR"),
        payments=[KeptOf(payment_id=uuid7(), kept=kept, reserved=reserved)], since=NOW - timedelta(days=2),
        due=due,
    )  # fmt: skip
    found = [ending.model_copy(update={"id": held.appointment_id})] if ending else []
    policy = CancellationPolicy(fee_percent=50, no_show_fee_percent=80)
    terms = [CancellationTerms(visit_type_id=TYPE, policy=policy, since=NOW - since)]
    judge = Judge(terms, NOW, timedelta(minutes=15))
    return [(one.kind.value, one.here or 0) for one in judge.orphans([held], found)]


def ended(status: Status | None, hours_ago: float = 48, late: bool = True, **also: Any) -> Ending:
    since = NOW - timedelta(hours=hours_ago)
    start = since + timedelta(hours=1 if late else 30)
    return Ending(
        id=uuid7(), status=status, status_since=since, start=start, visit_type_id=TYPE,
        created_at=NOW - timedelta(days=30), **also,
    )  # fmt: skip


def test_money_is_kept_only_as_far_as_the_policy_says() -> None:
    assert judged(None) == []  # it takes place
    assert judged(Ending(id=uuid7())) == [("kept_without_visit", 1_000)]
    assert judged(ended(Status.EXPIRED)) == [("kept_without_visit", 1_000)]
    assert judged(ended(Status.CANCELLED)) == [("kept_beyond_fee", 1_000)]
    assert judged(ended(Status.CANCELLED), kept=500) == []
    assert judged(ended(Status.CANCELLED, late=False), kept=500) == [("kept_beyond_fee", 500)]
    assert judged(ended(Status.NO_SHOW), kept=800) == []
    assert judged(ended(Status.NO_SHOW), kept=801) == [("kept_beyond_fee", 801)]
    assert judged(ended(Status.EXPIRED), kept=0, reserved=1_000) == [("authorisation_alone", 1_000)]


def test_nobody_goes_on_owing_for_a_visit_that_will_not_be() -> None:
    assert judged(None, kept=0, due=1_000) == []
    assert judged(ended(Status.CANCELLED), kept=0, due=1_000) == [("invoice_without_visit", 1_000)]
    assert judged(ended(Status.EXPIRED), kept=0, due=1_000) == [("invoice_without_visit", 1_000)]
    assert judged(ended(Status.CANCELLED, hours_ago=0.1), kept=0, due=1_000) == []
    # What is kept as a fee is judged by itself; the rest of such an invoice is for a person.
    assert judged(ended(Status.CANCELLED), kept=500, due=500) == []


def test_what_is_still_being_settled_is_left_alone() -> None:
    assert judged(ended(Status.EXPIRED, hours_ago=0.1)) == []
    assert judged(ended(Status.NO_SHOW, hours_ago=11), kept=900) == []
    assert judged(ended(Status.CANCELLED, needs_attention="return_money")) == []
    assert judged(ended(Status.CANCELLED), since=timedelta(0)) == []  # the policy was another when it was booked
