"""The look for free times, again and again for each tenant with a waiting list, and at once when one was freed.

What is looked for is any free time that suits, not the news of one: so a time that was freed while something was down,
or by a leave that was taken back, is found all the same, a minute later.
"""

import time
from datetime import timedelta
from uuid import UUID

import structlog
from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from workflows import ids
from workflows.contracts import WatchRequest

log = structlog.get_logger()
CATCH_UP = timedelta(minutes=1)
_REMEMBERED = 60.0
"""Seconds for which a tenant without a waiting list is not asked about again."""


class Openings:
    """Holds the engine's client, and how often is looked."""

    def __init__(self, client: Client, interval: timedelta = timedelta(minutes=1)) -> None:
        self.client = client
        self.interval = interval
        self._nobody_waits: dict[UUID, float] = {}

    @activity.defn(name="watch_for_openings")
    async def watch(self, request: WatchRequest) -> None:
        """Have free times looked for; harmless where they are already. The first look comes at once."""
        self._nobody_waits.pop(request.tenant_id, None)
        wanted = _looking(request.tenant_id, self.interval, activity.info().task_queue)
        try:
            await self.client.create_schedule(ids.matching(request.tenant_id), wanted, trigger_immediately=True)
        except ScheduleAlreadyRunningError:
            await self.freed(request.tenant_id)

    async def freed(self, tenant_id: UUID) -> None:
        """Have free times looked for now, since one may have been freed; without the engine the next look finds it."""
        if self._nobody_waits.get(tenant_id, 0) > time.monotonic():
            return
        handle = self.client.get_schedule_handle(ids.matching(tenant_id))
        try:
            await handle.trigger(overlap=ScheduleOverlapPolicy.BUFFER_ONE, rpc_timeout=timedelta(seconds=2))
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                self._nobody_waits[tenant_id] = time.monotonic() + _REMEMBERED
            else:
                log.warning("not_looked_at_once", tenant_id=str(tenant_id), status=error.status.name)


def _looking(tenant_id: UUID, interval: timedelta, task_queue: str) -> Schedule:
    every = timedelta(seconds=max(1, int(interval.total_seconds())))
    return Schedule(
        action=ScheduleActionStartWorkflow(
            "WaitlistMatching",
            WatchRequest(tenant_id=tenant_id),
            id=ids.matching(tenant_id),
            task_queue=task_queue,
            typed_search_attributes=TypedSearchAttributes([SearchAttributePair(ids.TENANT, str(tenant_id))]),
            static_summary="Free times for those who wait",
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=every, offset=timedelta(seconds=tenant_id.int % every.seconds))],
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP, pause_on_failure=False),
        state=ScheduleState(note=f"every {int(every.total_seconds())} s"),
    )
