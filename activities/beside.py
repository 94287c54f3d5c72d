"""The processes that run beside an appointment's: its reminders, its payments, and what recalls what is still due."""

import asyncio
from typing import Any

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows import ids
from workflows.contracts import Beside, StartedBeside


class BesideActivities:
    """Holds the engine's client. Workflows are named, not imported: they stand above the activities."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @activity.defn(name="start_beside")
    async def start(self, request: Beside) -> StartedBeside:
        """Start what is asked for; false for one that runs already."""
        reminders, payment, unpaid = await asyncio.gather(
            self._reminders(request), self._payment(request), self._unpaid(request)
        )
        return StartedBeside(reminders=reminders, payment=payment, unpaid=unpaid)

    async def _reminders(self, request: Beside) -> bool:
        told = request.reminders
        if told is None:
            return False
        return await self._start("AppointmentReminders", ids.reminders(told.appointment_id), told, "Reminders", request)

    async def _payment(self, request: Beside) -> bool:
        told = request.payment
        if told is None:
            return False
        return await self._start("PaymentCapture", ids.payment(told.payment_id), told, "Payment", request)

    async def _unpaid(self, request: Beside) -> bool:
        told = request.unpaid
        if told is None:
            return False
        return await self._start("InvoiceDunning", ids.dunning(told.invoice_id), told, "What is due", request)

    async def _start(self, kind: str, workflow_id: str, told: BaseModel, what: str, request: Beside) -> bool:
        now = request.appointment
        about: list[SearchAttributePair[Any]] = [
            SearchAttributePair(ids.TENANT, str(request.tenant_id)),
            SearchAttributePair(ids.LOCATION, str(now.location_id)),
            SearchAttributePair(ids.CONSULTANT, str(now.consultant_id)),
            SearchAttributePair(ids.VISIT_AT, now.start),
        ]
        try:
            await self.client.start_workflow(
                kind,
                told,
                id=workflow_id,
                task_queue=activity.info().task_queue,
                search_attributes=TypedSearchAttributes(about),
                static_summary=f"{what} of {now.reference}",
            )
        except WorkflowAlreadyStartedError:
            return False
        return True
