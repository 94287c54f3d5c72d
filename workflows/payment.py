"""The life of a payment: authorise, capture, and then refunds, until nobody will ask any more."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from careconnect.money import Money
    from services.payments.errors import PaymentUnresolved
    from services.payments.schemas import Payment
    from services.payments.states import PaymentStatus
    from workflows import ids, policies
    from workflows.contracts import (
        AuthoriseRequest,
        CaptureRequest,
        CardRequest,
        Collected,
        CollectRequest,
        PaymentRelease,
        PaymentResult,
        PaymentTarget,
        RefundRequest,
        Refused,
        RenewalRequest,
        Settled,
        Settlement,
    )
    from workflows.outside import outside
    from workflows.undo import ours, refusal_code, regardless

PAID_OTHERWISE = frozenset({"invoice_state", "amount_exceeds_due"})
"""The refusals of an invoice that has no place for a payment, because somebody else paid it."""
_RELEASE = "release_payment"
"""The step under Attention while money could not be let go."""
_INSISTS = "insist on releasing"
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
        self.due_at = request.not_before
        self.called_off = False
        self.renewals = 0
        self.unreleased: str | None = None
        self.asked = False

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, _request: CollectRequest) -> PaymentResult:
        """Collect, then do what is asked until the payment is over or its refund window has passed."""
        self.result = await self._collect()
        if self.request.not_before:
            await self._collected()
        await self._insist()
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
        if not await self._time_came():
            return PaymentResult(refused=_CALLED_OFF)
        self.stage = "collecting"
        try:
            result = await self._try_to_collect(self.request.authorise)
        except BaseException as error:
            if not ours(error):
                raise
            result = await regardless(self._given_up("collection_abandoned", PaymentResult(refused=_UNAVAILABLE)))
        return result

    async def _time_came(self) -> bool:
        """Wait until the payment is due; false if it was called off before."""
        while self.due_at and workflow.now() < self.due_at and not self.called_off:
            due, self.stage = self.due_at, "waiting_for_its_time"
            try:
                await workflow.wait_condition(
                    lambda: self.called_off or self.due_at != due,  # noqa: B023 - awaited before `due` changes
                    timeout=due - workflow.now(),
                    timeout_summary="collect the payment",
                )
            except TimeoutError:
                workflow.logger.info("payment_is_due")
        return not self.called_off

    async def _try_to_collect(self, asked: AuthoriseRequest) -> PaymentResult:
        result: PaymentResult = await workflow.execute_activity_method(
            PaymentActivities.authorise,
            asked,
            summary="authorise",
            **policies.within(policies.GATEWAY, policies.DUE if self.request.not_before else policies.COLLECTING),
        )
        if result.payment and result.payment.status == PaymentStatus.authorised and self.request.capture:
            known = {"payment_id": self.request.payment_id, "gateway": result.payment.gateway}
            result = await self._take(CaptureRequest(actor=self.request.actor, **known))
            if result.refused:
                result = await self._given_up("capture_failed", result)
        return result

    async def _given_up(self, why: str, answer: PaymentResult) -> PaymentResult:
        """Let go of what may be held, and answer; where that is refused, nobody knows yet how it ends."""
        if await self._release(why) and workflow.patched(_INSISTS):
            self.unreleased = why
            return PaymentResult(refused=Refused.of(PaymentUnresolved(payment_id=str(self.request.payment_id))))
        return answer

    async def _insist(self) -> None:
        """While a person looks, try again to let go of what could not be let go; ever more rarely."""
        pause = policies.HEAL_EVERY
        if self.unreleased:
            self._flag([_RELEASE])
            while self.unreleased:
                self.stage = "waiting_for_person"
                if not await self._asked_within(pause):
                    pause = min(pause * 2, policies.HEAL_AT_LEAST_EVERY)
                async with self.changing:
                    self.unreleased = self.unreleased if await self._release(self.unreleased) else None
            self._flag([])

    async def _asked_within(self, pause: timedelta) -> bool:
        """Wait, or until somebody asks for another try; tell whether somebody did."""
        try:
            await workflow.wait_condition(lambda: self.asked, timeout=pause, timeout_summary="let go again")
        except TimeoutError:
            return False
        self.asked = False
        return True

    def _flag(self, failed: list[str]) -> None:
        workflow.upsert_search_attributes(
            [ids.NEEDS_ATTENTION.value_set(bool(failed)), ids.FAILED_STEPS.value_set(failed)]
        )

    async def _settlement_came(self) -> bool:
        """Wait for word of how the visit ended; without a visit, or after it, for as long as refunds are expected.

        Meanwhile money that is only reserved is reserved anew before that lapses.
        """
        while self._open() and not self.settlements:
            before_visit = self.request.accompanied and not self.settled
            self.stage = "waiting_for_visit" if before_visit else "refund_window"
            reserved = self._payment().status == PaymentStatus.authorised
            limit = policies.RENEW_AFTER if reserved else None if before_visit else policies.REFUND_WINDOW
            try:
                await workflow.wait_condition(
                    lambda: bool(self.settlements) or not self._open() or self._is_reserved() != reserved,  # noqa: B023 - awaited before `reserved` changes
                    timeout=limit,
                    timeout_summary=self.stage,
                )
            except TimeoutError:
                if not reserved:
                    workflow.logger.info("refund_window_passed")
                    break
                await self._renew()
                await self._insist()
        return bool(self.settlements)

    async def _renew(self) -> None:
        """Reserve the money anew; what nobody takes for as long as refunds are expected is let go."""
        async with self.changing:
            if not self._is_reserved():
                return
            self.renewals += 1
            if not self.request.accompanied and self.renewals * policies.RENEW_AFTER > policies.REFUND_WINDOW:
                if await self._release("not_captured") and workflow.patched(_INSISTS):
                    self.unreleased = "not_captured"
                return
            asked = RenewalRequest(actor=self.request.actor, payment_id=self.request.payment_id, turn=self.renewals)
            self._noted(
                await workflow.execute_activity_method(
                    PaymentActivities.renew, asked, summary="reserve anew", **policies.GATEWAY
                )
            )

    def _is_reserved(self) -> bool:
        return self._open() and self._payment().status == PaymentStatus.authorised

    async def _collected(self) -> None:
        """Forget the card that was kept for this payment, and tell its appointment what came of it."""
        assert self.result is not None  # noqa: S101 - asked after collecting
        wanted = self.request.authorise
        if wanted and wanted.card_id:
            card = CardRequest(actor=self.request.actor, card_id=wanted.card_id)
            await regardless(
                workflow.execute_local_activity_method(PaymentActivities.forget_card, card, **policies.WITHOUT_END)
            )
        if self.request.appointment_id:
            process: workflow.ExternalWorkflowHandle[Any] = workflow.get_external_workflow_handle(
                ids.appointment(self.request.appointment_id)
            )
            told = Collected(payment=self.result.payment, refused=self.result.refused)
            await self._tell(process, "payment_collected", told)

    async def _settle(self, settlement: Settlement) -> None:
        """Do as the appointment's end asks: keep all, keep a fee and return the rest, or return everything."""
        self.settled, self.stage = True, "settling"
        refused = await regardless(self._keep_only(settlement)) if settlement.reason else None
        if settlement.appointment_id:
            process: workflow.ExternalWorkflowHandle[Any] = workflow.get_external_workflow_handle(
                ids.appointment(settlement.appointment_id)
            )
            await self._tell(process, "payment_settled", Settled(payment_id=self.request.payment_id, refused=refused))

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

    async def _tell(self, process: workflow.ExternalWorkflowHandle[Any], what: str, told: Any) -> None:
        try:
            await process.signal(what, told)
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.info("nobody_waits_for_word")

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

    @workflow.signal
    def ask_again(self) -> None:
        """Hear that somebody who looked wants the gateway asked now."""
        self.asked = True

    @workflow.signal
    def fall_due(self, at: datetime) -> None:
        """Hear that the payment is due at another time, since the visit was moved."""
        self.due_at = at

    @workflow.signal
    def call_off(self) -> None:
        """Hear that nothing is to be collected any more; what was collected already is settled."""
        self.called_off = True

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
        if self.result and self.result.payment:
            asked = asked.model_copy(update={"gateway": self.result.payment.gateway})
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
            await outside(PaymentActivities.release, release, summary="let the money go", **policies.RELEASE)
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


_CALLED_OFF = Refused(
    code="called_off", status=409, title="Nothing was collected", detail="The visit does not take place."
)
_UNAVAILABLE = Refused(
    code="gateway_unavailable",
    status=503,
    title="The payment could not be made",
    detail="The card gateway did not answer. Nothing was charged; try again.",
    extra={"retry_after": 30},
)
