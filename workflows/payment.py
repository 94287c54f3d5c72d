"""The life of a payment: authorise, capture, and then refunds, until nobody will ask any more."""

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from careconnect.money import Money
    from services.payments.schemas import Payment
    from services.payments.states import PaymentStatus
    from workflows import ids, policies
    from workflows.contracts import (
        AuthoriseRequest,
        CaptureRequest,
        CollectRequest,
        PaymentRelease,
        PaymentResult,
        PaymentTarget,
        RefundRequest,
        Refused,
        Settled,
        Settlement,
    )
    from workflows.undo import ours, refusal_code, regardless

_OVER = {PaymentStatus.declined, PaymentStatus.voided, PaymentStatus.failed}


@workflow.defn(name="PaymentCapture")
class PaymentCapture:
    """One payment. Its id is `payment-{uuid}`; the row in the payments service is what counts, this moves it."""

    @workflow.init
    def __init__(self, request: CollectRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.result: PaymentResult | None = None
        self.settlements = [request.settlement] if request.settlement else []
        self.tries = 0
        self.settled = False
        self.stage = "collecting"
        self.changing = asyncio.Lock()

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, _request: CollectRequest) -> PaymentResult:
        """Collect, then do what is asked until the payment is over or its refund window has passed."""
        self.result = await self._collect()
        while self.settlements or (self._open() and await self._settlement_came()):
            async with self.changing:
                await self._settle(self.settlements.pop(0))
        await workflow.wait_condition(workflow.all_handlers_finished)
        self.stage = "done"
        return self.result

    async def _collect(self) -> PaymentResult:
        if self.request.payment:
            return PaymentResult(payment=self.request.payment)
        if self.request.authorise is None:
            return await self._read()
        try:
            result = await self._try_to_collect(self.request.authorise)
        except BaseException as error:
            if not ours(error):
                raise
            await regardless(self._release("collection_abandoned"))
            result = PaymentResult(refused=_UNAVAILABLE)
        return result

    async def _try_to_collect(self, asked: AuthoriseRequest) -> PaymentResult:
        result: PaymentResult = await workflow.execute_activity_method(
            PaymentActivities.authorise,
            asked,
            summary="authorise",
            **policies.within(policies.GATEWAY, policies.COLLECTING),
        )
        if result.payment and result.payment.status == PaymentStatus.authorised and self.request.capture:
            result = await self._take(CaptureRequest(actor=self.request.actor, payment_id=self.request.payment_id))
            if result.refused:
                await self._release("capture_failed")
        return result

    async def _settlement_came(self) -> bool:
        """Wait for word of how the visit ended; without a visit, or after it, for as long as refunds are expected."""
        before_visit = self.request.accompanied and not self.settled
        self.stage = "waiting_for_visit" if before_visit else "refund_window"
        try:
            await workflow.wait_condition(
                lambda: bool(self.settlements) or not self._open(),
                timeout=None if before_visit else policies.REFUND_WINDOW,
                timeout_summary=self.stage,
            )
        except TimeoutError:
            workflow.logger.info("refund_window_passed")
        return bool(self.settlements)

    async def _settle(self, settlement: Settlement) -> None:
        """Do as the appointment's end asks: keep all, keep a fee and return the rest, or return everything."""
        self.settled, self.stage = True, "settling"
        refused = await regardless(self._keep_only(settlement)) if settlement.reason else None
        if settlement.appointment_id:
            process: workflow.ExternalWorkflowHandle[Any] = workflow.get_external_workflow_handle(
                ids.appointment(settlement.appointment_id)
            )
            await self._tell(process, Settled(payment_id=self.request.payment_id, refused=refused))

    async def _keep_only(self, settlement: Settlement) -> str | None:
        """Return what is above `keep`; tell the code of a refusal."""
        self._noted(await self._read())
        if not self._open():
            return None
        payment, keep = self._payment(), settlement.keep
        if not keep:
            return await self._release(settlement.reason)
        if payment.status == PaymentStatus.authorised:
            keep = min(keep, payment.amount, key=lambda money: money.amount)
            asked = CaptureRequest(actor=settlement.actor, payment_id=payment.id, amount=keep)
            return _code(await self._take(asked))
        rest = payment.captured - payment.refunded - keep
        return _code(await self._return(self._refund_of(rest, settlement))) if rest.amount > 0 else None

    def _refund_of(self, rest: Money, settlement: Settlement) -> RefundRequest:
        """Name the refund by its cause, so that it is not made twice; after one that failed it is another."""
        payment = self._payment()
        self.tries += 1
        cause = settlement.cause if self.tries == 1 else f"{settlement.cause} {self.tries}"
        return RefundRequest(
            actor=settlement.actor,
            payment_id=payment.id,
            refund_id=ids.refund_of(payment.id, cause),
            amount=rest,
            reason=settlement.reason,
        )

    async def _tell(self, process: workflow.ExternalWorkflowHandle[Any], settled: Settled) -> None:
        try:
            await process.signal("payment_settled", settled)
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.info("nobody_waits_for_settlement")

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

    async def _release(self, reason: str) -> str | None:
        """Make sure that nothing is kept; tell the code of a refusal. What it was for is still owed."""
        release = PaymentRelease(actor=self.request.actor, payment_id=self.request.payment_id, reason=reason)
        try:
            await workflow.execute_local_activity_method(PaymentActivities.release, release, **policies.WITHOUT_END)
        except BaseException as error:
            if not ours(error):
                raise
            return refusal_code(error) or "release_failed"
        self._noted(await self._read())
        return None

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


def _code(result: PaymentResult) -> str | None:
    return result.refused.code if result.refused else None


_UNAVAILABLE = Refused(
    code="gateway_unavailable",
    status=503,
    title="The payment could not be made",
    detail="The card gateway did not answer. Nothing was charged; try again.",
    extra={"retry_after": 30},
)
