"""The life of an appointment: hold, pay, confirm, answer; then reminders, the visit, and settling; undo in reverse."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.admission import AdmissionActivities
    from activities.appointments import AppointmentActivities
    from activities.consultants import ConsultantActivities
    from activities.payments import PaymentActivities
    from activities.slots import SlotActivities
    from careconnect.money import Money
    from services.payments.states import Method
    from workflows import ids, policies
    from workflows.contracts import (
        Alternatives,
        AlternativesRequest,
        AuthoriseRequest,
        BookingOutcome,
        BookingRequest,
        CaptureRequest,
        CollectRequest,
        ConfirmRequest,
        HoldRequest,
        OfferRequest,
        Progress,
        Refused,
        Stage,
        StepRequest,
        Target,
        TermsRequest,
    )
    from workflows.paying import PayingAtPage
    from workflows.undo import ours, regardless
    from workflows.visit import WAITING

_FRESH = timedelta(seconds=1)
"""How old an offer may be when its time is confirmed: an older one is asked for again."""
_NEAREST_FREE_HELP = frozenset({"slot_taken", "no_room_free", "outside_hours"})


@workflow.defn(name="AppointmentBooking")
class AppointmentBooking(PayingAtPage):
    """One appointment, from the request until the visit is settled. Its id is `appointment-{uuid}`."""

    @workflow.init
    def __init__(self, request: BookingRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        super().__init__(request)
        self.offered_at = workflow.now()

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, request: BookingRequest) -> BookingOutcome:
        """Book, wait for the visit, settle."""
        self.outcome = await (self._adopt() if request.adopted else self._book())
        if self.outcome.refused is None:
            await self._live(self.outcome)
        await regardless(self.until_resolved())
        await workflow.wait_condition(workflow.all_handlers_finished)
        self.stage = Stage.DONE
        return self.outcome

    async def _book(self) -> BookingOutcome:
        try:
            refused = await self._verify() or await self._hold()
            if refused:
                await self.look_for_a_lost_try()
            refused = refused or await self._authorise() or await self._confirm()
            refused = refused or await self._capture() or await self._receive()
        except BaseException as error:
            if not ours(error):
                raise
            refused = _UNAVAILABLE
        return await regardless(self._conclude(refused))

    async def _conclude(self, refused: Refused | None) -> BookingOutcome:
        if refused:
            await self._undo(refused)
        return await self._answer(refused)

    async def _live(self, outcome: BookingOutcome) -> None:
        try:
            await self._accompany(outcome)
            await self.wait_for_visit()
        except BaseException as error:
            if not is_cancelled_exception(error):
                raise
            await regardless(self.give_up())
        await regardless(self.settle())

    async def _verify(self) -> Refused | None:
        offered = await self.local(AdmissionActivities.admit, self._offer_wanted())
        self.offer, self.offered_at = offered.offer, workflow.now()
        return offered.refused or self._card_is_missing()

    def _card_is_missing(self) -> Refused | None:
        """Refuse, before any time is held, what is to be paid now and comes without a card."""
        has_card = self.request.payment is not None and self.request.payment.token is not None
        return None if has_card or self.at_page() or (self.due_now() or self.due_later()) is None else _NO_CARD

    async def _hold(self) -> Refused | None:
        self.stage = Stage.HOLDING
        self.undos.add("release_time", self.release_time)
        held = await self.local(
            AppointmentActivities.hold,
            HoldRequest(
                actor=self.request.actor,
                appointment_id=self.request.appointment_id,
                patient_id=self.request.patient_id,
                offer=self.offered(),
                overbook=self.request.overbook,
                hold_seconds=self.request.hold_seconds,
                request_hash=self.request.request_hash,
                hold_id=self.request.hold_id,
            ),
        )
        self.appointment = held.appointment
        self.held_until = workflow.now() + timedelta(seconds=self.request.hold_seconds) - _MARGIN
        return held.refused or await self._still_free()

    async def _still_free(self) -> Refused | None:
        """Count free follow-ups again: what this patient books at the same time is held by now, and is seen."""
        if self.offered().free_because is None or not workflow.patched("recount free follow-ups"):
            return None
        offered = await self.local(ConsultantActivities.offer, self._offer_wanted(held=True))
        self.offer = offered.offer or self.offer
        return offered.refused or self._card_is_missing()

    async def _authorise(self) -> Refused | None:
        """Reserve the money, while the hold lasts; where it is due later, issue the invoice and go on."""
        amount = self.due_now()
        self.later = self.due_later()
        if amount is None:
            return await self.keep_card() or await self._invoice()
        if self.at_page():
            self.undos.add("cancel_invoice", self.cancel_invoice)
        self.undos.add("release_payment", self.release_payment)
        refused = await self._reserve(amount)
        while refused and refused.code == _UNAVAILABLE.code:
            if self.offered().payment_policy.when_gateway_is_down == "due":
                return await self._owe()
            if not await self._asked_again(refused):
                break
            refused = await self._reserve(amount)
        return refused

    async def _reserve(self, amount: Money) -> Refused | None:
        if self.at_page():
            return await self.pay_at_page(amount)
        self.stage = Stage.AUTHORISING
        choice = self.request.payment
        authorised = await self.outside(
            PaymentActivities.authorise,
            AuthoriseRequest(
                actor=self.own,
                payment_id=ids.payment_of(self.request.appointment_id),
                amount=amount,
                method=Method.card,
                token=choice.token if choice else None,
                invoice=self.invoice_request(),
            ),
            summary=f"reserve {amount.currency} {amount.amount}",
            **policies.within(policies.GATEWAY, timedelta(seconds=self.request.hold_seconds)),
        )
        self.payment = authorised.payment
        return authorised.refused

    async def _owe(self) -> Refused | None:
        """Go on without the money, which is due at the desk, and see to it that no late try takes it from the card."""
        self.messages.append(asyncio.create_task(self.release_payment(cancel_invoice=False)))
        return await self._invoice()

    async def _asked_again(self, refused: Refused) -> bool:
        """Answer that the gateway is away, keep the time, and wait to be asked again; false if the hold ran out."""
        left = self.held_until - workflow.now()
        if left <= timedelta(0):
            return False
        pause = timedelta(seconds=int(refused.extra.get("retry_after", 30)))
        told = refused.model_copy(update={"extra": {**refused.extra, "held_until": self.held_until.isoformat()}})
        self.stage = Stage.WAITING_FOR_GATEWAY
        self.waiting = BookingOutcome(
            request_hash=self.request.request_hash, refused=told, retry_at=workflow.now() + pause
        )
        try:
            await workflow.wait_condition(
                lambda: self.waiting is None, timeout=left, timeout_summary="the time is held"
            )
        except TimeoutError:
            self.waiting = None
            return False
        return True

    async def _confirm(self) -> Refused | None:
        self.stage = Stage.CONFIRMING
        refused = await self._no_longer_offered()
        if refused:
            return refused
        asked = ConfirmRequest(
            actor=self.request.actor,
            appointment_id=self.request.appointment_id,
            offer=self._offer_wanted(held=True),
        )
        confirmed = await self.local(AppointmentActivities.confirm, asked)
        self.appointment = confirmed.appointment or self.appointment
        return confirmed.refused

    async def _capture(self) -> Refused | None:
        """Take the money before the answer: nobody is told of a paid appointment that is not paid."""
        if self.payment is None or self.at_page():
            return None
        asked = CaptureRequest(actor=self.own, payment_id=self.payment.id, gateway=self.payment.gateway)
        limit = timedelta(seconds=self.request.hold_seconds)
        captured = await self.outside(
            PaymentActivities.capture, asked, summary="take the money", **policies.within(policies.GATEWAY, limit)
        )
        self.payment = captured.payment or self.payment
        return captured.refused

    async def _receive(self) -> Refused | None:
        """Queue a patient who stands at the desk already."""
        if not self.request.walk_in:
            return None
        asked = StepRequest(
            actor=self.request.actor, appointment_id=self.request.appointment_id, verb="arrival", undo=False
        )
        return self.take_over(await self.local(AppointmentActivities.step, asked)).refused

    async def _undo(self, refused: Refused) -> None:
        self.stage = Stage.UNDOING
        self.failed_steps = await self.undos.run()
        workflow.logger.info("booking_refused", extra={"code": refused.code})

    async def _answer(self, refused: Refused | None) -> BookingOutcome:
        if refused:
            refused = await self._with_alternatives(refused)
            return BookingOutcome(request_hash=self.request.request_hash, refused=refused)
        return BookingOutcome(
            request_hash=self.request.request_hash,
            appointment=self.appointment,
            offer=self.offer,
            invoice_id=ids.invoice_of(self.request.appointment_id) if self.offered().price else None,
            payment=self.payment,
            reminders=self.reminder_times(),
        )

    async def _accompany(self, outcome: BookingOutcome) -> None:
        """Start what goes on beside the appointment: its payment, its reminders, the confirmation."""
        self.stage = Stage.WAITING_FOR_VISIT
        payment = self.collecting_of(self.later) if self.later else None
        if outcome.payment:
            payment = CollectRequest(
                actor=self.own, payment_id=outcome.payment.id, payment=outcome.payment, accompanied=True
            )
        confirm = self.request.notify and not self.request.adopted
        reminders = self.reminders_wanted(confirm=confirm) if outcome.reminders else None
        if payment or reminders:
            await self.start_beside(reminders=reminders, payment=payment)
        if confirm and not reminders:
            self.tell("booking_confirmation")

    async def _adopt(self) -> BookingOutcome:
        """Take charge of an appointment that was booked before there was a workflow for it."""
        target = Target(actor=self.own, appointment_id=self.request.appointment_id)
        found = await self.local(AppointmentActivities.standing, target)
        if found.appointment is None or found.appointment.status not in WAITING:
            return BookingOutcome(request_hash=self.request.request_hash, refused=found.refused or _HAS_ENDED)
        self.appointment = found.appointment
        terms = TermsRequest(actor=self.own, appointment=self.appointment)
        self.offer = (await self.local(ConsultantActivities.terms, terms)).offer
        return BookingOutcome(
            request_hash=self.request.request_hash,
            appointment=self.appointment,
            offer=self.offer,
            reminders=self.reminder_times(),
        )

    # What others ask --------------------------------------------------------------------------------------------------

    @workflow.update
    async def book(self, _request_hash: str) -> BookingOutcome:
        """Wait for the outcome of the booking. The update's id is the idempotency key."""
        return await self._decided()

    @workflow.update
    async def pay_again(self, _request_hash: str) -> BookingOutcome:
        """Try the payment again for which the time is held, if it is time for that, and wait for the outcome.

        Where it is paid at the gateway's page, look now whether it was; the answer may be that it still waits.
        """
        if self.waiting and self.waiting.retry_at and workflow.now() >= self.waiting.retry_at:
            self.waiting = None
        if self.waiting and self.waiting.pay_until:
            await self.look_now()
        return await self._decided()

    async def _decided(self) -> BookingOutcome:
        await workflow.wait_condition(lambda: (self.outcome or self.waiting) is not None)
        found = self.outcome or self.waiting
        assert found is not None  # noqa: S101 - the line above waited for it
        return found

    @workflow.query
    def progress(self) -> Progress:
        """Tell where the booking stands."""
        return Progress(stage=self.stage, outcome=self.outcome)

    # Small steps ------------------------------------------------------------------------------------------------------

    def _offer_wanted(self, *, held: bool = False) -> OfferRequest:
        return OfferRequest(
            actor=self.request.actor,
            visit_type_id=self.request.visit_type_id,
            consultant_id=self.request.consultant_id,
            location_id=self.offered().location_id if held else self.request.location_id,
            start=self.request.start,
            override_hours=self.request.overbook,
            override_notice=self.request.walk_in,
            patient_id=self.request.patient_id,
            payer_id=self.request.payer_id,
            coverage_id=self.request.coverage_id,
            appointment_id=self.request.appointment_id,
            held=held or self.request.hold_id is not None,
        )

    async def _no_longer_offered(self) -> Refused | None:
        """Ask for the hours again where the payment took its time, as processes did before the confirmation asks."""
        if workflow.now() - self.offered_at < _FRESH or workflow.patched("confirmation-asks-for-hours"):
            return None
        return (await self.local(ConsultantActivities.offer, self._offer_wanted(held=True))).refused

    async def _invoice(self) -> Refused | None:
        if not self.offered().price:
            return None
        self.undos.add("cancel_invoice", self.cancel_invoice)
        return (await self.local(PaymentActivities.issue_invoice, self.invoice_request())).refused

    async def _with_alternatives(self, refused: Refused) -> Refused:
        if refused.code not in _NEAREST_FREE_HELP:
            return refused
        wanted = AlternativesRequest(
            actor=self.request.actor,
            visit_type_id=self.request.visit_type_id,
            consultant_id=self.request.consultant_id,
            location_id=self.request.location_id,
            start=self.request.start,
            patient_id=self.request.patient_id,
        )
        try:
            found: Alternatives = await workflow.execute_local_activity_method(
                SlotActivities.alternatives, wanted, **policies.GLANCE
            )
        except BaseException as error:
            if not ours(error):
                raise
            return refused
        slots = [slot.model_dump(mode="json") for slot in found.slots]
        return refused.model_copy(update={"extra": {**refused.extra, "alternatives": slots}})


_MARGIN = timedelta(seconds=5)
"""How long before the hold runs out nobody is let try again: the booking has to be done by then."""
_UNAVAILABLE = Refused(
    code="gateway_unavailable",
    status=503,
    title="The payment could not be made",
    detail="The card gateway did not answer while the time was held. Nothing was charged; try again.",
    extra={"retry_after": 30},
)
_NO_CARD = Refused(
    code="invalid_input",
    status=422,
    title="Some fields need your attention",
    detail="This visit is paid when it is booked; name a card, or have it paid by link or at the desk.",
    extra={"errors": [{"field": "payment", "code": "required", "message": "This visit is paid when it is booked."}]},
)
_HAS_ENDED = Refused(code="wrong_state", status=409, title="It does not wait", detail="This appointment has ended.")
