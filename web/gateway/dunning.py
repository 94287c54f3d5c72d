"""Reminders of what is due on an invoice, as the edge sees them: read, paused, and sent at once."""

from datetime import datetime
from uuid import UUID

from careconnect.auth import Actor
from careconnect.ids import derived_id, uuid7
from services.appointments.client import AppointmentsClient
from services.identity.client import IdentityClient
from services.payments.client import PaymentsClient
from services.payments.errors import DunningNotFound
from services.payments.schemas import Dunning, Invoice
from web.gateway.engine import Engine, attributes
from workflows import ids
from workflows.contracts import DunningRequest, DunningTurn, ReminderAsk
from workflows.dunning import InvoiceDunning

_WHERE = ("appointments:read", "identity:read")
"""What it takes to find out where and when the visit was."""


class DunningProcess:
    """What the payments service keeps is what counts; the process is told to look at it."""

    def __init__(
        self, engine: Engine, payments: PaymentsClient, appointments: AppointmentsClient, identity: IdentityClient
    ) -> None:
        self._engine = engine
        self._payments = payments
        self._appointments = appointments
        self._identity = identity

    async def of(self, actor: Actor, invoice_id: UUID) -> Dunning | None:
        """Tell how an invoice is recalled; None where it is not."""
        try:
            return await self._payments.dunning(actor, invoice_id)
        except DunningNotFound:
            return None

    async def waiting(self, actor: Actor) -> list[Dunning]:
        """List the invoices whose last reminder went out and that are still to be paid."""
        return await self._payments.exhausted_dunnings(actor)

    async def pause(self, actor: Actor, invoice_id: UUID, *, paused: bool) -> Dunning:
        """Stop the reminders, or let them go on.

        Raises:
            DunningNotFound: nobody is reminded of this invoice.
        """
        found = await self._payments.pause_dunning(actor, invoice_id, paused=paused)
        if not paused:
            await self._engine.signal(
                InvoiceDunning.run,
                await self._request(actor, await self._payments.get_invoice(actor, invoice_id)),
                ids.dunning(invoice_id),
                "look",
                None,
                attributes=attributes(actor),
                summary="What is due",
            )
        return found

    async def remind(self, actor: Actor, invoice_id: UUID, key: str | None = None) -> DunningTurn:
        """Send the next reminder now, once per `key`; tell what became of it on each channel.

        Raises:
            NothingDue: nothing is to be paid.
        """
        invoice = await self._payments.get_invoice(actor, invoice_id)
        reminder = derived_id("reminder", actor.tenant_id, actor.id, invoice_id, key) if key else uuid7()
        turn = await self._engine.begin(
            InvoiceDunning.run,
            await self._request(actor, invoice),
            ids.dunning(invoice_id),
            InvoiceDunning.remind,
            ReminderAsk(reminder_id=reminder),
            into=DunningTurn,
            update_id=f"remind-{reminder}",
            attributes=attributes(actor),
            summary="What is due",
            again=True,
        )
        if turn.refused:
            raise turn.refused.refusal()
        return turn

    async def dismiss(self, actor: Actor, invoice_id: UUID) -> Dunning:
        """Take an invoice from Attention as it is; it stays owed."""
        return await self._payments.dismiss_dunning(actor, invoice_id)

    async def _request(self, actor: Actor, invoice: Invoice) -> DunningRequest:
        since, zone = await self._visit(Actor.system(*_WHERE, tenant_id=actor.tenant_id), invoice)
        return DunningRequest(tenant_id=actor.tenant_id, invoice_id=invoice.id, since=since, zone=zone)

    async def _visit(self, reader: Actor, invoice: Invoice) -> tuple[datetime, str]:
        """Tell when the visit ended and where; without a visit, when the invoice was issued, at the first location."""
        if invoice.appointment_id:
            visit = await self._appointments.standing(reader, invoice.appointment_id)
            return visit.end, visit.zone
        places = await self._identity.locations(reader)
        return invoice.issued_at, next((place.zone for place in places if place.active), "UTC")
