"""The processes that run beside an appointment's: its reminders, its payments, and what recalls what is still due."""

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from temporalio import activity
from temporalio.client import Client
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes, WorkflowIDConflictPolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from careconnect import clock
from services.payments.states import PaymentStatus
from workflows import ids
from workflows.contracts import Beside, CollectRequest, SettleRequest, StartedBeside

_LATER = Priority(priority_key=4)
"""Whoever books waits for an answer; the confirmation, which reminders begin with, takes what bookings leave."""


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
        pause = request.appointment.end - clock.now() if _rests(told) else None
        return await self._start("PaymentCapture", ids.payment(told.payment_id), told, "Payment", request, pause)

    async def _unpaid(self, request: Beside) -> bool:
        told = request.unpaid
        if told is None:
            return False
        return await self._start("InvoiceDunning", ids.dunning(told.invoice_id), told, "What is due", request)

    @activity.defn(name="settle_payment")
    async def settle(self, request: SettleRequest) -> None:
        """Tell a payment's process what is to become of it; it is woken where it rests, and started where it ended."""
        settlement = request.settlement
        await self.client.start_workflow(
            "PaymentCapture",
            CollectRequest(actor=settlement.actor, payment_id=request.payment_id),
            id=ids.payment(request.payment_id),
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            start_signal="settle",
            start_signal_args=[settlement],
            search_attributes=TypedSearchAttributes([SearchAttributePair(ids.TENANT, str(settlement.actor.tenant_id))]),
            static_summary="Payment",
        )

    async def _start(
        self,
        kind: str,
        workflow_id: str,
        told: BaseModel,
        what: str,
        request: Beside,
        pause: timedelta | None = None,
    ) -> bool:
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
                start_delay=pause if pause and pause > timedelta(0) else None,
                priority=_LATER if kind == "AppointmentReminders" else Priority.default,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True


def _rests(told: CollectRequest) -> bool:
    """Tell whether a payment has nothing to do until its visit ends, or somebody asks for something.

    Its process is there, and begins then: that spares the engine and a worker a task for each booking (decision 0049).
    """
    captured = told.payment is not None and told.payment.status == PaymentStatus.captured
    return captured and told.accompanied and told.settlement is None
