"""An appointment after it was booked: the visit's steps, moving, cancelling, and how it ends."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.consultants import ConsultantActivities
    from services.appointments.schemas import Move, Status
    from services.consultants.schemas import Offer
    from workflows import ids
    from workflows.appointment import AppointmentProcess
    from workflows.contracts import (
        CancellationRequest,
        CancelRequest,
        Changed,
        Moved,
        MoveRequest,
        OfferRequest,
        Refused,
        RescheduleRequest,
        Resolution,
        Settlement,
        Stage,
        StepRequest,
        VisitStep,
    )
    from workflows.payment import PaymentCapture
    from workflows.reminders import AppointmentReminders

WAITING = frozenset({Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN})
_UNDO_NO_SHOW = timedelta(hours=12)


class Visit(AppointmentProcess):
    """What happens between the booking and the end, and what others may ask meanwhile."""

    # The story, continued ---------------------------------------------------------------------------------------------

    async def visit_and_settle(self) -> None:
        """Wait until the visit took place, or will not; keep open what the same day may undo; settle."""
        await self._until_it_ends()
        while self.now().status == Status.NO_SHOW and await self._no_show_was_undone():
            await self._until_it_ends()
        self.stage = Stage.SETTLING
        self.settled = True
        if self.payment and self.now().status != Status.CANCELLED:
            await self._signal_payment(Settlement(actor=self.own))

    async def _until_it_ends(self) -> None:
        while self.now().status in WAITING:
            deadline, version = self.now().end + self.grace(), self.now().version
            if not await self._changed_before(deadline - workflow.now(), version):
                async with self.changing:
                    await self._missed_or_forgotten()

    async def _changed_before(self, left: timedelta, version: int) -> bool:
        try:
            await workflow.wait_condition(
                lambda: self.now().status not in WAITING or self.now().version != version,
                timeout=max(left, timedelta(0)),
                timeout_summary="no-show check",
            )
        except TimeoutError:
            return False
        return True

    async def _missed_or_forgotten(self) -> None:
        """After the grace period: nobody came, or somebody came and nobody noted the end."""
        if self.now().status in WAITING:
            verb = "no-show" if self.now().status == Status.BOOKED else "completion"
            await self._step(VisitStep.model_validate({"actor": self.own, "verb": verb}))

    async def _no_show_was_undone(self) -> bool:
        try:
            await workflow.wait_condition(
                lambda: self.now().status != Status.NO_SHOW, timeout=_UNDO_NO_SHOW, timeout_summary="undo of no-show"
            )
        except TimeoutError:
            return False
        return True

    # What others ask while it runs ------------------------------------------------------------------------------------

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
        await workflow.wait_condition(lambda: self.outcome is not None)
        async with self.changing:
            if resolution.action == "retry":
                self.failed_steps = await self.undos.run()
            if resolution.action == "skip" or not self.failed_steps:
                self.failed_steps = []
                await self.flag(None)
        return Changed(appointment=self.appointment)

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
        return self.take_over(await self.local(AppointmentActivities.step, asked))

    async def _cancel(self, asked: CancellationRequest) -> Changed:
        late = self.is_late()
        request = CancelRequest(
            actor=asked.actor, appointment_id=self.request.appointment_id, reason=asked.reason, late=late
        )
        changed = self.take_over(await self.local(AppointmentActivities.cancel, request))
        if changed.refused:
            return changed
        await self.tolerating_its_end(self._reminders().signal(AppointmentReminders.stop))
        if self.payment:
            keep = self.fee() if late and not asked.waive_fee else None
            await self._signal_payment(Settlement(actor=self.own, keep=keep, reason=asked.reason))
        elif self.offered().price:
            await self.cancel_open_invoice(asked.reason)
        if asked.notify:
            self.tell("cancellation")
        return changed

    async def _reschedule(self, asked: RescheduleRequest) -> Changed:
        offered = await self.local(ConsultantActivities.offer, self._wanted(asked))
        if offered.offer is None:
            return Changed(refused=offered.refused)
        moved = self.take_over(await self.local(AppointmentActivities.move, self._move(asked, offered.offer)))
        if moved.refused or moved.appointment is None:
            return moved
        self.offer = offered.offer
        workflow.upsert_search_attributes([ids.VISIT_AT.value_set(moved.appointment.start)])
        told = Moved(version=moved.appointment.version, start=moved.appointment.start)
        await self.tolerating_its_end(self._reminders().signal(AppointmentReminders.moved, told))
        if asked.notify:
            self.tell("rescheduling")
        return moved

    # Small steps ------------------------------------------------------------------------------------------------------

    def _wanted(self, asked: RescheduleRequest) -> OfferRequest:
        now = self.now()
        return OfferRequest(
            actor=asked.actor,
            visit_type_id=now.visit_type_id,
            consultant_id=asked.consultant_id or now.consultant_id,
            location_id=asked.location_id or (None if asked.consultant_id else now.location_id),
            start=asked.start,
            override_hours=asked.overbook,
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
            to_version=self.now().version + 1,
            overbooked=asked.overbook,
        )
        return MoveRequest(actor=asked.actor, appointment_id=self.request.appointment_id, move=move)

    async def _signal_payment(self, settlement: Settlement) -> None:
        payment = ids.payment(ids.payment_of(self.request.appointment_id))
        handle = workflow.get_external_workflow_handle_for(PaymentCapture.run, payment)
        await self.tolerating_its_end(handle.signal(PaymentCapture.settle, settlement))

    def _reminders(self) -> workflow.ExternalWorkflowHandle[AppointmentReminders]:
        return workflow.get_external_workflow_handle_for(
            AppointmentReminders.run, ids.reminders(self.request.appointment_id)
        )


def _ended(detail: str) -> Refused:
    return Refused(code="wrong_state", status=409, title="The appointment has ended", detail=detail)
