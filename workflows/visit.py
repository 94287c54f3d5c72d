"""An appointment after it was booked: the visit's steps, moving, cancelling, and how it ends."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.consultants import ConsultantActivities
    from services.appointments.schemas import Move, Status
    from services.consultants.schemas import Offer
    from workflows import ids
    from workflows.contracts import (
        BookingRequest,
        CancellationRequest,
        CancelRequest,
        Changed,
        MoveRequest,
        OfferRequest,
        Refused,
        RescheduleRequest,
        Stage,
        StepRequest,
        Target,
        VisitStep,
    )
    from workflows.settling import Ending, Settling

WAITING = frozenset({Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN})
_UNDO_NO_SHOW = timedelta(hours=12)
_PATIENCE = timedelta(hours=2)
"""How long a visit may go on being unnoted after somebody undid a step, or the service would not note its end."""
_MOMENT = timedelta(seconds=3)
"""How long the answer to a cancellation waits for the money, which is usually on its way back by then."""


class Visit(Settling):
    """What happens between the booking and the end, and what others may ask meanwhile."""

    def __init__(self, request: BookingRequest) -> None:
        super().__init__(request)
        self.settled = False
        self._patient_until: datetime | None = None

    # The story, continued ---------------------------------------------------------------------------------------------

    async def wait_for_visit(self) -> None:
        """Wait until the visit took place, or will not, and no longer can: the same day may undo a no-show."""
        while not self.settled:
            await self._until_it_ends()
            if self.now().status == Status.NO_SHOW and await self._no_show_was_undone():
                continue
            async with self.changing:  # a change that is under way comes first, and may have opened it again
                self.settled = self.now().status not in WAITING

    async def settle(self) -> None:
        """End it: the money where it belongs, everybody told."""
        self.stage = Stage.SETTLING
        await self.settle_money()
        await self.everybody_is_told()

    async def give_up(self) -> None:
        """Cancel the appointment, since an operator cancelled its workflow; if that is too late, go on to its end."""
        async with self.changing:
            given_up = CancellationRequest(actor=self.own, reason="other", waive_fee=True)
            if self.now().status in WAITING and (await self._cancel(given_up)).refused:
                await self._read_again()
        await self.wait_for_visit()

    async def _until_it_ends(self) -> None:
        while self.now().status in WAITING:
            version = self.now().version
            if not await self._changed_before(self._deadline() - workflow.now(), version):
                async with self.changing:
                    await self._missed_or_forgotten()

    def _deadline(self) -> datetime:
        usual = self.now().end + self.grace()
        return max(usual, self._patient_until) if self._patient_until else usual

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
        if self.now().status not in WAITING or workflow.now() < self._deadline():
            return  # somebody was faster, while this waited for its turn
        verb = "no-show" if self.now().status == Status.BOOKED else "completion"
        noted = await self._step(VisitStep.model_validate({"actor": self.own, "verb": verb}))
        if noted.refused:
            self._patient_until = workflow.now() + _PATIENCE
            await self._read_again()

    async def _read_again(self) -> None:
        target = Target(actor=self.own, appointment_id=self.request.appointment_id)
        self.take_over(await self.local(AppointmentActivities.standing, target))

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
        changed = await self._change(lambda: self._cancel(asked))
        if changed.refused is None:
            await self._money_is_settled_soon()
        return changed

    @workflow.update
    async def reschedule(self, asked: RescheduleRequest) -> Changed:
        """Move the appointment; payment and reminders follow."""
        return await self._change(lambda: self._reschedule(asked))

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
        changed = self.take_over(await self.local(AppointmentActivities.step, asked))
        if step.undo and changed.appointment and workflow.now() > self._deadline():
            self._patient_until = workflow.now() + _PATIENCE
        return changed

    async def _cancel(self, asked: CancellationRequest) -> Changed:
        if asked.expected_version not in {None, self.now().version}:
            return Changed(refused=_CHANGED)
        late = self.is_late()
        request = CancelRequest(
            actor=asked.actor, appointment_id=self.request.appointment_id, reason=asked.reason, late=late
        )
        changed = self.take_over(await self.local(AppointmentActivities.cancel, request))
        if changed.refused:
            return changed
        self.ending = Ending(asked.reason, "cancellation", self.fee() if late and not asked.waive_fee else None)
        await self.stop_reminders()
        if asked.notify:
            self.tell("cancellation")
        return changed

    async def _money_is_settled_soon(self) -> None:
        try:
            await workflow.wait_condition(lambda: self.money_settled or bool(self.failed_steps), timeout=_MOMENT)
        except TimeoutError:
            workflow.logger.info("money_takes_longer")

    async def _reschedule(self, asked: RescheduleRequest) -> Changed:
        if asked.expected_version not in {None, self.now().version}:
            return Changed(refused=_CHANGED)
        offered = await self.local(ConsultantActivities.offer, self._wanted(asked))
        if offered.offer is None:
            return Changed(refused=offered.refused)
        moved = self.take_over(await self.local(AppointmentActivities.move, self._move(asked, offered.offer)))
        if moved.refused or moved.appointment is None:
            return moved
        self.offer = offered.offer
        workflow.upsert_search_attributes(
            [
                ids.VISIT_AT.value_set(moved.appointment.start),
                ids.CONSULTANT.value_set(str(moved.appointment.consultant_id)),
                ids.LOCATION.value_set(str(moved.appointment.location_id)),
            ]
        )
        await self.move_reminders()
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
            held=asked.held,
            patient_id=now.patient_id,
            payer_id=self.request.payer_id,
            appointment_id=now.id,
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
            hours_overridden=not offer.within_hours,
            capacity=offer.capacity,
            rooms=offer.rooms,
        )
        return MoveRequest(actor=asked.actor, appointment_id=self.request.appointment_id, move=move)


_CHANGED = Refused(
    code="version_conflict", status=409, title="It was changed", detail="Somebody else changed this appointment since."
)


def _ended(detail: str) -> Refused:
    return Refused(code="wrong_state", status=409, title="The appointment has ended", detail=detail)
