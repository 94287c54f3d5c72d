"""The workflows that run beside an appointment's: its reminders, and one for each of its payments."""

from collections.abc import Awaitable
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.beside import BesideActivities
    from workflows import ids
    from workflows.appointment import AppointmentProcess
    from workflows.asking import asked_to_settle
    from workflows.contracts import (
        Beside,
        CollectRequest,
        DunningRequest,
        Moved,
        RemindersRequest,
        Settlement,
        StartedBeside,
    )
    from workflows.payment import PaymentCapture
    from workflows.reminders import AppointmentReminders
    from workflows.undo import ours


class Neighbours(AppointmentProcess):
    """Starts them, and tells them what they need to know; one that runs already, or has ended, is no fault."""

    async def start_beside(
        self,
        *,
        reminders: RemindersRequest | None = None,
        payment: CollectRequest | None = None,
        unpaid: DunningRequest | None = None,
    ) -> StartedBeside:
        """Start what runs beside this process; where something runs already, it is left as it is.

        They are started by a step rather than as children: a child's start is an event of its parent, which costs the
        engine another task for nothing (decision 0047).
        """
        wanted = Beside(
            tenant_id=self.own.tenant_id, appointment=self.now(), reminders=reminders, payment=payment, unpaid=unpaid
        )
        return await self.local(BesideActivities.start, wanted)

    async def start_reminders(self) -> bool:
        """Let reminders be sent; false if their process runs already."""
        return (await self.start_beside(reminders=self.reminders_wanted())).reminders

    def reminders_wanted(self, *, confirm: bool = False) -> RemindersRequest:
        """Describe the reminders, and first, to `confirm`, word of the booking."""
        now = self.now()
        return RemindersRequest(
            tenant_id=self.own.tenant_id,
            appointment_id=now.id,
            patient_id=now.patient_id,
            version=now.version,
            start=now.start,
            offsets_hours=self.offered().reminder_offsets_hours,
            confirm=confirm,
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
        return (await self.start_beside(payment=request)).payment

    async def settle_payment(self, payment_id: UUID, settlement: Settlement) -> None:
        """Tell a payment how its appointment ended, whether or not its process still runs."""
        if settlement.reason and await asked_to_settle(payment_id, settlement):
            return
        handle = workflow.get_external_workflow_handle_for(PaymentCapture.run, ids.payment(payment_id))
        if await self._reached(handle.signal(PaymentCapture.settle, settlement)) or not settlement.reason:
            return
        request = CollectRequest(actor=self.own, payment_id=payment_id, settlement=settlement)
        if not await self.start_payment(request):
            # Somebody has just started it for another purpose. If it ends as fast, `Settling` asks again later.
            await self._reached(handle.signal(PaymentCapture.settle, settlement))

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
