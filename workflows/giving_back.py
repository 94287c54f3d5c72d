"""How each step of a booking is undone, and what is undone after a worker that died in the middle."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.payments import PaymentActivities
    from workflows import ids, policies
    from workflows.contracts import InvoiceTarget, PaymentRelease, ReleaseRequest, Target
    from workflows.dues import Dues

_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the engine's clock and the services' may be apart."""


class GivingBack(Dues):
    """The undos of a booking: each is harmless when its step never happened."""

    async def look_for_a_lost_try(self) -> None:
        """Undo what a worker did that died before the engine heard of it, where this try is refused sooner.

        Steps in place are taken again by the next worker, and meanwhile the consultant may have gone away or the card
        may be asked for in vain. Nothing is done before the time is held, so the appointment says whether there is
        anything. One of long ago is another booking's, with the same key, that ended well.
        """
        target = Target(actor=self.own, appointment_id=self.request.appointment_id)
        left = (await self.local(AppointmentActivities.standing, target)).appointment
        if left is None or left.created_at < workflow.info().start_time - _CLOCKS_DIFFER:
            return
        self.undos.add("release_time", self.release_time)
        self.undos.add("cancel_invoice", self.cancel_invoice)
        self.undos.add("forget_card", self.forget_card)
        self.undos.add("release_payment", self.release_payment)

    async def cancel_invoice(self) -> None:
        """Cancel the invoice of the visit; harmless when it was never issued."""
        asked = InvoiceTarget(
            actor=self.own, invoice_id=ids.invoice_of(self.request.appointment_id), reason="booking_abandoned"
        )
        await workflow.execute_local_activity_method(PaymentActivities.cancel_invoice, asked, **policies.WITHOUT_END)

    async def release_time(self) -> None:
        """Give back the time; harmless when it was never held."""
        asked = ReleaseRequest(actor=self.own, appointment_id=self.request.appointment_id, code="booking_abandoned")
        await workflow.execute_local_activity_method(AppointmentActivities.release, asked, **policies.WITHOUT_END)

    async def release_payment(self, *, cancel_invoice: bool = True) -> None:
        """See to it that no money of the booking is kept, and that none is taken by a late try."""
        asked = PaymentRelease(
            actor=self.own,
            payment_id=ids.payment_of(self.request.appointment_id),
            reason="booking_abandoned",
            cancel_invoice=cancel_invoice,
        )
        await self.outside(PaymentActivities.release, asked, summary="let the money go", **policies.RELEASE)
