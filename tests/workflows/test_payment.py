"""The laws of a payment's process: collecting, capturing, letting go, returning, and being settled."""

from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.errors import CaptureFailed, RefundExceedsCaptured, RefundFailed
from services.payments.states import InvoiceStatus, PaymentStatus
from tests.workflows.cashier import Cashier
from tests.workflows.office import Office
from tests.workflows.services import PRICE
from tests.workflows.till import HALF
from tests.workflows.trouble import Trouble, for_good, refusing, silence
from workflows import ids, policies
from workflows.contracts import (
    CaptureRequest,
    CollectRequest,
    PaymentTarget,
    Settlement,
)
from workflows.payment import PaymentCapture

DAY = timedelta(days=1)


@pytest.fixture
def desk(office: Office) -> Cashier:
    """Give a desk."""
    return Cashier(office)


async def test_a_card_is_authorised_and_captured_in_one_answer(desk: Cashier) -> None:
    result = await desk.collect()
    assert result.payment
    assert (result.payment.status, result.request_hash) == (PaymentStatus.captured, "hash")
    assert [one for one in desk.office.calls if one in {"authorise", "capture"}] == ["authorise", "capture"]


async def test_cash_is_taken_without_a_gateway_step(desk: Cashier) -> None:
    await desk.collect(None)
    assert (desk.status, desk.office.count("capture")) == (PaymentStatus.captured, 0)


async def test_a_declined_card_is_an_answer_and_ends_the_process(desk: Cashier) -> None:
    result = await desk.collect("pm_card_chargeDeclined")
    assert result.refused
    assert result.refused.code == "card_declined"
    await desk.result()


async def test_a_capture_that_is_refused_lets_the_money_go_and_leaves_the_invoice_open(desk: Cashier) -> None:
    desk.office.on("capture", refusing(CaptureFailed()))
    result = await desk.collect()
    assert result.refused
    assert desk.status == PaymentStatus.voided
    assert desk.office.till.invoices[desk.invoice_id].status == InvoiceStatus.issued
    await desk.result()


async def test_a_lost_connection_is_asked_again_under_the_same_id(desk: Cashier) -> None:
    desk.office.on("authorise", silence)
    desk.office.on("capture", silence)
    await desk.collect()
    assert (desk.office.till.kept(), len(desk.office.till.payments)) == (PRICE.amount, 1)


async def test_a_gateway_that_stays_silent_is_given_up_and_nothing_is_kept(desk: Cashier) -> None:
    desk.office.on("authorise", for_good)
    result = await desk.collect()
    assert result.refused
    assert result.refused.code == "gateway_unavailable"
    assert desk.payment_id in desk.office.till.released


@pytest.mark.parametrize(
    ("step", "trouble"), [("authorise", for_good), ("capture", refusing(CaptureFailed()))], ids=["authorise", "capture"]
)
async def test_money_that_cannot_be_let_go_is_not_called_free_and_is_let_go_later_with_a_person_looking(
    desk: Cashier, step: str, trouble: Trouble
) -> None:
    desk.office.on(step, trouble)
    desk.office.on("release_payment", refusing(RefundFailed()), refusing(RefundFailed()))
    result = await desk.collect()
    assert result.refused
    assert (result.refused.code, result.refused.status) == ("payment_unresolved", 409)
    process = desk.office.payment(desk.payment_id)
    assert (await process.query(PaymentCapture.progress))["stage"] == "waiting_for_person"
    assert await _attention(process) is True
    await desk.office.pass_time(process, policies.HEAL_EVERY)
    assert (await _attention(process), desk.office.till.kept() > 0) == (True, step == "capture")
    await desk.office.pass_time(process, 2 * policies.HEAL_EVERY)
    await desk.result()
    assert (await _attention(process), desk.office.till.kept(), desk.office.count("release_payment")) == (False, 0, 3)


async def test_somebody_who_looks_can_have_it_let_go_at_once(desk: Cashier) -> None:
    desk.office.on("capture", refusing(CaptureFailed()))
    desk.office.on("release_payment", refusing(RefundFailed()), refusing(RefundFailed()))
    await desk.collect()
    process = desk.office.payment(desk.payment_id)
    await process.signal(PaymentCapture.ask_again)
    await desk.office.until(lambda: desk.office.count("release_payment") == 2)
    assert await _attention(process) is True
    await process.signal(PaymentCapture.ask_again)
    await desk.result()
    assert (await _attention(process), desk.office.till.kept()) == (False, 0)


