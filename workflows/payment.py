"""The life of a payment: authorise, capture, and then refunds, until nobody will ask any more."""

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from services.payments.schemas import Payment
    from services.payments.states import PaymentStatus
    from workflows import ids, policies
    from workflows.contracts import (
        CaptureRequest,
        CollectRequest,
        PaymentRelease,
        PaymentResult,
        PaymentTarget,
        RefundRequest,
        Settlement,
    )

_OVER = {PaymentStatus.declined, PaymentStatus.voided, PaymentStatus.failed}


@workflow.defn(name="PaymentCapture")
class PaymentCapture:
    """One payment. Its id is `payment-{uuid}`; the row in the payments service is what counts, this moves it."""

    @workflow.init
    def __init__(self, request: CollectRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.result: PaymentResult | None = None
        self.settlements: list[Settlement] = []
        self.settled = False
        self.stage = "collecting"
        self.changing = asyncio.Lock()

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, _request: CollectRequest) -> PaymentResult:
        """Collect, then do what is asked until the payment is over or its refund window has passed."""
        self.result = await self._collect()
        while self._open() and not self.settled:
            self.stage = "waiting_for_visit"
            await workflow.wait_condition(lambda: bool(self.settlements) or not self._open())
            if self.settlements:
                async with self.changing:
                    await self._settle(self.settlements.pop(0))
        if self._open():
            self.stage = "refund_window"
            await self._wait_for_refunds()
        await workflow.wait_condition(workflow.all_handlers_finished)
        self.stage = "done"
        return self.result

    async def _collect(self) -> PaymentResult:
        if self.request.payment:
            return PaymentResult(payment=self.request.payment)
        if self.request.authorise is None:
            return await self._read()
        result: PaymentResult = await workflow.execute_activity_method(
            PaymentActivities.authorise, self.request.authorise, summary="authorise", **policies.GATEWAY
        )
        if result.payment and result.payment.status == PaymentStatus.authorised and self.request.capture:
            result = await self._take(CaptureRequest(actor=self.request.actor, payment_id=self.request.payment_id))
            if result.refused:
                await self._release("capture_failed")
        return result

    async def _settle(self, settlement: Settlement) -> None:
        """Do as the appointment's end asks: keep all, keep a fee and return the rest, or return everything."""
        self.settled = True
        if not settlement.reason:
            return
        payment = self._payment()
        if settlement.keep is None or not settlement.keep:
            await self._release(settlement.reason)
        elif payment.status == PaymentStatus.authorised:
            await self._take(CaptureRequest(actor=settlement.actor, payment_id=payment.id, amount=settlement.keep))
        elif payment.captured.amount - payment.refunded.amount > settlement.keep.amount:
            await self._return(
                RefundRequest(
                    actor=settlement.actor,
                    payment_id=payment.id,
                    refund_id=ids.refund_of(payment.id, "cancellation"),
                    amount=payment.captured - payment.refunded - settlement.keep,
                    reason=settlement.reason,
                )
            )

    async def _wait_for_refunds(self) -> None:
        try:
            await workflow.wait_condition(
                lambda: not self._open(), timeout=policies.REFUND_WINDOW, timeout_summary="refund window"
            )
        except TimeoutError:
            workflow.logger.info("refund_window_passed")

    # What others ask while it runs ------------------------------------------------------------------------------------

    @workflow.update
    async def collect(self, _request_hash: str) -> PaymentResult:
        """Wait for the outcome of the payment. The update's id is the idempotency key."""
        await workflow.wait_condition(lambda: self.result is not None)
        assert self.result is not None  # noqa: S101 - the line above waited for it
        return self.result.model_copy(update={"request_hash": self.request.request_hash})

    @workflow.query
    def progress(self) -> dict[str, Any]:
        """Tell where the payment stands."""
        status = self.result.payment.status if self.result and self.result.payment else None
        return {"stage": self.stage, "status": status, "request_hash": self.request.request_hash}

    @workflow.signal
    def settle(self, settlement: Settlement) -> None:
        """Hear how the appointment ended."""
        self.settlements.append(settlement)

    @workflow.update
    async def capture(self, asked: CaptureRequest) -> PaymentResult:
        """Take the reserved money, all or a part."""
        return await self._after_collecting(lambda: self._take(asked))

    @workflow.update
    async def void(self, asked: PaymentTarget) -> PaymentResult:
        """Let go of the reserved money."""
        release = PaymentRelease(actor=asked.actor, payment_id=asked.payment_id, reason="void")
        return await self._after_collecting(lambda: self._void(release))

    @workflow.update
    async def refund(self, asked: RefundRequest) -> PaymentResult:
        """Return captured money, all or a part."""
        return await self._after_collecting(lambda: self._return(asked))

    async def _after_collecting(self, step: Any) -> PaymentResult:
        await workflow.wait_condition(lambda: self.result is not None)
        async with self.changing:
            found: PaymentResult = await step()
            return found

    # Small steps ------------------------------------------------------------------------------------------------------

    async def _take(self, asked: CaptureRequest) -> PaymentResult:
        return self._noted(await workflow.execute_activity_method(PaymentActivities.capture, asked, **policies.GATEWAY))

    async def _void(self, asked: PaymentRelease) -> PaymentResult:
        return self._noted(await workflow.execute_activity_method(PaymentActivities.void, asked, **policies.GATEWAY))

    async def _return(self, asked: RefundRequest) -> PaymentResult:
        return self._noted(
            await workflow.execute_activity_method(
                PaymentActivities.refund, asked, summary=asked.reason, **policies.GATEWAY
            )
        )

    async def _release(self, reason: str) -> None:
        release = PaymentRelease(
            actor=self.request.actor, payment_id=self.request.payment_id, reason=reason, cancel_invoice=True
        )
        await workflow.execute_local_activity_method(PaymentActivities.release, release, **policies.UNDO)
        self._noted(await self._read())

    async def _read(self) -> PaymentResult:
        target = PaymentTarget(actor=self.request.actor, payment_id=self.request.payment_id)
        found: PaymentResult = await workflow.execute_local_activity_method(
            PaymentActivities.standing, target, **policies.SHORT
        )
        return found

    def _noted(self, result: PaymentResult) -> PaymentResult:
        """Keep how the payment stands; a refusal changes nothing."""
        if result.payment:
            self.result = result
            workflow.upsert_search_attributes([ids.PAYMENT_STATUS.value_set(result.payment.status.value)])
        return result

    def _open(self) -> bool:
        """Whether anything can still happen to the payment."""
        payment = self.result.payment if self.result else None
        if payment is None or payment.status in _OVER:
            return False
        return payment.status != PaymentStatus.captured or payment.refunded.amount < payment.captured.amount

    def _payment(self) -> Payment:
        assert self.result is not None and self.result.payment is not None  # noqa: S101, PT018 - open payments have both
        return self.result.payment
