"""An appointment after it was booked: the visit's steps, moving, cancelling, and how it ends."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from services.appointments.errors import TooLateToCancel
    from services.appointments.schemas import STILL_HERE, Status
    from workflows import policies
    from workflows.cancelling import is_of_the_clinic
    from workflows.contracts import (
        Asked,
        BookingRequest,
        CancellationRequest,
        Changed,
        Refused,
        RemarksDecided,
        RescheduleRequest,
        Stage,
        StepRequest,
        Target,
        UndoMove,
        VisitStep,
    )
    from workflows.moving import Moving

WAITING = frozenset({Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN})
_NOT_BEGUN = frozenset({Status.BOOKED, Status.ARRIVED})
"""States in which an appointment can be cancelled, as long as its time has not come."""
_ENDINGS = frozenset({"completion", "departure", "no-show", "cancellation"})
_PATIENCE = timedelta(hours=2)
"""How long a visit may go on being unnoted after somebody undid a step, or the service would not note its end."""
_DAY = timedelta(days=1)


class Visit(Moving):
    """What happens between the booking and the end, and what others may ask meanwhile."""

    def __init__(self, request: BookingRequest) -> None:
        super().__init__(request)
        self.settled = False
        self._patient_until: datetime | None = None

    # The story, continued ---------------------------------------------------------------------------------------------

    async def wait_for_visit(self) -> None:
        """Wait until the visit took place, or will not, and that can no longer be undone."""
        while not self.settled:
            await self._until_it_ends()
            if await self.was_undone():
                continue
            async with self.changing:  # a change that is under way comes first, and may have opened it again
                self.settled = self.now().status not in WAITING

    async def settle(self) -> None:
        """End it: the money where it belongs, everybody told."""
        self.stage = Stage.SETTLING
        self.tell_of_cancellation()
        await self.differences_are_settled()
        await self.settle_money()
        await self.everybody_is_told()

    async def give_up(self) -> None:
        """Cancel the appointment, since an operator cancelled its workflow; if that is too late, go on to its end."""
        async with self.changing:
            given_up = CancellationRequest(actor=self.own, reason="other", waive_fee=True)
            if self.now().status in WAITING and (await self.cancel_it(given_up)).refused:
                await self._read_again()
        await self.wait_for_visit()

    async def _until_it_ends(self) -> None:
        while self.now().status in WAITING:
            if not await self._changed_before(self._deadline() - workflow.now()):
                async with self.changing:
                    await self._missed_or_forgotten()

    def _deadline(self) -> datetime:
        """Tell when the process looks by itself: a grace after the start, or for who has come when the day is over."""
        now = self.now()
        usual = (now.start if now.status == Status.BOOKED else now.end) + self.grace()
        if now.status != Status.BOOKED and self._day_is_the_desks():
            usual = max(usual, self._day_ends())
        return max(usual, self._patient_until) if self._patient_until else usual

    def _day_is_the_desks(self) -> bool:
        """Tell whether who has come is left to the desk until the day is over: late consultants keep patients waiting.

        Processes that looked before this was so go on as they began.
        """
        return workflow.patched("who-has-come-stays-for-the-day")

    def _day_ends(self) -> datetime:
        now = self.now()
        zone = ZoneInfo(now.zone)
        last = (now.end - timedelta(minutes=1)).astimezone(zone).date()
        return datetime.combine(last + _DAY, time(), zone)

    async def _changed_before(self, left: timedelta) -> bool:
        known = self.now().status, self.now().version
        try:
            await workflow.wait_condition(
                lambda: (self.now().status, self.now().version) != known,
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
        if self._was_not_seen() and self._day_is_the_desks():
            await self._ask_what_became()
            return
        verb = "no-show" if self.now().status == Status.BOOKED else "completion"
        noted = await self._step(VisitStep.model_validate({"actor": self.own, "verb": verb}))
        if noted.refused:
            self._patient_until = workflow.now() + _PATIENCE
            await self._read_again()

    def _was_not_seen(self) -> bool:
        now = self.now()
        return now.status in {Status.ARRIVED, Status.CHECKED_IN} and now.with_consultant_since is None

    async def _ask_what_became(self) -> None:
        """Let a person say whether somebody who came was seen; who leaves that open is asked again a day later."""
        self._patient_until = workflow.now() + _DAY
        if STILL_HERE in self.failed_steps:
            return
        others, again = list(self.failed_steps), self.try_again

        async def look() -> list[str]:
            return [*(await again() if others else []), *([STILL_HERE] if self._was_not_seen() else [])]

        self.failed_steps, self.try_again = [*others, STILL_HERE], look
        await self.flag()

    async def _tell_what_became(self) -> None:
        """Take it from Attention as soon as somebody has noted it."""
        if STILL_HERE in self.failed_steps and not self._was_not_seen():
            self.failed_steps = [step for step in self.failed_steps if step != STILL_HERE]
            await self.flag()

    async def _read_again(self) -> None:
        target = Target(actor=self.own, appointment_id=self.request.appointment_id)
        self.take_over(await self.local(AppointmentActivities.standing, target))

    # What others ask while it runs ------------------------------------------------------------------------------------

    @workflow.update
    async def visit(self, step: VisitStep) -> Changed:
        """Note one step of the visit, or undo it."""
        return await self._change(lambda: self._step(step), step)

    @workflow.update
    async def cancel(self, asked: CancellationRequest) -> Changed:
        """Cancel the appointment; the money goes back as the policy says."""
        changed = await self._change(lambda: self._cancel_in_time(asked), asked)
        if changed.refused is None:
            await self.money_is_settled_soon()
        return changed

    async def _cancel_in_time(self, asked: CancellationRequest) -> Changed:
        """Cancel, unless the visit has begun: then the patient did not come or left, or it is for the clinic's reason.

        Processes that were asked before this was so go on as they began.
        """
        now = self.now()
        begun = now.status in _NOT_BEGUN and now.start <= workflow.now()
        if begun and not is_of_the_clinic(asked.reason) and workflow.patched("no-cancelling-once-begun"):
            what_then = "Note that the patient did not come, or left; or cancel for a reason of the clinic's."
            return Changed(refused=Refused.of(TooLateToCancel(what_then, begun_at=now.start.isoformat())))
        return await self.cancel_it(asked)

    @workflow.update
    async def reschedule(self, asked: RescheduleRequest) -> Changed:
        """Move the appointment; payment and reminders follow."""
        return await self._change(lambda: self.move_it(asked), asked)

    @workflow.update
    async def undo_move(self, asked: UndoMove) -> Changed:
        """Take back the last move."""
        return await self._change(lambda: self.move_back(asked), asked)

    async def _change(self, change: Callable[[], Awaitable[Changed]], asked: Asked | None = None) -> Changed:
        """Let one change follow the other; each is an answer, whatever the service says.

        The update's id is the idempotency key: the engine answers a repeat; the hash tells other bodies apart.
        """
        changed = await self._changed(change)
        if asked is None:
            return changed
        if asked.remark_ids:
            await self._decide_remarks(asked, stand=changed.refused is None)
        return changed.model_copy(update={"request_hash": asked.request_hash})

    async def _decide_remarks(self, asked: Asked, *, stand: bool) -> None:
        decided = RemarksDecided(
            actor=asked.actor,
            appointment_id=self.request.appointment_id,
            remark_ids=asked.remark_ids,
            stand=stand,
        )
        await workflow.execute_local_activity_method(
            AppointmentActivities.decide_remarks, decided, **policies.WITHOUT_END
        )

    async def _changed(self, change: Callable[[], Awaitable[Changed]]) -> Changed:
        await workflow.wait_condition(lambda: self.outcome is not None)
        async with self.changing:
            if self.outcome is not None and self.outcome.refused:
                return Changed(refused=_ended("This booking was refused; there is no appointment."))
            if self.settled:
                return Changed(refused=_ended("This appointment has ended."))
            changed = await change()
            await self._tell_what_became()
            return changed

    async def _step(self, step: VisitStep) -> Changed:
        asked = StepRequest(
            actor=step.actor, appointment_id=self.request.appointment_id, verb=step.verb, undo=step.undo
        )
        if refused := self.stale(step.expected_version):
            return Changed(refused=refused)
        if step.verb == "cancellation" and not step.undo:
            return Changed(refused=_ended("To cancel needs a reason."))
        if step.verb in _ENDINGS:
            changed = await self.step_of_ending(step, asked)
        else:
            changed = self.take_over(await self.local(AppointmentActivities.step, asked))
        if step.undo and changed.appointment and workflow.now() > self._deadline():
            self._patient_until = workflow.now() + _PATIENCE
        return changed


def _ended(detail: str) -> Refused:
    return Refused(code="wrong_state", status=409, title="The appointment has ended", detail=detail)