async def test_a_reservation_that_nobody_takes_and_that_cannot_be_let_go_waits_for_a_person(desk: Cashier) -> None:
    await desk.collect(capture=False)
    process = desk.office.payment(desk.payment_id)
    desk.office.on("release_payment", refusing(RefundFailed()))
    for _ in range(6):
        await desk.office.pass_time(process, policies.RENEW_AFTER)
    await desk.office.until(lambda: desk.office.count("release_payment") == 1)
    assert (await process.query(PaymentCapture.progress))["stage"] == "waiting_for_person"
    assert await _attention(process) is True
    await desk.office.pass_time(process, policies.HEAL_EVERY)
    await desk.result()
    assert (await _attention(process), desk.status) == (False, PaymentStatus.voided)


async def _attention(process: WorkflowHandle[Any, Any]) -> bool | None:
    described = await process.describe()
    return described.typed_search_attributes.get(ids.NEEDS_ATTENTION)


async def test_reserved_money_is_captured_or_let_go_when_asked(desk: Cashier) -> None:
    await desk.collect(capture=False)
    assert desk.office.count("capture") == 0
    target = PaymentTarget(actor=desk.office.actor, payment_id=desk.payment_id)
    await desk.ask(PaymentCapture.void, target)
    assert desk.status == PaymentStatus.voided
    await desk.result()


async def test_a_part_of_the_reserved_money_may_be_captured(desk: Cashier) -> None:
    await desk.collect(capture=False)
    asked = CaptureRequest(actor=desk.office.actor, payment_id=desk.payment_id, amount=HALF)
    result = await desk.ask(PaymentCapture.capture, asked)
    assert result.payment
    assert result.payment.captured == HALF


async def test_money_goes_back_while_the_process_runs_and_once_per_request(desk: Cashier) -> None:
    await desk.collect()
    key = uuid7()
    first = await desk.refund(HALF, key)
    assert await desk.refund(HALF, key) == first
    assert desk.office.till.kept() == HALF.amount


async def test_a_payment_that_is_returned_in_full_ends_its_process(desk: Cashier) -> None:
    await desk.collect()
    await desk.refund()
    await desk.result()


async def test_a_refund_that_is_refused_is_an_answer_and_changes_nothing(desk: Cashier) -> None:
    await desk.collect()
    desk.office.on("refund", refusing(RefundExceedsCaptured()))
    result = await desk.refund()
    assert result.refused
    assert desk.office.till.kept() == PRICE.amount


async def test_after_the_refund_window_the_process_ends_and_a_later_refund_begins_it_again(desk: Cashier) -> None:
    await desk.collect()
    await desk.office.pass_time(desk.office.payment(desk.payment_id), policies.REFUND_WINDOW + DAY)
    await desk.result()
    await desk.refund(HALF)
    assert desk.office.till.kept() == HALF.amount


async def test_a_payment_of_a_booking_waits_for_the_visit_and_then_for_refunds(office: Office) -> None:
    payment = office.till.add(uuid7(), None, PRICE, PaymentStatus.captured)
    handle = await office.client.start_workflow(
        PaymentCapture.run,
        CollectRequest(actor=office.actor, payment_id=payment.id, payment=payment, accompanied=True),
        id=ids.payment(payment.id),
        task_queue=office.queue,
    )
    assert (await handle.query(PaymentCapture.progress))["stage"] == "waiting_for_visit"
    assert "read_payment" not in office.calls
    await handle.signal(PaymentCapture.settle, Settlement(actor=office.actor))
    assert (await handle.query(PaymentCapture.progress))["stage"] == "refund_window"
    await office.pass_time(handle, policies.REFUND_WINDOW)
    await handle.result()
    assert office.till.kept() == PRICE.amount


@pytest.mark.parametrize(
    ("status", "keep", "kept"),
    [
        (PaymentStatus.authorised, None, 0), (PaymentStatus.captured, None, 0),
        (PaymentStatus.authorised, HALF, HALF.amount), (PaymentStatus.captured, HALF, HALF.amount),
        (PaymentStatus.captured, PRICE + PRICE, PRICE.amount), (PaymentStatus.authorised, PRICE + PRICE, PRICE.amount),
        (PaymentStatus.voided, HALF, 0),
    ],
)  # fmt: skip
async def test_a_settlement_keeps_what_it_says_and_no_more_than_there_is_however_often_it_comes(
    office: Office, status: PaymentStatus, keep: Money | None, kept: int
) -> None:
    payment = office.till.add(uuid7(), None, PRICE, status)
    settlement = Settlement(actor=office.actor, keep=keep, reason="pat", appointment_id=uuid7())
    handle = await office.client.start_workflow(
        PaymentCapture.run,
        CollectRequest(actor=office.actor, payment_id=payment.id, settlement=settlement),
        id=ids.payment(payment.id),
        task_queue=office.queue,
        start_signal="settle",
        start_signal_args=[settlement],
    )
    if kept:
        await office.pass_time(handle, policies.REFUND_WINDOW + DAY)
    await handle.result()
    assert office.till.kept() == kept
