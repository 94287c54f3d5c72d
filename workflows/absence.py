"""A consultant is away: appointments are moved, offered or cancelled, each patient is told once, all can be undone."""

import asyncio
from collections.abc import Awaitable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.absences import AbsenceActivities
    from activities.absent_messages import AbsenceMessages
    from services.appointments.absences.schemas import AbsenceState, Action, ItemState
    from workflows import policies
    from workflows.contracts.absence import (
        AbsenceBegun,
        AbsenceMessage,
        AbsenceOpened,
        AbsenceProgress,
        AbsenceRequest,
        AbsenceStanding,
        AbsenceStep,
        ChoiceRequest,
        LeaveRemoval,
        RestoreTask,
        Steer,
        Steered,
        SteerRequest,
        StepResult,
        StepTask,
    )
    from workflows.contracts.refusal import Refused
    from workflows.undo import ours

_AT_ONCE = 4
"""How many patients are dealt with at the same time: the clinic goes on meanwhile."""
_DONE = frozenset({AbsenceState.UNDOING, AbsenceState.UNDONE, AbsenceState.CLOSED})


@workflow.defn(name="ConsultantAbsence")
class ConsultantAbsence:
    """Deals with the appointments in one leave. Its id is `absence-{uuid}`."""

    @workflow.init
    def __init__(self, request: AbsenceRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.opened: AbsenceOpened | None = None
        self.state = AbsenceState.RUNNING
        self.results: dict[UUID, StepResult] = {}
        self.undo_until: datetime | None = None
        self.deciding = asyncio.Lock()
        self.answered: dict[UUID, int] = {}
        self.telling: list[asyncio.Task[None]] = []
        self._noting = asyncio.Lock()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    # The story --------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, _request: AbsenceRequest) -> AbsenceProgress:
        """Open, work through, leave time to undo, wait for the patients' choices, close."""
        self.opened = await self._open()
        if self.opened.refused is None:
            await self._work(self.opened.steps)
            if await self._undone_in_time():
                await self._undo(self.opened.steps)
            else:
                await self._wait_for_choices(self.opened.steps)
        await asyncio.gather(*self.telling)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.progress()

    async def _open(self) -> AbsenceOpened:
        opened: AbsenceOpened = await workflow.execute_local_activity_method(
            AbsenceActivities.open, self.request, **policies.SHORT
        )
        return opened

    async def _work(self, steps: list[AbsenceStep]) -> None:
        await asyncio.gather(*(self._deal_with(patient, own) for patient, own in _by_patient(steps)))
        self.undo_until = workflow.now() + timedelta(seconds=self.request.undo_seconds)
        await self._stand(AbsenceState.FINISHED)

    async def _deal_with(self, patient_id: UUID, steps: list[AbsenceStep]) -> None:
        """Deal with all that one patient has there, and then tell them once."""
        async with self._slots:
            for step in steps:
                await workflow.wait_condition(lambda: self.state is not AbsenceState.PAUSED)
                self.results[step.appointment_id] = await self._take(self._task(step, step.action))
            self._tell(patient_id)

    async def _undone_in_time(self) -> bool:
        """Wait as long as all of it may be undone."""
        try:
            await workflow.wait_condition(
                lambda: self.state is AbsenceState.UNDOING,
                timeout=timedelta(seconds=self.request.undo_seconds),
                timeout_summary="until this can no longer be undone",
            )
        except TimeoutError:
            return False
        return True

    async def _undo(self, steps: list[AbsenceStep]) -> None:
        """Take the leave back first, since appointments are to lie inside the hours again."""
        async with self.deciding:
            await self._remove_leave()
            await asyncio.gather(*(self._put_back(patient, own) for patient, own in _by_patient(steps)))
            await self._stand(AbsenceState.UNDONE)

    async def _put_back(self, patient_id: UUID, steps: list[AbsenceStep]) -> None:
        async with self._slots:
            for step in steps:
                result = self.results[step.appointment_id]
                if result.state in {ItemState.MOVED, ItemState.CANCELLED, ItemState.OFFERED}:
                    self.results[step.appointment_id] = await self._restore(step, result)
            self._tell(patient_id, undone=True)

    async def _wait_for_choices(self, steps: list[AbsenceStep]) -> None:
        """Cancel what a patient has not decided on in time; the message said so."""
        while (open_ := self._open_offers(steps)) and (first := min(self._deadline(step) for step in open_)):
            try:
                await workflow.wait_condition(
                    lambda: not self._open_offers(steps),
                    timeout=max(first - workflow.now(), timedelta(0)),
                    timeout_summary="until patients have chosen",
                )
            except TimeoutError:
                async with self.deciding:
                    late = [step for step in self._open_offers(steps) if self._deadline(step) <= workflow.now()]
                    for step in late:
                        task = self._task(step, Action.CANCEL)
                        self.results[step.appointment_id] = await self._take(task)
        await self._stand(AbsenceState.CLOSED)

    # What others ask --------------------------------------------------------------------------------------------------

    @workflow.update
    async def begin(self, _request_hash: str) -> AbsenceBegun:
        """Wait until the absence is noted. The update's id is the idempotency key."""
        await workflow.wait_condition(lambda: self.opened is not None)
        refused = self.opened.refused if self.opened else None
        return AbsenceBegun(request_hash=self.request.plan.request_hash, refused=refused)

    @workflow.update
    async def steer(self, asked: SteerRequest) -> Steered:
        """Pause, go on, or undo; each from the states in which it means something."""
        await workflow.wait_condition(lambda: self.opened is not None)
        allowed = {
            Steer.PAUSE: (AbsenceState.RUNNING, AbsenceState.PAUSED),
            Steer.RESUME: (AbsenceState.PAUSED, AbsenceState.RUNNING),
            Steer.UNDO: (AbsenceState.FINISHED, AbsenceState.UNDOING),
        }
        source, target = allowed[asked.what]
        if self.state is target:
            return Steered(state=self.state)
        too_late = asked.what is Steer.UNDO and self.undo_until is not None and workflow.now() > self.undo_until
        if self.state is not source or too_late:
            return Steered(state=self.state, refused=_NOT_NOW)
        await self._stand(target)
        return Steered(state=self.state)

    @workflow.update
    async def choose(self, asked: ChoiceRequest) -> StepResult:
        """Take a patient's answer to an offer; a time that was taken meanwhile is refused, and others are offered."""
        async with self.deciding:
            step = self._step(asked.appointment_id)
            result = self.results.get(asked.appointment_id)
            if step is None or result is None or result.state is not ItemState.OFFERED or self.state in _DONE:
                return result.model_copy(update={"refused": _NO_OFFER}) if result else _UNKNOWN
            self.answered[asked.appointment_id] = number = self.answered.get(asked.appointment_id, 0) + 1
            action = Action.MOVE if asked.place else Action.CANCEL
            task = self._task(step, action).model_copy(update={"choice": asked.place, "number": number})
            found = await self._take(task)
            if found.refused is None:
                self.results[asked.appointment_id] = found
            return found

    @workflow.query
    def progress(self) -> AbsenceProgress:
        """Tell where the work stands."""
        steps = self.opened.steps if self.opened else []
        stage = self.state if self.opened else "opening"
        return AbsenceProgress(
            request_hash=self.request.plan.request_hash,
            refused=self.opened.refused if self.opened else None,
            stage=stage,
            total=len(steps),
            done=len(self.results),
        )

    # Small steps ------------------------------------------------------------------------------------------------------

    def _task(self, step: AbsenceStep, action: Action) -> StepTask:
        return StepTask(
            absence_id=self.request.absence_id,
            actor=self.request.actor,
            step=step,
            action=action,
            other_consultants=self.request.plan.other_consultants,
            decide_hours=self.request.plan.decide_hours,
            undoable=self.state not in _DONE and (self.undo_until is None or workflow.now() < self.undo_until),
        )

    async def _take(self, task: StepTask) -> StepResult:
        """Deal with one appointment; one that cannot be dealt with is left to a person, and the others go on."""
        try:
            return await workflow.execute_activity_method(
                AbsenceActivities.take, task, summary=task.action.value, **policies.OTHERS
            )
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
        return await self._give_up(task.step, ItemState.FAILED)

    async def _restore(self, step: AbsenceStep, result: StepResult) -> StepResult:
        task = RestoreTask(
            absence_id=self.request.absence_id,
            actor=self.request.actor,
            step=step,
            state=result.state,
            version=result.version or step.version,
        )
        try:
            return await workflow.execute_activity_method(
                AbsenceActivities.restore, task, summary="put back", **policies.OTHERS
            )
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
        return await self._give_up(step, ItemState.UNRESTORED)

    async def _give_up(self, step: AbsenceStep, state: ItemState) -> StepResult:
        workflow.logger.error("step_failed", extra={"appointment_id": str(step.appointment_id)})
        task = RestoreTask(
            absence_id=self.request.absence_id,
            actor=self.request.actor,
            step=step,
            state=state,
            version=step.version,
        )
        found: StepResult = await workflow.execute_local_activity_method(
            AbsenceActivities.give_up, task, **policies.WITHOUT_END
        )
        return found

    async def _stand(self, state: AbsenceState) -> None:
        self.state = state
        async with self._noting:
            await self._note_state()

    async def _note_state(self) -> None:
        standing = AbsenceStanding(
            tenant_id=self.request.actor.tenant_id,
            absence_id=self.request.absence_id,
            state=self.state,
            undo_until=self.undo_until,
        )
        await workflow.execute_local_activity_method(AbsenceActivities.stand, standing, **policies.WITHOUT_END)

    async def _remove_leave(self) -> None:
        plan = self.request.plan
        leave = LeaveRemoval(
            tenant_id=self.request.actor.tenant_id, consultant_id=plan.consultant_id, exception_id=plan.exception_id
        )
        await workflow.execute_local_activity_method(AbsenceActivities.remove_leave, leave, **policies.WITHOUT_END)

    def _tell(self, patient_id: UUID, *, undone: bool = False) -> None:
        """Send the message without waiting for it: the next patient does not depend on a mail server."""
        message = AbsenceMessage(
            tenant_id=self.request.actor.tenant_id,
            absence_id=self.request.absence_id,
            patient_id=patient_id,
            undone=undone,
        )
        self.telling.append(asyncio.create_task(_harmless(self._send(message))))

    async def _send(self, message: AbsenceMessage) -> None:
        await workflow.execute_activity_method(
            AbsenceMessages.tell, message, summary="undone" if message.undone else "absence", **policies.TELLING
        )

    def _step(self, appointment_id: UUID) -> AbsenceStep | None:
        steps = self.opened.steps if self.opened else []
        return next((step for step in steps if step.appointment_id == appointment_id), None)

    def _open_offers(self, steps: Iterable[AbsenceStep]) -> list[AbsenceStep]:
        return [step for step in steps if self.results[step.appointment_id].state is ItemState.OFFERED]

    def _deadline(self, step: AbsenceStep) -> datetime:
        return self.results[step.appointment_id].decide_by or workflow.now()


async def _harmless(sending: Awaitable[None]) -> None:
    try:
        await sending
    except BaseException as error:
        if not ours(error):
            raise
        workflow.logger.warning("message_failed", extra={"template": "absence"})


def _by_patient(steps: list[AbsenceStep]) -> list[tuple[UUID, list[AbsenceStep]]]:
    """Gather what belongs to one patient, in the order in which they come first."""
    found: dict[UUID, list[AbsenceStep]] = {}
    for step in steps:
        found.setdefault(step.patient_id, []).append(step)
    return list(found.items())


_NOT_NOW = Refused(
    code="absence_wrong_state",
    status=409,
    title="This is not possible as the work stands now",
    detail="The work has gone on meanwhile, or the time to undo it has passed.",
)
_NO_OFFER = Refused(
    code="offer_over",
    status=409,
    title="This offer has passed",
    detail="This appointment is decided already. Call the clinic if something is wrong.",
)
_UNKNOWN = StepResult(
    state=ItemState.LEFT,
    refused=Refused(code="offer_over", status=409, title="This offer has passed", detail="There is no such offer."),
)
