"""The laws of the dashboard's aggregation and of its schedule, on a real engine with activities made up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from temporalio.client import Client, ScheduleHandle, ScheduleOverlapPolicy, WorkflowFailureError

from tests.workflows.answering import Clinic
from tests.workflows.conftest import working
from workflows import ids
from workflows.contracts import (
    DashboardRequest,
    DashboardResult,
)
from workflows.dashboard import DashboardAggregation
from workflows.schedules import ensure_dashboard, refresh_dashboard

HOUR = timedelta(hours=1)
SOURCES = frozenset({"patients", "consultants", "appointments", "payments"})


async def aggregate(client: Client, clinic: Clinic, tenant_id: UUID) -> DashboardResult:
    async with working(client, [DashboardAggregation], clinic.activities):
        return await client.execute_workflow(
            DashboardAggregation.run,
            DashboardRequest(tenant_id=tenant_id),
            id=f"{ids.dashboard(tenant_id)}-by-hand",
            task_queue=ids.BOOKINGS,
        )


async def test_all_views_are_written_at_once_with_every_services_figures(engine: Client, tenant_id: UUID) -> None:
    clinic = Clinic("Asia/Colombo", "Asia/Colombo")
    result = await aggregate(engine, clinic, tenant_id)
    assert (result.answered, result.silent) == (["patients", "consultants", "appointments", "payments"], [])
    (_, snapshot) = clinic.written.get_nowait()
    assert clinic.written.empty()
    assert (snapshot.tenant_id, snapshot.as_of) == (tenant_id, result.as_of)
    places = [None, *(one.id for one in clinic.locations)]
    assert [(one.location_id, one.name) for one in snapshot.periods] == [
        (place, name) for place in places for name in ("today", "week", "month")
    ]
    for source in snapshot.sources:
        assert [one["revenue"] for one in source.figures] == [one.start.isoformat() for one in snapshot.periods]


async def test_each_view_has_its_own_appointments_and_the_revenue_of_the_period_before(
    engine: Client, tenant_id: UUID
) -> None:
    clinic = Clinic("Asia/Colombo", "Europe/Berlin")
    await aggregate(engine, clinic, tenant_id)
    (_, snapshot) = clinic.written.get_nowait()
    sources = {source.source: source.figures for source in snapshot.sources}
    assert [one["location"] for one in sources["appointments"]] == [str(one.location_id) for one in snapshot.periods]
    assert [one["previous_revenue"] for one in sources["payments"]] == [
        one.previous_start.isoformat() for one in snapshot.periods
    ]


async def test_services_that_know_no_locations_are_asked_once_per_stretch_of_time(
    engine: Client, tenant_id: UUID
) -> None:
    clinic = Clinic("Asia/Colombo", "Asia/Colombo", "Asia/Colombo")
    await aggregate(engine, clinic, tenant_id)
    assert {source: len(request.periods) for source, request in clinic.asked.items()} == {
        "patients": 3, "consultants": 3, "appointments": 12, "payments": 6
    }  # fmt: skip


@pytest.mark.parametrize("source", sorted(SOURCES))
async def test_a_silent_service_is_left_out_and_no_other(engine: Client, tenant_id: UUID, source: str) -> None:
    clinic = Clinic("Asia/Colombo", silent=frozenset({source}))
    result = await aggregate(engine, clinic, tenant_id)
    assert result.silent == [source]
    (_, snapshot) = clinic.written.get_nowait()
    assert {"patients", "consultants", "appointments", "payments"} - {one.source for one in snapshot.sources} == {
        source
    }


async def test_when_all_services_are_silent_the_snapshot_says_so(engine: Client, tenant_id: UUID) -> None:
    clinic = Clinic(silent=SOURCES)
    assert (await aggregate(engine, clinic, tenant_id)).answered == []
    (_, snapshot) = clinic.written.get_nowait()
    assert (len(snapshot.periods), snapshot.sources) == (3, [])


async def test_without_its_locations_a_run_fails_and_writes_nothing(engine: Client, tenant_id: UUID) -> None:
    clinic = Clinic(silent=frozenset({"identity"}))
    with pytest.raises(WorkflowFailureError):
        await aggregate(engine, clinic, tenant_id)
    assert clinic.written.empty()


async def test_the_schedule_makes_the_dashboard_at_once_and_again_when_asked(engine: Client, tenant_id: UUID) -> None:
    clinic = Clinic("Asia/Colombo")
    async with working(engine, [DashboardAggregation], clinic.activities), scheduled(engine, tenant_id):
        first = await clinic.next_run(engine)
        await refresh_dashboard(engine, tenant_id)
        second = await clinic.next_run(engine)
    assert first.run_id != second.run_id  # ids are alike within one second
    assert all(run.id.startswith(f"dashboard-{tenant_id}-") for run in (first, second))
    run = await second.describe()
    assert run.typed_search_attributes[ids.TENANT] == str(tenant_id)
    assert await run.static_summary() == "Figures of the dashboard"


async def test_ensuring_the_schedule_again_changes_its_interval_and_nothing_that_an_operator_did(
    engine: Client, tenant_id: UUID
) -> None:
    clinic = Clinic()
    async with working(engine, [DashboardAggregation], clinic.activities), scheduled(engine, tenant_id) as handle:
        await clinic.next_run(engine)
        await handle.pause(note="moving house")
        await ensure_dashboard(engine, tenant_id, 2 * HOUR)
        schedule = (await handle.describe()).schedule
    assert [one.every for one in schedule.spec.intervals] == [2 * HOUR]
    assert (schedule.state.paused, schedule.state.note) == (True, "moving house")
    assert schedule.policy.overlap == ScheduleOverlapPolicy.SKIP
    assert schedule.policy.catchup_window == timedelta(minutes=1)
    assert not schedule.policy.pause_on_failure


@asynccontextmanager
async def scheduled(client: Client, tenant_id: UUID) -> AsyncIterator[ScheduleHandle]:
    """Keep the schedule of a tenant's dashboard for the length of a test."""
    await ensure_dashboard(client, tenant_id, HOUR)
    handle = client.get_schedule_handle(ids.dashboard(tenant_id))
    try:
        yield handle
    finally:
        await handle.delete()
