"""A visit that took place and is not paid in full: what is due is recalled, after the visit's own process has ended."""

from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.dunning import DunningActivities
    from services.appointments.schemas import Status
    from workflows.contracts import DunningRequest, MoneyTarget
    from workflows.visit import Visit


class Unpaid(Visit):
    """Starts the process that recalls each invoice on which something is due."""

    async def settle_money(self) -> None:
        """Settle it, and then see to what is still owed."""
        await super().settle_money()
        if self.now().status == Status.FULFILLED and not self._is_paid():
            target = MoneyTarget(actor=self.own, appointment_id=self.request.appointment_id)
            found = await self.local(DunningActivities.unpaid, target)
            for invoice_id in found.invoices:
                await self._recall(invoice_id)

    def _is_paid(self) -> bool:
        """Tell whether nothing can be due, without asking: it was free, or paid in full at booking."""
        if self.offer is None:
            return False
        share = self.offer.patient_share
        return not share or (self.payment is not None and self.payment.captured == share)

    async def _recall(self, invoice_id: UUID) -> None:
        now = self.now()
        request = DunningRequest(tenant_id=self.own.tenant_id, invoice_id=invoice_id, since=now.end, zone=now.zone)
        await self.start_beside(unpaid=request)
