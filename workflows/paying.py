"""A booking that is paid at the gateway's own page: the time is held until it was paid, or the hold runs out."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from careconnect.money import Money
    from workflows import ids, policies
    from workflows.contracts import (
        BookingOutcome,
        BookingRequest,
        PageRequest,
        PageStanding,
        PaymentTarget,
        Refused,
        Stage,
    )
    from workflows.giving_back import GivingBack

_FIRST_LOOK, _LAST_LOOK = timedelta(seconds=10), timedelta(minutes=1)
"""How soon, and later how rarely, it is looked whether it was paid, should the gateway's event not come."""


class PayingAtPage(GivingBack):
    """Opens the page, waits for the money, and knows that what is paid too late goes back.

    The page's id is that of the payment at booking, so the undo of one undoes the other: once the payment is released,
    whatever still comes by its page is returned (see `services.payments.collection.door`).
    """

    def __init__(self, request: BookingRequest) -> None:
        super().__init__(request)
        self.waiting: BookingOutcome | None = None
        self.held_until = workflow.now()
        self._told = False
        self._looks = 0
        self._gateway: str | None = None

    def at_page(self) -> bool:
        """Tell whether it is to be paid at the gateway's own page."""
        return self.request.payment is not None and self.request.payment.method == "link"

    async def pay_at_page(self, amount: Money) -> Refused | None:
        """Open a page for `amount` and wait until it was paid, while the time is held."""
        refused = (await self.local(PaymentActivities.issue_invoice, self.invoice_request())).refused
        refused = refused or await self._open(amount)
        if refused:
            return refused
        self.stage = Stage.WAITING_FOR_PAYMENT
        self.waiting = BookingOutcome(
            request_hash=self.request.request_hash,
            invoice_id=ids.invoice_of(self.request.appointment_id),
            pay_until=self.held_until,
        )
        try:
            return await self._until_paid(amount)
        finally:
            self.waiting = None

    async def _open(self, amount: Money) -> Refused | None:
        asked = PageRequest(
            actor=self.own,
            payment_id=ids.payment_of(self.request.appointment_id),
            invoice_id=ids.invoice_of(self.request.appointment_id),
            amount=amount,
        )
        limit = timedelta(seconds=self.request.hold_seconds)
        opened = await self.outside(
            PaymentActivities.open_page, asked, summary="open a page to pay", **policies.within(policies.GATEWAY, limit)
        )
        self._gateway = opened.gateway
        return opened.refused

    async def _until_paid(self, amount: Money) -> Refused | None:
        pause = _FIRST_LOOK
        while (left := self.held_until - workflow.now()) > timedelta(0):
            await self._told_within(min(pause, left))
            pause = min(pause * 1.5, _LAST_LOOK)
            found = await self._look()
            self._looks += 1
            if found.payment:
                self.payment = found.payment
                return None
            if found.closed:
                return None if await self._paid_otherwise(amount) else _CLOSED
        return _NOT_PAID

    async def _told_within(self, pause: timedelta) -> None:
        try:
            await workflow.wait_condition(lambda: self._told, timeout=pause, timeout_summary="look whether it was paid")
        except TimeoutError:
            return
        self._told = False

    async def _look(self) -> PageStanding:
        """Look once; a gateway that does not say is asked at the next turn."""
        payment_id = ids.payment_of(self.request.appointment_id)
        asked = PaymentTarget(actor=self.own, payment_id=payment_id, gateway=self._gateway)
        try:
            found: PageStanding = await workflow.execute_local_activity_method(
                PaymentActivities.look_at_page, asked, **policies.AT_ONCE
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("payment_page_is_silent")
            return PageStanding()
        return found

    async def _paid_otherwise(self, amount: Money) -> bool:
        """Tell whether the desk has the money meanwhile, which closed the page."""
        return await self.held_in(amount.currency) >= amount.amount

    async def look_now(self) -> None:
        """Have it looked now whether it was paid, for somebody who asks."""
        looks, self._told = self._looks, True
        await workflow.wait_condition(lambda: self._looks > looks or self.waiting is None)

    # What others ask --------------------------------------------------------------------------------------------------

    @workflow.signal
    def page_was_paid(self) -> None:
        """Hear that the gateway told of a payment; what counts is what it answers when it is asked."""
        self._told = True


_NOT_PAID = Refused(
    code="payment_not_made",
    status=402,
    title="It was not paid in time",
    detail="Nothing was paid while the time was held. The time is free again; to have it, book again.",
)
_CLOSED = Refused(
    code="payment_not_made",
    status=402,
    title="It was not paid",
    detail="The payment page was closed before anything was paid. The time is free again; to have it, book again.",
)
