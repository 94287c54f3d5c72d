"""A clinic whose consultant is away, for the tests of absences: made-up steps, the real workflow on the real engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.appointments.absences.schemas import AbsencePlan, AbsenceState, Action, ItemState, Place, PlannedItem
from tests.workflows.sandbox import sandbox
from workflows import ids
from workflows.absence import ConsultantAbsence
from workflows.contracts import Refused
from workflows.contracts.absence import (
    AbsenceMessage,
    AbsenceOpened,
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

TAKEN = Refused(code="slot_taken", status=409, title="Taken", detail="Somebody else has it.")


class Ward:
    """Deals with appointments as a test says, and remembers in which order."""

    def __init__(self, client: Client, *actions: Action, patients: int | None = None) -> None:
        self.skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self.client = self.skipper.client
        self.queue = f"{ids.BOOKINGS}-{uuid7()}"
        self.actor = Actor(id=uuid7(), tenant_id=uuid7(), kind="staff", scopes=frozenset({"*"}))
        self.absence_id, self.exception_id, self.consultant_id = uuid7(), uuid7(), uuid7()
        known = [uuid7() for _ in range(patients or len(actions))]
        self.steps = [
            AbsenceStep(appointment_id=uuid7(), patient_id=known[number % len(known)], action=action)
            for number, action in enumerate(actions)
        ]
        self.taken: list[StepTask] = []
        self.restored: list[RestoreTask] = []
        self.told: list[AbsenceMessage] = []
        self.states: list[AbsenceState] = []
        self.removed: list[UUID] = []
        self.dead: set[UUID] = set()
        self.noted, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.refuse_choice = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        """Work on a queue of this ward's own, and on that of the messages."""
        activities: list[Any] = [self.begin, self.take, self.restore, self.give_up, self.stand, self.remove, self.tell]
        bookings = Worker(
            self.client, task_queue=self.queue, workflows=[ConsultantAbsence], activities=activities,
            workflow_runner=sandbox(),
        )  # fmt: skip
        async with bookings, Worker(self.client, task_queue=ids.BACKGROUND, activities=activities):
            yield self

    # The steps --------------------------------------------------------------------------------------------------------

    @activity.defn(name="open_absence")
    async def begin(self, _request: AbsenceRequest) -> AbsenceOpened:
        return AbsenceOpened(steps=self.steps)

    @activity.defn(name="step_of_absence")
    async def take(self, task: StepTask) -> StepResult:
        await self.gate.wait()
        self.taken.append(task)
        if task.step.appointment_id in self.dead:
            raise ApplicationError("for good", non_retryable=True)
        if task.choice and self.refuse_choice:
            return StepResult(state=ItemState.OFFERED, refused=TAKEN)
        if task.action is Action.OFFER:
            by = datetime.now(UTC) + timedelta(hours=48)
            return StepResult(state=ItemState.OFFERED, version=1, decide_by=by)
        if task.action is Action.CANCEL:
            return StepResult(state=ItemState.CANCELLED, version=1)
        return StepResult(state=ItemState.MOVED, version=2)

    @activity.defn(name="restore_appointment")
    async def restore(self, task: RestoreTask) -> StepResult:
        self.restored.append(task)
        return StepResult(state=ItemState.RESTORED, version=task.version + 1)

    @activity.defn(name="give_up_step")
    async def give_up(self, task: RestoreTask) -> StepResult:
        return StepResult(state=task.state, reason="no_answer")

    @activity.defn(name="note_absence")
    async def stand(self, standing: AbsenceStanding) -> None:
        self.states.append(standing.state)
        self.noted.set()

    @activity.defn(name="remove_leave")
    async def remove(self, leave: LeaveRemoval) -> None:
        self.removed.append(leave.exception_id)

    @activity.defn(name="tell_of_absence")
    async def tell(self, message: AbsenceMessage) -> None:
        self.told.append(message)

    # What is asked ----------------------------------------------------------------------------------------------------

    @property
    def process(self) -> WorkflowHandle[Any, Any]:
        """The absence's process."""
        return self.client.get_workflow_handle(ids.absence(self.absence_id))

    async def start(self) -> None:
        """Start it, as the edge does."""
        moment = datetime.now(UTC)
        plan = AbsencePlan(
            consultant_id=self.consultant_id, exception_id=self.exception_id, starts_at=moment,
            ends_at=moment + timedelta(days=1), request_hash="first",
            items=[PlannedItem(appointment_id=one.appointment_id, action=one.action) for one in self.steps],
        )  # fmt: skip
        starting = WithStartWorkflowOperation(
            ConsultantAbsence.run, AbsenceRequest(absence_id=self.absence_id, actor=self.actor, plan=plan),
            id=ids.absence(self.absence_id), task_queue=self.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )  # fmt: skip
        await self.client.execute_update_with_start_workflow(
            ConsultantAbsence.begin, "first", id=f"begin-{self.absence_id}", start_workflow_operation=starting
        )

    async def steer(self, what: Steer) -> Steered:
        """Pause, go on, undo."""
        return await self.process.execute_update(ConsultantAbsence.steer, SteerRequest(actor=self.actor, what=what))

    async def choose(self, number: int, *, place: bool = True) -> StepResult:
        """Choose one of the offered times, or none."""
        start = datetime(2027, 1, 4, 9, tzinfo=UTC)
        chosen = Place(
            consultant_id=self.consultant_id, location_id=uuid7(), start=start, end=start + timedelta(minutes=15),
            zone="Asia/Colombo",
        )  # fmt: skip
        asked = ChoiceRequest(appointment_id=self.steps[number].appointment_id, place=chosen if place else None)
        return await self.process.execute_update(ConsultantAbsence.choose, asked)

    async def until(self, state: AbsenceState) -> None:
        """Wait until it stands at `state`."""
        async with asyncio.timeout(30):
            while state not in self.states:
                self.noted.clear()
                await self.noted.wait()

    async def pass_time(self, duration: timedelta) -> None:
        """Let time pass for it."""
        await self.skipper.fast_forward(self.process, duration)
