"""The payments service's reminders of what is due, as its callers see them."""

from datetime import datetime
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.payments.schemas import Dunning, DunningBegin, DunningWrite, ReminderWrite


class DunningClient(ServiceClient):
    """Typed calls about recalling what is due."""

    service = "payments"

    async def exhausted_dunnings(self, actor: Actor) -> list[Dunning]:
        """List the invoices whose last reminder went out and that are still to be paid."""
        return await self.call(actor, "GET", "/dunnings", into=list[Dunning])

    async def dunning(self, actor: Actor, invoice_id: UUID, at: datetime | None = None) -> Dunning:
        """Read how an invoice is recalled, as of `at` or now.

        Raises:
            DunningNotFound: it is not.
        """
        return await self.call(actor, "GET", f"/invoices/{invoice_id}/dunning", params={"at": at}, into=Dunning)

    async def begin_dunning(self, actor: Actor, invoice_id: UUID, wanted: DunningBegin) -> Dunning:
        """Begin to recall an invoice.

        Raises:
            NothingDue: nothing is to be paid.
        """
        return await self.call(actor, "PUT", f"/invoices/{invoice_id}/dunning", json=wanted, into=Dunning)

    async def pause_dunning(self, actor: Actor, invoice_id: UUID, *, paused: bool) -> Dunning:
        """Stop the reminders of an invoice, or let them go on."""
        path = f"/invoices/{invoice_id}/dunning/pause"
        return await self.call(actor, "PUT", path, json=DunningWrite(paused=paused), into=Dunning)

    async def note_reminder(self, actor: Actor, invoice_id: UUID, reminder_id: UUID, wanted: ReminderWrite) -> Dunning:
        """Note a reminder that went out, once."""
        path = f"/invoices/{invoice_id}/dunning/reminders/{reminder_id}"
        return await self.call(actor, "PUT", path, json=wanted, into=Dunning)

    async def dismiss_dunning(self, actor: Actor, invoice_id: UUID) -> Dunning:
        """Take an invoice from Attention as it is."""
        return await self.call(actor, "PUT", f"/invoices/{invoice_id}/dunning/dismissal", into=Dunning)
