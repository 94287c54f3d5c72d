"""The workflows that run beside an appointment's: its reminders, and one for each of its payments."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from workflows import ids
    from workflows.appointment import AppointmentProcess
    from workflows.contracts import CollectRequest, Moved, RemindersRequest, Settlement
    from workflows.payment import PaymentCapture
    from workflows.reminders import AppointmentReminders
    from workflows.undo import ours


class Neighbours(AppointmentProcess):
    """Starts them, and tells them what they need to know; one that runs already, or has ended, is no fault."""

    async def start_reminders(self, *, confirm: bool = False) -> bool:
        """Let reminders be sent, and first, to `confirm`, word of the booking; false if their process runs already."""
        now = self.now()
        return await self._start(
            AppointmentReminders.run,
            RemindersRequest(
                tenant_id=self.own.tenant_id,
                appointment_id=now.id,
                patient_id=now.patient_id,
                version=now.version,
                start=now.start,
                offsets_hours=self.offered().reminder_offsets_hours,
                confirm=confirm,
            ),
            ids.reminders(now.id),
            f"Reminders of {now.reference}",
        )

    async def move_reminders(self) -> None:
        """Let the reminders follow the appointment; where none were left to be sent, there may be some again."""
        told = Moved(version=self.now().version, start=self.now().start)
        followed = await self._reached(self._reminders().signal(AppointmentReminders.moved, told))
        if not followed and self.reminder_times():
            await self.start_reminders()

    async def stop_reminders(self) -> None:
        """Let no more reminders be sent."""
        await self._reached(self._reminders().signal(AppointmentReminders.stop))

    async def start_payment(self, request: CollectRequest) -> bool:
        """Let a payment have its process; false if it has one already."""
        return await self._start(
            PaymentCapture.run, request, ids.payment(request.payment_id), f"Payment of {self.now().reference}"
        )

    async def settle_payment(self, payment_id: UUID, settlement: Settlement) -> None:
        """Tell a payment how its appointment ended, whether or not its process still runs."""
        handle = workflow.get_external_workflow_handle_for(PaymentCapture.run, ids.payment(payment_id))
        if await self._reached(handle.signal(PaymentCapture.settle, settlement)) or not settlement.reason:
            return
        request = CollectRequest(actor=self.own, payment_id=payment_id, settlement=settlement)
        if not await self.start_payment(request):
            # Somebody has just started it for another purpose. If it ends as fast, `Settling` asks again later.
            await self._reached(handle.signal(PaymentCapture.settle, settlement))

    async def _start(self, run: Any, request: Any, workflow_id: str, summary: str) -> bool:
        now = self.now()
        try:
            await workflow.start_child_workflow(
                run,
                request,
                id=workflow_id,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(ids.TENANT, str(self.own.tenant_id)),
                        SearchAttributePair(ids.LOCATION, str(now.location_id)),
                        SearchAttributePair(ids.CONSULTANT, str(now.consultant_id)),
                        SearchAttributePair(ids.VISIT_AT, now.start),
                    ]
                ),
                static_summary=summary,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def _reached(self, signal: Awaitable[None]) -> bool:
        try:
            await signal
        except BaseException as error:
            if not ours(error):
                raise
            return False
        return True

    def _reminders(self) -> workflow.ExternalWorkflowHandle[AppointmentReminders]:
        return workflow.get_external_workflow_handle_for(
            AppointmentReminders.run, ids.reminders(self.request.appointment_id)
        )
