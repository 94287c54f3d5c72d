"""The laws of what becomes of the money when an appointment does not take place."""

from datetime import timedelta

import pytest
from temporalio.client import WorkflowHandle

from careconnect import clock
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.schemas import Status
from services.consultants.schemas import PaymentPolicy
from services.payments.errors import RefundFailed
from services.payments.states import InvoiceStatus, Method, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from tests.workflows.till import HALF
from tests.workflows.trouble import for_good, refusing
from workflows.booking import AppointmentBooking
from workflows.contracts import Resolution, Settlement
from workflows.payment import PaymentCapture


async def test_who_cancels_in_time_gets_everything_back_and_a_message(office: Office) -> None:
    await office.book()
    changed = await office.cancel()
    assert changed.appointment
    assert (changed.appointment.status, office.till.kept()) == (Status.CANCELLED, 0)
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.cancelled]
    await office.process.result()
    assert ("cancellation", 1, None) in office.told
    await office.reminders.result()


async def test_a_captured_payment_rests_until_its_visit_ends_or_somebody_asks_for_something(office: Office) -> None:
    await office.book()
    await office.accompanied()
    process = office.payment()
    assert [event.event_id for event in (await process.fetch_history()).events] == [1]
    await office.cancel()
    assert (await process.result()).payment
    assert office.till.kept() == 0


async def test_a_payment_that_rests_begins_by_itself_when_the_visit_ends(office: Office) -> None:
    await office.book()
    await office.accompanied()
    process = office.payment()
    await office.pass_time(process, office.row.end - clock.now() + timedelta(minutes=1))
    assert await process.query(PaymentCapture.progress) == {
        "stage": "waiting_for_visit",
        "status": PaymentStatus.captured,
        "request_hash": "",
    }


@pytest.mark.parametrize(("waived", "kept"), [(False, HALF.amount), (True, 0)])
async def test_who_cancels_late_pays_the_fee_unless_it_is_waived(office: Office, waived: bool, kept: int) -> None:
    office.start -= timedelta(days=9, hours=1)
    await office.book()
    await office.cancel(waive_fee=waived)
    await office.process.result()
    assert (office.till.kept(), office.till.ended) == (kept, {office.appointment_id: False})
    (invoice,) = office.till.invoices.values()
    assert invoice.total.amount - invoice.credited.amount == kept or invoice.status == InvoiceStatus.cancelled


async def test_a_fee_can_be_waived_as_long_as_the_cancellation_can_be_undone(office: Office) -> None:
    office.start -= timedelta(days=9, hours=1)
    await office.book()
    assert (await office.cancel(undoable=True)).fee == HALF
    assert (await office.cancel(undoable=True, waive_fee=True)).fee is None
    assert (await office.cancel(undoable=True)).fee is None, "somebody else cancels it once more"
    await office.pass_time(office.process, timedelta(minutes=11))
    await office.process.result()
    assert office.till.kept() == 0


async def test_a_fee_that_was_kept_for_good_is_not_waived_by_cancelling_once_more(office: Office) -> None:
    office.start -= timedelta(days=9, hours=1)
    await office.book()
    office.on("refund", for_good)
    assert (await office.cancel()).fee == HALF
    again = await office.cancel(waive_fee=True)
    assert again.refused
    assert again.refused.code == "wrong_state"


async def test_what_was_not_paid_is_not_owed_after_a_cancellation(office: Office) -> None:
    office.consultants.policy = PaymentPolicy(kind="none")
    await office.book(None)
    await office.cancel()
    assert [one.status for one in office.till.invoices.values()] == [InvoiceStatus.cancelled]


async def test_money_of_an_adopted_appointment_goes_back_whoever_took_it_and_however(office: Office) -> None:
    office.adopted()
    first, second = uuid7(), uuid7()
    office.till.add(first, office.appointment_id, HALF, PaymentStatus.authorised)
    office.till.add(second, office.appointment_id, HALF, PaymentStatus.captured, method=Method.cash)
    office.till.add(uuid7(), None, PRICE, PaymentStatus.captured)
    await office.book(None, adopted=True)
    await office.cancel()
    await office.process.result()
    assert office.till.payments[first].status == PaymentStatus.voided
    assert office.till.payments[second].refunded == HALF
    assert office.till.kept() == PRICE.amount


async def test_the_fee_of_a_late_cancellation_is_taken_from_the_oldest_payments_first(office: Office) -> None:
    office.start -= timedelta(days=9, hours=1)
    office.adopted()
    third = Money(amount=100_000, currency="LKR")
    keys = [uuid7(), uuid7(), uuid7()]
    for key in keys:
        office.till.add(key, office.appointment_id, third, PaymentStatus.captured)
    await office.book(None, adopted=True)
    await office.cancel()
    await office.process.result()
    left = [office.till.payments[key].captured.amount - office.till.payments[key].refunded.amount for key in keys]
    assert left == [100_000, 75_000, 0]


async def test_a_payment_whose_process_runs_is_settled_by_it(office: Office) -> None:
    await office.book()
    await office.accompanied()
    await office.cancel()
    await office.process.result()
    assert (await office.payment().result()).payment.status == PaymentStatus.captured
    assert office.till.kept() == 0


async def test_a_payment_whose_process_has_ended_is_settled_by_another(office: Office) -> None:
    await office.book()
    await office.accompanied()
    await office.payment().terminate()
    await office.cancel()
    await office.process.result()
    assert office.till.kept() == 0


async def test_a_refund_that_fails_is_flagged_and_made_again_when_a_person_says_so(office: Office) -> None:
    office.start -= timedelta(days=9, hours=1)
    await office.book()
    office.on("refund", refusing(RefundFailed()))
    await office.cancel()
    await office.until(lambda: office.row.needs_attention == "return_money")
    await office.process.execute_update(
        AppointmentBooking.resolve, Resolution(actor=office.actor, action="retry"), id="once"
    )
    await office.process.result()
    assert (office.till.kept(), office.row.needs_attention) == (HALF.amount, None)


async def test_a_person_may_let_a_failed_refund_be(office: Office) -> None:
    await office.book()
    office.on("release_payment", refusing(RefundFailed()))
    await office.cancel()
    await office.until(lambda: office.row.needs_attention == "return_money")
    await office.process.execute_update(AppointmentBooking.resolve, Resolution(actor=office.actor, action="skip"))
    await office.process.result()
    assert (office.till.kept(), office.row.needs_attention) == (PRICE.amount, None)


async def test_a_settlement_finds_the_process_that_the_desk_has_just_begun(office: Office) -> None:
    await office.book()
    await office.accompanied()
    handle: WorkflowHandle[PaymentCapture, object] = office.payment()
    await handle.signal(PaymentCapture.settle, Settlement(actor=office.actor))
    await office.cancel()
    await office.process.result()
    assert office.till.kept() == 0
