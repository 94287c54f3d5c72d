"""The payment of a visit that is taken some hours before it: the card is kept, and charged when its time has come."""

from datetime import timedelta
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from services.payments.errors import GatewayUnavailable
    from workflows import ids, policies
    from workflows.appointment import Due
    from workflows.contracts import (
        AuthoriseRequest,
        BookingRequest,
        CancellationRequest,
        CardRequest,
        Collected,
        CollectRequest,
        PaymentChoice,
        PaymentRelease,
        Refused,
    )
    from workflows.payment import PAID_OTHERWISE, PaymentCapture
    from workflows.unpaid import Unpaid
    from workflows.visit import WAITING

UNPAID = "collect_payment"
"""The step under Attention while a visit is to take place and its payment was declined."""
_ANSWER = timedelta(minutes=10)


class Dues(Unpaid):
    """Keeps the card, has it charged in time, and sees to it that nothing is charged for what does not take place."""

    def __init__(self, request: BookingRequest) -> None:
        super().__init__(request)
        self.later: Due | None = None
        self.collecting: UUID | None = None
        self.collected: Collected | None = None

    async def keep_card(self) -> Refused | None:
        """Have the card kept, where the payment is due later.

        While the gateway is away, it waits to be asked again as with a payment, or lets the visit be paid at the desk.
        """
        choice = self.request.payment
        if self.later is None or choice is None:
            return None
        self.undos.add("forget_card", self.forget_card)
        refused = await self._keep(choice)
        while refused and refused.code == GatewayUnavailable.code:
            if self.offered().payment_policy.when_gateway_is_down == "due":
                self.later = None
                return None
            if not await self._asked_again(refused):
                break
            refused = await self._keep(choice)
        return refused

    async def _asked_again(self, _refused: Refused) -> bool:
        """Keep the time until somebody asks again; false if nobody did. The booking knows how."""
        return False

    async def _keep(self, choice: PaymentChoice) -> Refused | None:
        asked = self._card(choice.token or "")
        limit = timedelta(seconds=self.request.hold_seconds)
        kept = await self.outside(
            PaymentActivities.keep_card, asked, summary="keep the card", **policies.within(policies.GATEWAY, limit)
        )
        return kept.refused

    def collecting_of(self, due: Due) -> CollectRequest:
        """Describe the payment whose process waits for its time."""
        appointment_id = self.request.appointment_id
        self.collecting = ids.payment_of(appointment_id)
        wanted = AuthoriseRequest(
            actor=self.own,
            payment_id=self.collecting,
            amount=due.amount,
            card_id=ids.card_of(appointment_id),
            invoice_id=ids.invoice_of(appointment_id),
        )
        return CollectRequest(
            actor=self.own,
            payment_id=self.collecting,
            authorise=wanted,
            capture=True,
            accompanied=True,
            not_before=due.at,
            appointment_id=appointment_id,
        )

    async def settle_money(self) -> None:
        """Let nothing be collected any more before it is counted what is held."""
        await self._stop_collecting()
        await super().settle_money()

    async def _stop_collecting(self) -> None:
        while self.collecting and self.collected is None:
            handle = workflow.get_external_workflow_handle_for(PaymentCapture.run, ids.payment(self.collecting))
            if not await self._reached(handle.signal(PaymentCapture.call_off)):
                await self._release_uncollected(self.collecting)
                return
            try:
                await workflow.wait_condition(
                    lambda: self.collected is not None, timeout=_ANSWER, timeout_summary="ask the payment again"
                )
            except TimeoutError:
                workflow.logger.warning("payment_is_silent")

    async def _release_uncollected(self, payment_id: UUID) -> None:
        """Close the door: its process is gone, and nobody can tell whether it was collecting."""
        asked = PaymentRelease(actor=self.own, payment_id=payment_id, reason="visit_ended")
        await self.outside(PaymentActivities.release, asked, summary="let the money go", **policies.RELEASE)

    async def payment_follows(self) -> None:
        """Let what is taken before the visit be taken before its new time."""
        policy = self.offered().payment_policy
        if self.collecting and self.collected is None and policy.hours_before:
            at = self.now().start - timedelta(hours=policy.hours_before)
            handle = workflow.get_external_workflow_handle_for(PaymentCapture.run, ids.payment(self.collecting))
            await self._reached(handle.signal(PaymentCapture.fall_due, at))

    # What others ask --------------------------------------------------------------------------------------------------

    @workflow.signal
    async def payment_collected(self, told: Collected) -> None:
        """Hear whether the payment was collected at its time; a visit that is not paid waits for a person."""
        self.collected = told
        if told.payment:
            self.payment = told.payment
        if told.refused is None or self.settled or self.now().status not in WAITING:
            return
        if told.refused.code in PAID_OTHERWISE and not await self._unpaid():
            return
        self.tell("payment_failed", self.later.amount if self.later else None)
        if self.offered().payment_policy.on_decline == "cancel":
            await self._change(
                lambda: self.cancel_it(CancellationRequest(actor=self.own, reason="other", waive_fee=True))
            )
        else:
            await self._wait_for_a_person()

    async def _wait_for_a_person(self) -> None:
        async with self.changing:
            if self.now().status in WAITING:
                self.failed_steps, self.try_again = [UNPAID], self._unpaid
                await self.flag()

    # Small steps ------------------------------------------------------------------------------------------------------

    async def _unpaid(self) -> list[str]:
        """Look whether the money has come another way; tell what still waits."""
        if self.later is None:
            return []
        held = await self.held_in(self.later.amount.currency)
        return [] if held >= self.later.amount.amount else [UNPAID]

    async def forget_card(self) -> None:
        """Have the card charged no more; harmless when it was never kept."""
        await workflow.execute_local_activity_method(
            PaymentActivities.forget_card, self._card(), **policies.WITHOUT_END
        )

    def _card(self, token: str = "") -> CardRequest:
        return CardRequest(
            actor=self.own,
            card_id=ids.card_of(self.request.appointment_id),
            patient_id=self.request.patient_id,
            token=token,
        )
