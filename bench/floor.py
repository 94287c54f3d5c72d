"""The floor of a booking: a bare workflow of the same shape, update-with-start and three activities that do nothing.

`python -m bench.floor` runs its worker, as a process of its own, with the settings of the real one.
"""

import asyncio
import os
import sys
from datetime import timedelta
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import PollerBehaviorAutoscaling, Worker

QUEUE = "bench-floor"


@activity.defn
async def nothing(number: int) -> int:
    """Do nothing."""
    return number


@workflow.defn
class Bare:
    """Take three steps and answer."""

    @workflow.init
    def __init__(self, _request: str) -> None:
        """Begin without an answer."""
        self.answer: int | None = None

    @workflow.run
    async def run(self, _request: str) -> int:
        """Take three steps that do nothing."""
        for number in range(3):
            await workflow.execute_activity(nothing, number, start_to_close_timeout=timedelta(seconds=5))
        self.answer = 3
        await workflow.wait_condition(workflow.all_handlers_finished)
        return 3

    @workflow.update
    async def outcome(self) -> int:
        """Wait for the answer."""
        await workflow.wait_condition(lambda: self.answer is not None)
        return self.answer or 0


async def once(client: Client) -> None:
    """Run one, and wait for its answer."""
    start = WithStartWorkflowOperation(
        Bare.run,
        "floor",
        id=f"bench-floor-{uuid4()}",
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
    )
    await client.execute_update_with_start_workflow(Bare.outcome, start_workflow_operation=start)


async def work() -> None:
    """Work until the parent goes."""
    from careconnect import temporal  # noqa: PLC0415 - the workflow above is loaded in the sandbox without it
    from careconnect.config import Settings  # noqa: PLC0415 - the same

    settings = Settings()
    worker = Worker(
        await temporal.connect(settings),
        task_queue=QUEUE,
        workflows=[Bare],
        activities=[nothing],
        max_concurrent_workflow_tasks=settings.worker.workflow_slots,
        max_concurrent_activities=settings.worker.activity_slots,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    running = asyncio.create_task(worker.run())
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    running.cancel()


if __name__ == "__main__":
    import uvloop

    uvloop.run(work())
    os._exit(0)  # the engine's client may abort a process that ends the usual way
