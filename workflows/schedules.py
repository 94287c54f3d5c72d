"""When workflows start by themselves: dashboard, sweep of gateways' events and money check of each tenant."""

from datetime import timedelta
from uuid import UUID

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
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from workflows import ids
from workflows.contracts import DashboardRequest, MoneyCheckRequest, SweepRequest
from workflows.dashboard import DashboardAggregation
from workflows.events import GatewayEvents
from workflows.money_check import MoneyCheck

CATCH_UP = timedelta(minutes=1)
"""How late a run may start after the engine was away; figures of an hour ago interest nobody."""

SWEEP = timedelta(minutes=2)
"""How often unfinished events are looked for."""


async def ensure_dashboard(client: Client, tenant_id: UUID, interval: timedelta) -> None:
    """Let the dashboard of a tenant be made every `interval`, and at once the first time.

    A repeat brings an existing schedule up to date, and leaves it paused if an operator paused it.
    """
    await _ensure(client, ids.dashboard(tenant_id), _dashboard(tenant_id, interval))


async def ensure_money_check(client: Client, tenant_id: UUID, interval: timedelta) -> None:
    """Let the money of a tenant be checked every `interval`, and at once the first time; a repeat as above."""
    await _ensure(client, ids.money_check(tenant_id), _money_check(tenant_id, interval))


async def _ensure(client: Client, name: str, wanted: Schedule) -> None:
    try:
        await client.create_schedule(name, wanted, trigger_immediately=True)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(lambda found: _updated(found, wanted))


async def refresh_dashboard(client: Client, tenant_id: UUID) -> None:
    """Have the dashboard of a tenant made now; if it is being made at this moment, once more after that.

    Raises:
        RPCError: with status NOT_FOUND where the tenant has no schedule, `ensure_dashboard` comes first.
    """
    # A run that has already asked the services would miss what the caller has just changed, so this one is not skipped.
    handle = client.get_schedule_handle(ids.dashboard(tenant_id))
    await handle.trigger(overlap=ScheduleOverlapPolicy.BUFFER_ONE)


async def ensure_gateway_events(client: Client, tenant_id: UUID, interval: timedelta = SWEEP) -> None:
    """Let what a tenant's gateway events left undone be finished every `interval`; a repeat brings it up to date."""
    wanted = _gateway_events(tenant_id, interval)
    try:
        await client.create_schedule(ids.gateway_events(tenant_id), wanted)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(ids.gateway_events(tenant_id)).update(lambda found: _updated(found, wanted))


def _gateway_events(tenant_id: UUID, interval: timedelta) -> Schedule:
    seconds = max(1, int(interval.total_seconds()))
    every = timedelta(seconds=seconds)
    return Schedule(
        action=ScheduleActionStartWorkflow(
            GatewayEvents.run,
            SweepRequest(tenant_id=tenant_id),
            id=ids.gateway_events(tenant_id),
            task_queue=ids.BOOKINGS,
            typed_search_attributes=TypedSearchAttributes([SearchAttributePair(ids.TENANT, str(tenant_id))]),
            static_summary="Gateways' events that are not finished",
        ),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=every, offset=timedelta(seconds=tenant_id.int % seconds))],
            jitter=min(every / 10, timedelta(seconds=5)),
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP, pause_on_failure=False),
        state=ScheduleState(note=f"every {seconds} s"),
    )


def _dashboard(tenant_id: UUID, interval: timedelta) -> Schedule:
    action = ScheduleActionStartWorkflow(
        DashboardAggregation.run,
        DashboardRequest(tenant_id=tenant_id),
        id=ids.dashboard(tenant_id),
        task_queue=ids.BOOKINGS,
        typed_search_attributes=_of(tenant_id),
        static_summary="Figures of the dashboard",
    )
    return _every(interval, tenant_id, action, CATCH_UP)


def _money_check(tenant_id: UUID, interval: timedelta) -> Schedule:
    action = ScheduleActionStartWorkflow(
        MoneyCheck.run,
        MoneyCheckRequest(tenant_id=tenant_id),
        id=ids.money_check(tenant_id),
        task_queue=ids.BOOKINGS,
        typed_search_attributes=_of(tenant_id),
        static_summary="Money check",
    )
    return _every(interval, tenant_id, action, interval)


def _of(tenant_id: UUID) -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(ids.TENANT, str(tenant_id))])


def _every(interval: timedelta, tenant_id: UUID, action: ScheduleActionStartWorkflow, catch_up: timedelta) -> Schedule:
    every = timedelta(seconds=max(1, int(interval.total_seconds())))
    # Tenants take turns: not all services are asked for all tenants in the same second.
    offset = timedelta(seconds=tenant_id.int % int(every.total_seconds()))
    return Schedule(
        action=action,
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=every, offset=offset)], jitter=min(every / 10, timedelta(seconds=5))
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=catch_up, pause_on_failure=False),
        state=ScheduleState(note=f"every {int(every.total_seconds())} s"),
    )


def _updated(found: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    state = found.description.schedule.state
    if not state.paused:
        state.note = wanted.state.note
    wanted.state = state
    return ScheduleUpdate(schedule=wanted)
