"""Laws 8 and 9: appointments and their workflows, the dashboard and its sources."""

from datetime import timedelta

import pytest
from temporalio.worker import Worker

from activities.appointments import AppointmentActivities
from activities.consultants import ConsultantActivities
from activities.patients import PatientActivities
from activities.payments import PaymentActivities
from activities.reports import ReportActivities
from careconnect import clock
from careconnect.ids import uuid7
from operations.verify.laws import dashboard
from services.identity.client import IdentityClient
from services.patients.client import PatientsClient
from services.reports.client import ReportsClient
from tests.operations.verify.clinic import Clinic
from tests.operations.verify.instance import Instance
from workflows import ids
from workflows.dashboard import DashboardAggregation
from workflows.schedules import ensure_dashboard

PATIENCE = 10
"""Seconds; the engine's list follows its state with a delay."""
VISIT_NOW = """
UPDATE appointments SET start_at = now(), occupied_from = now(), end_at = now() + interval '1 hour',
  occupied_to = now() + interval '1 hour' WHERE status = 'booked'
"""
FAIL = "UPDATE payments SET status = 'failed', captured = 0, captured_at = NULL, refunded = 0"


async def test_an_appointment_without_a_workflow_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13))
    assert await instance.violations(8) == []
    await instance.end_workflow(booked.id)
    verdict = await instance.law(8, PATIENCE / 5)
    assert verdict.finding.violations == [f"{booked.reference} is booked and no workflow cares for it"]


async def test_a_workflow_that_outlived_its_appointment_is_found(clinic: Clinic, instance: Instance) -> None:
    booked = await clinic.appointment(clinic.at(13))
    end = "UPDATE appointments SET status = $2, status_since = $3 WHERE id = $1"
    await instance.plant("appointments", end, booked.id, "no_show", clock.now() - timedelta(hours=12))
    assert await instance.violations(8) == [], "a no-show may still be undone"
    await instance.plant("appointments", end, booked.id, "no_show", clock.now() - timedelta(hours=13))
    verdict = await instance.law(8, PATIENCE / 5)
    name = ids.appointment(booked.id)
    assert verdict.finding.violations == [f"workflow {name} runs although {booked.reference} is no_show"]


async def test_a_workflow_without_an_appointment_is_found(clinic: Clinic, instance: Instance) -> None:
    nothing = uuid7()
    await instance.start_workflow(nothing, clinic.tenant_id)
    await seen(instance, nothing)
    assert await instance.violations(8) == [f"workflow {ids.appointment(nothing)} runs without an appointment"]


async def test_a_workflow_of_another_tenant_is_found(clinic: Clinic, instance: Instance) -> None:
    held = await clinic.hold(clinic.at(13))
    await instance.start_workflow(held.id, uuid7())
    await seen(instance, held.id)
    said = f"workflow {ids.appointment(held.id)} belongs to another tenant than {held.reference}"
    assert await instance.violations(8) == [said]


async def test_who_waits_for_a_person_is_listed_as_needing_attention(clinic: Clinic, instance: Instance) -> None:
    held = await clinic.hold(clinic.at(13))
    await instance.start_workflow(held.id, clinic.tenant_id, attention=True)
    await seen(instance, held.id)
    (said,) = await instance.violations(8)
    assert said.endswith(f"{held.reference} is not listed as needing attention")
    await clinic.appointments.attend(clinic.actor, held.id, "release_payment")
    assert await instance.violations(8) == []


async def seen(instance: Instance, appointment_id: object) -> None:
    """Wait until the engine lists a workflow."""
    query = f"WorkflowId = 'appointment-{appointment_id}'"
    while not [one async for one in instance.engine.list_workflows(query)]:
        pass


@pytest.mark.parametrize(
    ("service", "change", "said"),
    [
        ("patients", "UPDATE patients SET archived_at = now()", "patients.total"),
        ("patients", "UPDATE patients SET created_at = now() - interval '400 days'", "patients.new"),
        ("consultants", "UPDATE consultants SET status = 'on_leave'", "consultants.on_leave"),
        ("appointments", VISIT_NOW, "appointments.total of today"),
        ("appointments", "UPDATE appointments SET needs_attention = 'x'", "appointments.attention"),
        ("payments", "UPDATE payments SET captured = 5 WHERE refunded = 0", "payments.revenue of today"),
        ("payments", "UPDATE refunds SET amount = amount - 1", "payments.by_day of today"),
        ("payments", FAIL, "payments.failed of today"),
    ],
)
async def test_figures_that_are_not_those_of_their_source_are_found(
    instance: Instance, service: str, change: str, said: str
) -> None:
    assert await instance.violations(9) == []
    await instance.plant(service, change)
    assert any(one.startswith(said) for one in await instance.violations(9))


async def test_where_something_has_happened_since_and_nobody_aggregates_the_law_is_skipped(
    clinic: Clinic, instance: Instance
) -> None:
    for booked in [await clinic.appointment(clinic.at(13)), await clinic.appointment(clinic.at(14), 1)]:
        await clinic.cancel(booked)
    verdict = await instance.law(9)
    assert verdict.finding.violations == []
    assert verdict.finding.checked == 18, "three periods in two places, of the three sources that stand still"
    (remark,) = verdict.finding.remarks
    assert remark.startswith("6 parts of snapshots not comparable: no new snapshot can be asked for")


async def test_without_any_snapshot_the_law_is_skipped(instance: Instance) -> None:
    await instance.plant("reports", "DELETE FROM snapshots")
    verdict = await instance.law(9)
    assert (verdict.finding.checked, verdict.finding.skipped) == (0, "no snapshot has been made yet")


async def test_a_fresh_snapshot_is_asked_for_where_something_has_happened_since(
    clinic: Clinic, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "PATIENCE", 60.0)
    await ensure_dashboard(instance.engine, clinic.tenant_id, timedelta(days=1))
    await clinic.appointment(clinic.at(13))
    async with (
        Worker(instance.engine, task_queue=ids.BOOKINGS, workflows=[DashboardAggregation]),
        aggregator(clinic, instance),
    ):
        verdict = await instance.law(9)
    await instance.engine.get_schedule_handle(ids.dashboard(clinic.tenant_id)).delete()
    assert (verdict.finding.violations, verdict.finding.remarks, verdict.finding.checked) == ([], [], 24)


def aggregator(clinic: Clinic, instance: Instance) -> Worker:
    """Make the worker that asks the services for their figures."""
    reports = ReportActivities(clinic.services.client(ReportsClient), clinic.services.client(IdentityClient))
    experts = ConsultantActivities(clinic.consultants)
    return Worker(
        instance.engine,
        task_queue=ids.BACKGROUND,
        activities=[
            PatientActivities(clinic.services.client(PatientsClient)).figures,
            experts.figures,
            AppointmentActivities(clinic.appointments, experts).figures,
            PaymentActivities(clinic.payments).figures,
            *reports.activities,
        ],
    )
