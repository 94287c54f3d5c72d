"""The laws of a payment's process: collecting, capturing, letting go, returning, and being settled."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.errors import CaptureFailed, RefundExceedsCaptured
from services.payments.schemas import LineWrite, NewInvoice
from services.payments.states import InvoiceStatus, Method, PaymentStatus
from tests.workflows.office import Office
from tests.workflows.services import PRICE, ZONE
from tests.workflows.till import CARD, HALF
from tests.workflows.trouble import for_good, refusing, silence
from workflows import ids, policies
from workflows.contracts import (
    AuthoriseRequest,
    CaptureRequest,
    CollectRequest,
    PaymentResult,
    PaymentTarget,
    RefundRequest,
    Settlement,
)
from workflows.payment import PaymentCapture

DAY = timedelta(days=1)


class Desk:
    """Somebody at the desk, with an open invoice."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.payment_id, self.invoice_id = uuid7(), uuid7()

    async def collect(self, token: str | None = CARD, *, capture: bool = True) -> PaymentResult:
        """Take money for the invoice."""
        lines = [LineWrite(description="Consultation", unit=PRICE)]
        owed = NewInvoice(id=self.invoice_id, patient_id=self.office.patients.known, lines=lines, zone=ZONE)
        await self.office.till.issue_invoice(self.office.actor, self.invoice_id, owed)
        asked = AuthoriseRequest(
            actor=self.office.actor, payment_id=self.payment_id, amount=PRICE, token=token, invoice_id=self.invoice_id,
            method=Method.card if token else Method.cash,
        )  # fmt: skip
        return await self.ask(PaymentCapture.collect, "hash", authorise=asked, capture=capture, request_hash="hash")

    async def ask(self, update: Any, argument: Any, *, update_id: str | None = None, **also: Any) -> PaymentResult:
        """Ask the payment's process, and start it if none runs."""
        request = CollectRequest(actor=self.office.actor, payment_id=self.payment_id, **also)
        start: Any = WithStartWorkflowOperation(
            PaymentCapture.run, request, id=ids.payment(self.payment_id), task_queue=self.office.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )  # fmt: skip
        async with asyncio.timeout(12):
            found: PaymentResult = await self.office.client.execute_update_with_start_workflow(
                update, argument, id=update_id, start_workflow_operation=start
            )
            return found

    async def refund(self, amount: Money | None = None, refund_id: UUID | None = None) -> PaymentResult:
        """Return money."""
        key = refund_id or uuid7()
        asked = RefundRequest(
            actor=self.office.actor, payment_id=self.payment_id, refund_id=key, amount=amount, reason="goodwill"
        )
        return await self.ask(PaymentCapture.refund, asked, update_id=f"refund-{key}")

    @property
    def status(self) -> PaymentStatus:
        """Where the payment stands in its service."""
        return self.office.till.payments[self.payment_id].status

    async def result(self) -> PaymentResult:
        """Wait for the end of the process."""
        async with asyncio.timeout(12):
            found: PaymentResult = await self.office.payment(self.payment_id).result()
            return found


@pytest.fixture
def desk(office: Office) -> Desk:
    """Give a desk."""
    return Desk(office)


async def test_a_card_is_authorised_and_captured_in_one_answer(desk: Desk) -> None:
    result = await desk.collect()
    assert result.payment
    assert (result.payment.status, result.request_hash) == (PaymentStatus.captured, "hash")
    assert [one for one in desk.office.calls if one in {"authorise", "capture"}] == ["authorise", "capture"]


async def test_cash_is_taken_without_a_gateway_step(desk: Desk) -> None:
    await desk.collect(None)
    assert (desk.status, desk.office.count("capture")) == (PaymentStatus.captured, 0)


async def test_a_declined_card_is_an_answer_and_ends_the_process(desk: Desk) -> None:
    result = await desk.collect("pm_card_chargeDeclined")
    assert result.refused
    assert result.refused.code == "card_declined"
    await desk.result()


async def test_a_capture_that_is_refused_lets_the_money_go_and_leaves_the_invoice_open(desk: Desk) -> None:
    desk.office.on("capture", refusing(CaptureFailed()))
    result = await desk.collect()
    assert result.refused
    assert desk.status == PaymentStatus.voided
    assert desk.office.till.invoices[desk.invoice_id].status == InvoiceStatus.issued
    await desk.result()


async def test_a_lost_connection_is_asked_again_under_the_same_id(desk: Desk) -> None:
    desk.office.on("authorise", silence)
    desk.office.on("capture", silence)
    await desk.collect()
    assert (desk.office.till.kept(), len(desk.office.till.payments)) == (PRICE.amount, 1)


async def test_a_gateway_that_stays_silent_is_given_up_and_nothing_is_kept(desk: Desk) -> None:
    desk.office.on("authorise", for_good)
    result = await desk.collect()
    assert result.refused
    assert result.refused.code == "gateway_unavailable"
    assert desk.payment_id in desk.office.till.released


async def test_reserved_money_is_captured_or_let_go_when_asked(desk: Desk) -> None:
    await desk.collect(capture=False)
    assert desk.office.count("capture") == 0
    target = PaymentTarget(actor=desk.office.actor, payment_id=desk.payment_id)
    await desk.ask(PaymentCapture.void, target)
    assert desk.status == PaymentStatus.voided
    await desk.result()


async def test_a_part_of_the_reserved_money_may_be_captured(desk: Desk) -> None:
    await desk.collect(capture=False)
    asked = CaptureRequest(actor=desk.office.actor, payment_id=desk.payment_id, amount=HALF)
    result = await desk.ask(PaymentCapture.capture, asked)
    assert result.payment
    assert result.payment.captured == HALF


async def test_money_goes_back_while_the_process_runs_and_once_per_request(desk: Desk) -> None:
    await desk.collect()
    key = uuid7()
    first = await desk.refund(HALF, key)
    assert await desk.refund(HALF, key) == first
    assert desk.office.till.kept() == HALF.amount


async def test_a_payment_that_is_returned_in_full_ends_its_process(desk: Desk) -> None:
    await desk.collect()
    await desk.refund()
    await desk.result()


async def test_a_refund_that_is_refused_is_an_answer_and_changes_nothing(desk: Desk) -> None:
    await desk.collect()
    desk.office.on("refund", refusing(RefundExceedsCaptured()))
    result = await desk.refund()
    assert result.refused
    assert desk.office.till.kept() == PRICE.amount


async def test_after_the_refund_window_the_process_ends_and_a_later_refund_begins_it_again(desk: Desk) -> None:
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
