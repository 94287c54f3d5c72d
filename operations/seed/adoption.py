"""Handing the coming appointments to workflows: each that occupies its time has exactly one that accompanies it."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

from temporalio.client import Client
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.ids import reference
from operations.seed.fates import Visit
from operations.seed.ground import Ground
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import BookingRequest
from workflows.schedules import ensure_dashboard, ensure_gateway_events, ensure_money_check

_AT_ONCE = 20


async def adopt(client: Client, ground: Ground, visits: Iterable[Visit]) -> int:
    """Start the workflow of each visit, or leave the one that runs or has ended; tell how many there are."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(visit: Visit) -> None:
        async with places:
            await _start(client, ground, visit)

    started = [one(visit) for visit in visits]
    await asyncio.gather(*started)
    return len(started)


async def keep_figures(client: Client, settings: Settings, ground: Ground) -> None:
    """Have the dashboard's figures made, unfinished events of gateways finished and the money checked, again."""
    await ensure_dashboard(client, ground.tenant_id, timedelta(seconds=settings.worker.dashboard_interval_seconds))
    await ensure_gateway_events(client, ground.tenant_id)
    await ensure_money_check(client, ground.tenant_id, timedelta(seconds=settings.worker.money_check_interval_seconds))


async def _start(client: Client, ground: Ground, visit: Visit) -> None:
    place = visit.place
    request = BookingRequest(
        appointment_id=visit.id,
        actor=Actor.system(tenant_id=ground.tenant_id),
        patient_id=visit.entry.patient.id,
        consultant_id=place.doctor.id,
        visit_type_id=place.type.id,
        location_id=place.location_id,
        start=place.start,
        adopted=True,
    )
    try:
        await client.start_workflow(
            AppointmentBooking.run,
            request,
            id=ids.appointment(visit.id),
            task_queue=ids.BOOKINGS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=_attributes(ground, visit),
            static_summary=f"Appointment {reference('CC', visit.id)}",
            priority=_LAST,
        )
    except WorkflowAlreadyStartedError:
        return  # it ran and has ended: the appointment needs no other


# Somebody who books on a new instance does not wait behind hundreds of appointments of the demo clinic.
_LAST = Priority(priority_key=5)


def _attributes(ground: Ground, visit: Visit) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(ids.TENANT, str(ground.tenant_id)),
            SearchAttributePair(ids.LOCATION, str(visit.place.location_id)),
            SearchAttributePair(ids.CONSULTANT, str(visit.place.doctor.id)),
            SearchAttributePair(ids.VISIT_AT, visit.place.start),
            SearchAttributePair(ids.APPOINTMENT_STATUS, visit.status.value),
        ]
    )
