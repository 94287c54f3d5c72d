"""The life of an appointment: hold, pay, confirm, answer; then reminders, the visit, and settling; undo in reverse."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.consultants import ConsultantActivities
    from activities.notifications import NotificationActivities
    from activities.patients import PatientActivities
    from activities.payments import PaymentActivities
    from activities.slots import SlotActivities
    from careconnect.auth import Actor
    from careconnect.money import Money
    from services.appointments.schemas import Appointment, Move, Status
    from services.consultants.schemas import Offer
    from services.payments.schemas import Payment
    from services.payments.states import Method

    from workflows import ids, policies
    from workflows.contracts import (
        AlternativesRequest,
        AttentionRequest,
        AuthoriseRequest,
        BookingOutcome,
        BookingRequest,
        CancellationRequest,
        CancelRequest,
        CaptureRequest,
        Changed,
        CollectRequest,
        HoldRequest,
        InvoiceRequest,
        InvoiceTarget,
        MessageRequest,
        Moved,
        MoveRequest,
        OfferRequest,
        PaymentRelease,
        PaymentResult,
        Progress,
        Refused,
        ReleaseRequest,
        RemindersRequest,
        RescheduleRequest,
        Resolution,
        Settlement,
        Stage,
        StepRequest,
        Target,
        VisitStep,
    )
    from workflows.payment import PaymentCapture
    from workflows.reminders import AppointmentReminders
    from workflows.undo import Undos, ours

P = TypeVar("P")
R = TypeVar("R")
_OWN_SCOPES = frozenset(
    {"appointments:read", "appointments:write", "payments:read", "payments:write", "payments:refund"}
)
_WAITING = {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN}
_UNDO_NO_SHOW = timedelta(hours=12)


@workflow.defn(name="AppointmentBooking")
class AppointmentBooking:
    """One appointment, from the request until the visit is settled. Its id is `appointment-{uuid}`."""

    @workflow.init
    def __init__(self, request: BookingRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.own = Actor.workflow(request.actor.tenant_id, "booking", _OWN_SCOPES)
        self.stage = Stage.VERIFYING
        self.outcome: BookingOutcome | None = None
        self.appointment: Appointment | None = None
        self.offer: Offer | None = None
        self.payment: Payment | None = None
        self.undos = Undos()
        self.failed_steps: list[str] = []
        self.settled = False
        self.changing = asyncio.Lock()

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, request: BookingRequest) -> BookingOutcome:
        """Book, wait for the visit, settle."""
        outcome = await (self._adopt() if request.adopted else self._book())
        if outcome.refused is None:
            await self._accompany(outcome)
            await self._visit()
            await self._settle()
        await workflow.wait_condition(workflow.all_handlers_finished)
        self.stage = Stage.DONE
        return outcome

    async def _book(self) -> BookingOutcome:
        try:
            refused = (
                await self._verify() or await self._hold() or await self._authorise()
                or await self._confirm() or await self._capture()
            )  # fmt: skip
        except BaseException as error:
            if not ours(error):
                raise
            refused = _unavailable()
        if refused:
            await self._undo(refused)
        self.outcome = await self._answer(refused)
        return self.outcome

    async def _verify(self) -> Refused | None:
        wanted = OfferRequest(
            actor=self.request.actor,
            visit_type_id=self.request.visit_type_id,
            consultant_id=self.request.consultant_id,
            location_id=self.request.location_id,
            start=self.request.start,
            override_hours=self.request.overbook,
        )
        verified, offered = await asyncio.gather(
            workflow.execute_local_activity_method(PatientActivities.verify, self.request, **policies.SHORT),
            workflow.execute_local_activity_method(ConsultantActivities.offer, wanted, **policies.SHORT),
        )
        self.offer = offered.offer
        return verified.refused or offered.refused

    async def _hold(self) -> Refused | None:
        self.stage = Stage.HOLDING
        code = "booking_abandoned"
        self.undos.add("release_time", lambda: self._local(AppointmentActivities.release, self._release(code)))
        held = await self._local(
            AppointmentActivities.hold,
            HoldRequest(
                actor=self.request.actor,
                appointment_id=self.request.appointment_id,
                patient_id=self.request.patient_id,
                offer=self._offered(),
                overbook=self.request.overbook,
                hold_seconds=self.request.hold_seconds,
                request_hash=self.request.request_hash,
            ),
        )
        self.appointment = held.appointment
        return held.refused

    async def _authorise(self) -> Refused | None:
        """Reserve the money, while the hold lasts; where it is due later, issue the invoice and go on."""
        amount = self._due_now()
        if amount is None:
            await self._invoice()
            return None
        self.stage = Stage.AUTHORISING
        self.undos.add("release_payment", self._release_payment)
        choice = self.request.payment
        authorised: PaymentResult = await workflow.execute_activity_method(
            PaymentActivities.authorise,
            AuthoriseRequest(
                actor=self.own,
                payment_id=ids.payment_of(self.request.appointment_id),
                amount=amount,
                method=Method.card,
                token=choice.token if choice else None,
                invoice=self._invoice_request(),
            ),
            summary=f"reserve {amount.currency} {amount.amount}",
            **policies.within(policies.GATEWAY, timedelta(seconds=self.request.hold_seconds)),
        )
        self.payment = authorised.payment
        return authorised.refused

    async def _confirm(self) -> Refused | None:
        self.stage = Stage.CONFIRMING
        target = Target(actor=self.request.actor, appointment_id=self.request.appointment_id)
        confirmed = await self._local(AppointmentActivities.confirm, target)
        self.appointment = confirmed.appointment or self.appointment
        return confirmed.refused

    async def _capture(self) -> Refused | None:
        """Take the money before the answer: nobody is told of a paid appointment that is not paid."""
        if self.payment is None:
            return None
        captured = await self._local(
            PaymentActivities.capture, CaptureRequest(actor=self.own, payment_id=self.payment.id)
        )
        self.payment = captured.payment or self.payment
        return captured.refused

    async def _answer(self, refused: Refused | None) -> BookingOutcome:
        if refused:
            return BookingOutcome(
                request_hash=self.request.request_hash, refused=await self._with_alternatives(refused)
            )
        return BookingOutcome(
            request_hash=self.request.request_hash,
            appointment=self.appointment,
            offer=self.offer,
            invoice_id=ids.invoice_of(self.request.appointment_id) if self._offered().price else None,
            payment=self.payment,
            reminders=[at for _, at in self._reminders()],
        )

    async def _undo(self, refused: Refused) -> None:
        self.stage = Stage.UNDOING
        self.failed_steps = await self.undos.run()
        if self.failed_steps:
            await self._flag(self.failed_steps[0])
        workflow.logger.info("booking_refused", extra={"code": refused.code})

    async def _adopt(self) -> BookingOutcome:
        """Take charge of an appointment that was booked before there was a workflow for it."""
        target = Target(actor=self.own, appointment_id=self.request.appointment_id)
        found = await self._local(AppointmentActivities.standing, target)
        if found.appointment is None or found.appointment.status not in _WAITING:
            refused = found.refused or Refused(
                code="wrong_state", status=409, title="Not waiting", detail="It has ended."
            )
            self.outcome = BookingOutcome(request_hash=self.request.request_hash, refused=refused)
            return self.outcome
        self.appointment = found.appointment
        offered = await self._local(ConsultantActivities.offer, self._terms(found.appointment))
        self.offer = offered.offer
        self.outcome = BookingOutcome(
            request_hash=self.request.request_hash, appointment=self.appointment, offer=self.offer,
            reminders=[at for _, at in self._reminders()],
        )  # fmt: skip
        return self.outcome

    async def _accompany(self, outcome: BookingOutcome) -> None:
        """Start what goes on beside the appointment: its payment, its reminders, the confirmation."""
        self.stage = Stage.WAITING_FOR_VISIT
        starting = []
        if outcome.payment:
            starting.append(self._start_payment(outcome.payment))
        if outcome.reminders:
            starting.append(self._start_reminders())
        if self.request.notify and not self.request.adopted:
            starting.append(self._tell("booking_confirmation"))
        await asyncio.gather(*starting)

    async def _visit(self) -> None:
        """Wait until the visit took place, or will not; a patient who never came is a no-show after the grace period."""
        while self._now().status in _WAITING:
            grace = timedelta(minutes=self.offer.cancellation_policy.grace_minutes if self.offer else 15)
            deadline = self._now().end + grace
            version = self._now().version
            try:
                await workflow.wait_condition(
                    lambda: self._now().status not in _WAITING or self._now().version != version,  # noqa: B023
                    timeout=max(deadline - workflow.now(), timedelta(0)),
                    timeout_summary="no-show check",
                )
            except TimeoutError:
                async with self.changing:
                    await self._missed_or_forgotten()

    async def _missed_or_forgotten(self) -> None:
        """After the grace period: nobody came, or somebody came and nobody noted the end."""
        verb = "no-show" if self._now().status == Status.BOOKED else "completion"
        await self._step(VisitStep(actor=self.own, verb=verb))

    async def _settle(self) -> None:
        """Keep open what the same day may undo, then let payment and reminders know how it ended."""
        if self._now().status == Status.NO_SHOW:
            try:
                await workflow.wait_condition(
                    lambda: self._now().status != Status.NO_SHOW,
                    timeout=_UNDO_NO_SHOW,
                    timeout_summary="undo of no-show",
                )
            except TimeoutError:
                pass
            else:
                await self._visit()
        self.stage = Stage.SETTLING
        self.settled = True
        if self.payment and self._now().status != Status.CANCELLED:
            await self._signal_payment(Settlement(actor=self.own))

    # What others ask while it runs ------------------------------------------------------------------------------------

    @workflow.update
    async def book(self, request_hash: str) -> BookingOutcome:
        """Wait for the outcome of the booking. The update's id is the idempotency key."""
        await workflow.wait_condition(lambda: self.outcome is not None)
        assert self.outcome is not None  # noqa: S101 - the line above waited for it
        return self.outcome

    @workflow.query
    def progress(self) -> Progress:
        """Tell where the booking stands."""
        return Progress(stage=self.stage, outcome=self.outcome)

    @workflow.update
    async def visit(self, step: VisitStep) -> Changed:
        """Note one step of the visit, or undo it."""
        return await self._change(lambda: self._step(step))

    @workflow.update
    async def cancel(self, asked: CancellationRequest) -> Changed:
        """Cancel the appointment; the money goes back as the policy says."""
        return await self._change(lambda: self._cancel(asked))

    @workflow.update
    async def reschedule(self, asked: RescheduleRequest) -> Changed:
        """Move the appointment; payment and reminders follow."""
        return await self._change(lambda: self._reschedule(asked))

    @workflow.update
    async def resolve(self, resolution: Resolution) -> Changed:
        """Take the appointment from Attention; with `retry`, try the failed undos again first."""
        return await self._change(lambda: self._resolve(resolution))

    async def _change(self, change: Callable[[], Awaitable[Changed]]) -> Changed:
        """Let one change follow the other; each is an answer, whatever the service says."""
        await workflow.wait_condition(lambda: self.outcome is not None)
        async with self.changing:
            if self.outcome is not None and self.outcome.refused:
                return Changed(refused=_ended("This booking was refused; there is no appointment."))
            if self.settled:
                return Changed(refused=_ended("This appointment has ended."))
            return await change()

    async def _step(self, step: VisitStep) -> Changed:
        asked = StepRequest(
            actor=step.actor, appointment_id=self.request.appointment_id, verb=step.verb, undo=step.undo
        )
        return self._take_over(await self._local(AppointmentActivities.step, asked))

    async def _cancel(self, asked: CancellationRequest) -> Changed:
        late = self._is_late()
        changed = self._take_over(
            await self._local(
                AppointmentActivities.cancel,
                CancelRequest(
                    actor=asked.actor, appointment_id=self.request.appointment_id, reason=asked.reason, late=late
                ),
            )
        )
        if changed.refused:
            return changed
        await self._signal_reminders_stop()
        if self.payment:
            keep = self._fee() if late and not asked.waive_fee else None
            await self._signal_payment(Settlement(actor=self.own, keep=keep, reason=asked.reason))
        elif self._offered_price():
            await self._cancel_open_invoice(asked.reason)
        if asked.notify:
            await self._tell("cancellation")
        return changed

    async def _reschedule(self, asked: RescheduleRequest) -> Changed:
        now = self._now()
        offered = await self._local(
            ConsultantActivities.offer,
            OfferRequest(
                actor=asked.actor,
                visit_type_id=now.visit_type_id,
                consultant_id=asked.consultant_id or now.consultant_id,
                location_id=asked.location_id or (None if asked.consultant_id else now.location_id),
                start=asked.start,
                override_hours=asked.overbook,
            ),
        )
        if offered.offer is None:
            return Changed(refused=offered.refused)
        moved = self._take_over(await self._local(AppointmentActivities.move, self._move(asked, offered.offer)))
        if moved.refused or moved.appointment is None:
            return moved
        self.offer = offered.offer
        workflow.upsert_search_attributes([ids.VISIT_AT.value_set(moved.appointment.start)])
        await self._signal_reminders_moved()
        if asked.notify:
            await self._tell("rescheduling")
        return moved

    async def _resolve(self, resolution: Resolution) -> Changed:
        if resolution.action == "retry":
            self.failed_steps = await self.undos.run()
        if resolution.action == "skip" or not self.failed_steps:
            self.failed_steps = []
            await self._flag(None)
        return Changed(appointment=self.appointment)

    # Small steps ------------------------------------------------------------------------------------------------------

    async def _invoice(self) -> None:
        if self._offered().price:
            await self._local(PaymentActivities.issue_invoice, self._invoice_request())
            self.undos.add("cancel_invoice", lambda: self._cancel_open_invoice("booking_abandoned"))

    async def _cancel_open_invoice(self, reason: str) -> None:
        target = InvoiceTarget(actor=self.own, invoice_id=ids.invoice_of(self.request.appointment_id), reason=reason)
        await workflow.execute_local_activity_method(PaymentActivities.cancel_invoice, target, **policies.UNDO)

    async def _release_payment(self) -> None:
        release = PaymentRelease(
            actor=self.own,
            payment_id=ids.payment_of(self.request.appointment_id),
            reason="booking_abandoned",
            cancel_invoice=True,
        )
        await workflow.execute_local_activity_method(PaymentActivities.release, release, **policies.UNDO)

    async def _with_alternatives(self, refused: Refused) -> Refused:
        if refused.code not in {"slot_taken", "outside_hours"}:
            return refused
        wanted = AlternativesRequest(
            actor=self.request.actor,
            visit_type_id=self.request.visit_type_id,
            consultant_id=self.request.consultant_id,
            location_id=self.request.location_id,
            start=self.request.start,
        )
        found = await workflow.execute_local_activity_method(SlotActivities.alternatives, wanted, **policies.SHORT)
        slots = [slot.model_dump(mode="json") for slot in found.slots]
        return refused.model_copy(update={"extra": {**refused.extra, "alternatives": slots}})

    async def _flag(self, step: str | None) -> None:
        asked = AttentionRequest(actor=self.own, appointment_id=self.request.appointment_id, step=step)
        await workflow.execute_local_activity_method(AppointmentActivities.attend, asked, **policies.UNDO)
        workflow.upsert_search_attributes(
            [ids.NEEDS_ATTENTION.value_set(bool(step)), ids.FAILED_STEPS.value_set(self.failed_steps)]
        )

    async def _start_payment(self, payment: Payment) -> None:
        await workflow.start_child_workflow(
            PaymentCapture.run,
            CollectRequest(actor=self.own, payment_id=payment.id),
            id=ids.payment(payment.id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"Payment of {self._now().reference}",
        )

    async def _start_reminders(self) -> None:
        now = self._now()
        await workflow.start_child_workflow(
            AppointmentReminders.run,
            RemindersRequest(
                tenant_id=self.own.tenant_id,
                appointment_id=now.id,
                patient_id=now.patient_id,
                version=now.version,
                start=now.start,
                offsets_hours=self._offered().reminder_offsets_hours,
            ),
            id=ids.reminders(now.id),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            static_summary=f"Reminders of {now.reference}",
        )

    async def _tell(self, template: str) -> None:
        """Send a message without waiting for it: the visit does not depend on a mail server."""
        now = self._now()
        workflow.start_activity_method(
            NotificationActivities.tell,
            MessageRequest(tenant_id=self.own.tenant_id, appointment_id=now.id, template=template, version=now.version),
            summary=template,
            **policies.MESSAGE,
        )

    async def _signal_payment(self, settlement: Settlement) -> None:
        handle = workflow.get_external_workflow_handle_for(
            PaymentCapture.run, ids.payment(ids.payment_of(self.request.appointment_id))
        )
        await self._tolerating_its_end(handle.signal(PaymentCapture.settle, settlement))

    async def _signal_reminders_moved(self) -> None:
        now = self._now()
        moved = Moved(version=now.version, start=now.start)
        await self._tolerating_its_end(self._reminders_handle().signal(AppointmentReminders.moved, moved))

    async def _signal_reminders_stop(self) -> None:
        await self._tolerating_its_end(self._reminders_handle().signal(AppointmentReminders.stop))

    def _reminders_handle(self) -> workflow.ExternalWorkflowHandle[AppointmentReminders]:
        return workflow.get_external_workflow_handle_for(
            AppointmentReminders.run, ids.reminders(self.request.appointment_id)
        )

    async def _tolerating_its_end(self, signal: Any) -> None:
        """A workflow beside us that has ended needs no word any more."""
        try:
            await signal
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.info("neighbour_has_ended")

    async def _local(self, step: Callable[[Any, P], Awaitable[R]], request: P) -> R:
        found: R = await workflow.execute_local_activity_method(step, request, **policies.SHORT)
        return found

    # What is known ----------------------------------------------------------------------------------------------------

    def _take_over(self, changed: Changed) -> Changed:
        if changed.appointment:
            self.appointment = changed.appointment
            workflow.upsert_search_attributes([ids.APPOINTMENT_STATUS.value_set(changed.appointment.status.value)])
        return changed

    def _now(self) -> Appointment:
        assert self.appointment is not None  # noqa: S101 - asked only once there is one
        return self.appointment

    def _offered(self) -> Offer:
        assert self.offer is not None  # noqa: S101 - asked only once there is one
        return self.offer

    def _offered_price(self) -> bool:
        return bool(self.offer and self.offer.price)

    def _due_now(self) -> Money | None:
        """What is taken at booking: as the request says, or else as the visit type's policy says."""
        offer, choice = self._offered(), self.request.payment
        policy = offer.payment_policy
        if not offer.price or (choice and choice.method == "at_desk"):
            return None
        if choice is None and (policy.kind == "none" or policy.when == "desk"):
            return None
        return policy.deposit if policy.kind == "deposit" and policy.deposit else offer.price

    def _fee(self) -> Money:
        offer = self._offered()
        return offer.price.percent(offer.cancellation_policy.fee_percent)

    def _is_late(self) -> bool:
        free_until = self._now().start - timedelta(hours=self._offered().cancellation_policy.free_until_hours)
        return workflow.now() > free_until

    def _reminders(self) -> list[tuple[int, datetime]]:
        start = self._now().start
        moments = [(hours, start - timedelta(hours=hours)) for hours in self._offered().reminder_offsets_hours]
        return sorted(
            ((hours, at.astimezone(UTC)) for hours, at in moments if at > workflow.now()), key=lambda one: one[1]
        )

    def _invoice_request(self) -> InvoiceRequest:
        offer = self._offered()
        return InvoiceRequest(
            actor=self.own,
            invoice_id=ids.invoice_of(self.request.appointment_id),
            appointment_id=self.request.appointment_id,
            patient_id=self.request.patient_id,
            description=f"{offer.visit_type_name}, {offer.consultant_name}",
            price=offer.price,
            zone=offer.zone,
        )

    def _release(self, code: str) -> ReleaseRequest:
        return ReleaseRequest(actor=self.own, appointment_id=self.request.appointment_id, code=code)

    def _terms(self, appointment: Appointment) -> OfferRequest:
        return OfferRequest(
            actor=self.own,
            visit_type_id=appointment.visit_type_id,
            consultant_id=appointment.consultant_id,
            location_id=appointment.location_id,
            start=appointment.start,
            override_hours=True,
        )

    def _move(self, asked: RescheduleRequest, offer: Offer) -> MoveRequest:
        move = Move(
            consultant_id=offer.consultant_id,
            location_id=offer.location_id,
            zone=offer.zone,
            start=offer.start,
            end=offer.end,
            occupied_from=offer.occupied_from,
            occupied_to=offer.occupied_to,
            to_version=self._now().version + 1,
            overbooked=asked.overbook,
        )
        return MoveRequest(actor=asked.actor, appointment_id=self.request.appointment_id, move=move)


def _ended(detail: str) -> Refused:
    return Refused(code="wrong_state", status=409, title="The appointment has ended", detail=detail)


def _unavailable() -> Refused:
    return Refused(
        code="gateway_unavailable",
        status=503,
        title="The payment could not be made",
        detail="The card gateway did not answer while the time was held. Nothing was charged; try again.",
        extra={"retry_after": 30},
    )
