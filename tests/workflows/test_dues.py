"""Paid some hours before the visit: the card is kept, charged at its time, and never for what does not take place."""

from datetime import timedelta

import pytest

from careconnect.ids import uuid7
from services.appointments.schemas import Status
from services.consultants.schemas import PaymentPolicy, Tax
from services.payments.states import Method, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import AuthoriseRequest, CaptureRequest, CollectRequest, Resolution
from workflows.payment import PaymentCapture

DAY_BEFORE = PaymentPolicy(kind="full", when="before", hours_before=24)
FAILS_LATER = "pm_card_chargeCustomerFail"


@pytest.fixture(autouse=True)
def before(office: Office) -> None:
    """Let the visit, ten days from now, be paid a day before."""
    office.consultants.policy = DAY_BEFORE


async def booked(office: Office, token: str = "pm_card_visa") -> None:  # noqa: S107 - a test card
    outcome = await office.book(token)
    assert outcome.refused is None
    await office.accompanied()


async def test_the_card_is_kept_and_charged_at_its_time_and_then_forgotten(office: Office) -> None:
    await booked(office)
    assert (list(office.till.cards.values()), office.till.kept()) == (["pm_card_visa"], 0)
    await office.pass_time(office.payment(), timedelta(days=8, hours=23))
    assert office.count("authorise") == 0
    await office.pass_time(office.payment(), timedelta(hours=2))
    await office.until(lambda: office.till.kept() == PRICE.amount and not office.till.cards)
    await office.cancel()
    await office.process.result()
    assert office.till.kept() == 0


async def test_what_is_cancelled_before_its_time_is_never_charged(office: Office) -> None:
    await booked(office)
    await office.cancel()
    await office.process.result()
    assert (await office.payment().result()).refused.code == "called_off"
    assert (office.count("authorise"), office.till.cards) == (0, {})


async def test_a_visit_so_soon_that_its_time_has_come_is_paid_when_it_is_booked(office: Office) -> None:
    office.start -= timedelta(days=9, hours=1)
    outcome = await office.book()
    assert outcome.payment is not None
    assert (outcome.payment.status, office.count("keep_card")) == (PaymentStatus.captured, 0)


@pytest.mark.parametrize(("token", "code"), [(None, "invalid_input"), ("pm_card_chargeDeclined", "card_declined")])
async def test_without_a_card_that_can_be_kept_nothing_is_booked(office: Office, token: str | None, code: str) -> None:
    outcome = await office.book(token)
    assert outcome.refused is not None
    assert (outcome.refused.code, office.till.cards) == (code, {})
    assert all(row.status == Status.EXPIRED for row in office.appointments.rows.values())


async def test_a_moved_visit_is_charged_at_the_time_of_the_new_one(office: Office) -> None:
    await booked(office)
    await office.move(office.start + timedelta(days=5))
    await office.pass_time(office.payment(), timedelta(days=9, hours=1))
    assert office.count("authorise") == 0
    await office.pass_time(office.payment(), timedelta(days=5))
    await office.until(lambda: office.till.kept() == PRICE.amount)


async def test_a_decline_is_told_and_waits_for_a_person_until_it_is_paid_another_way(office: Office) -> None:
    await booked(office, FAILS_LATER)
    await office.pass_time(office.payment(), timedelta(days=9, hours=1))
    await office.until(lambda: office.row.needs_attention == "collect_payment")
    await office.until(lambda: ("payment_failed", 1, None) in office.told)
    retry = Resolution(actor=office.actor, action="retry")
    await office.process.execute_update(AppointmentBooking.resolve, retry, id="too early")
    assert office.row.needs_attention == "collect_payment"
    report, dollars = uuid7(), PRICE.model_copy(update={"currency": "USD"})
    office.till.add(report, office.appointment_id, dollars, PaymentStatus.captured, method=Method.cash)
    office.till.payments[report] = office.till.payments[report].model_copy(update={"refunded": dollars - dollars})
    await office.process.execute_update(AppointmentBooking.resolve, retry, id="other money")
    assert office.row.needs_attention == "collect_payment"
    office.till.add(uuid7(), office.appointment_id, PRICE, PaymentStatus.captured, method=Method.cash)
    await office.process.execute_update(AppointmentBooking.resolve, retry, id="paid")
    assert office.row.needs_attention is None


async def test_a_decline_cancels_the_visit_where_the_policy_says_so(office: Office) -> None:
    office.consultants.policy = DAY_BEFORE.model_copy(update={"on_decline": "cancel"})
    await booked(office, FAILS_LATER)
    await office.pass_time(office.payment(), timedelta(days=9, hours=1))
    await office.process.result()
    assert (office.row.status, office.till.kept()) == (Status.CANCELLED, 0)


async def test_reserved_money_is_reserved_anew_before_that_lapses(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="none")
    await office.book(None)
    key = uuid7()
    wanted = AuthoriseRequest(
        actor=office.actor, payment_id=key, amount=PRICE, token="pm_card_visa",
        invoice_id=ids.invoice_of(office.appointment_id),
    )  # fmt: skip
    process = await office.client.start_workflow(
        PaymentCapture.run, CollectRequest(actor=office.actor, payment_id=key, authorise=wanted),
        id=ids.payment(key), task_queue=office.queue,
    )  # fmt: skip
    await office.until(lambda: office.till.kept() == PRICE.amount)
    for turn in (1, 2):
        await office.pass_time(process, timedelta(days=6, hours=1))
        await office.until(lambda turn=turn: office.till.renewed[-1:] == [turn])  # type: ignore[misc]
    await process.execute_update(PaymentCapture.capture, CaptureRequest(actor=office.actor, payment_id=key))
    await office.pass_time(process, timedelta(days=7))
    assert office.till.renewed == [1, 2]


async def test_the_invoice_of_a_taxed_visit_says_so(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="none")
    office.consultants.tax = Tax(rate=1800, inclusive=False)
    await office.book(None)
    (invoice,) = office.till.invoices.values()
    assert invoice.total.amount == 413_000
