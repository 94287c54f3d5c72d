"""Steps that recall what is due on an invoice. What was sent is kept by the payments service, and counts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio import activity

from activities.answers import insisting, refusing
from activities.notifications import NotificationActivities, channels_of
from careconnect.auth import Actor
from careconnect.ids import derived_id
from careconnect.links import SignedLinks
from services.identity.schemas import Tenant
from services.notifications.schemas import MessageSend, Recipient, Values
from services.payments.client import PaymentsClient
from services.payments.errors import DunningNotFound, NothingDue
from services.payments.schemas import Dunning, DunningBegin, ReminderWrite
from services.payments.states import InvoiceStatus
from workflows.contracts import DunningStep, DunningTurn, MoneyTarget, UnpaidInvoices

PURPOSE = "pay"
"""What the signed link of a reminder is for: the public page `/p/pay/{token}`."""
_LINK = timedelta(days=90)
"""How long a reminder's link works; the gateway's own page behind it is made anew each time somebody pays."""
_LOOK = timedelta(days=1)
"""How often it is looked whether a pause is over, should nobody have said so."""
_SCOPES = frozenset(
    {"payments:read", "payments:write", "patients:read", "identity:read", "catalogue:read", "messages:write"}
)


class DunningActivities:
    """Holds the payments client, those by which messages are sent, and what makes signed links."""

    def __init__(self, payments: PaymentsClient, messages: NotificationActivities, links: SignedLinks) -> None:
        self.payments = payments
        self.notifications = messages.notifications
        self.patients = messages.patients
        self.consultants = messages.consultants
        self.identity = messages.identity
        self.links = links

    @activity.defn(name="read_unpaid")
    @insisting
    async def unpaid(self, request: MoneyTarget) -> UnpaidInvoices:
        """List the invoices of an appointment on which something is due."""
        money = await self.payments.for_appointment(request.actor, request.appointment_id)
        return UnpaidInvoices(
            invoices=[one.id for one in money.invoices if one.status == InvoiceStatus.issued and one.due]
        )

    @activity.defn(name="dunning_turn")
    async def turn(self, step: DunningStep) -> DunningTurn:
        """Send the next reminder if its time has come, and tell when to come again."""
        actor = _actor(step)
        try:
            found = await self._begun(actor, step)
        except NothingDue:
            return DunningTurn()
        if found is None:
            return DunningTurn()
        if found.next_at and found.next_at <= step.at:
            found = await self._remind(actor, found, step, _numbered(found))
        return _turn(found, step)

    @activity.defn(name="dunning_remind")
    @refusing(DunningTurn)
    async def remind(self, step: DunningStep) -> DunningTurn:
        """Send the next reminder now; one that went out under the same id is not sent again."""
        actor = _actor(step)
        found = await self._begun(actor, step, asked=True)
        if found is None or found.status == "over":
            raise NothingDue
        key = step.reminder_id or _numbered(found)
        known = next((one for one in found.reminders if one.id == key), None)
        if known is None:
            found = await self._remind(actor, found, step, key)
            known = found.reminders[-1]
        return _turn(found, step).model_copy(update={"statuses": known.statuses})

    async def _begun(self, actor: Actor, step: DunningStep, *, asked: bool = False) -> Dunning | None:
        """Find how the invoice is recalled, or begin; None where the policy recalls nothing and nobody `asked`."""
        try:
            return await self.payments.dunning(actor, step.invoice_id, step.at)
        except DunningNotFound:
            days = (await self.consultants.money_policy(actor)).dunning_days
        if not days and not asked:
            return None
        await self.payments.begin_dunning(
            actor, step.invoice_id, DunningBegin(since=step.since, zone=step.zone, days=days)
        )
        return await self.payments.dunning(actor, step.invoice_id, step.at)

    async def _remind(self, actor: Actor, found: Dunning, step: DunningStep, key: UUID) -> Dunning:
        """Send one message on each channel, each once, and then write down that it went out."""
        number = len(found.reminders) + 1
        contact = await self.patients.contact(actor, found.patient_id)
        recipient = Recipient(
            name=contact.name, email=contact.email, phone=contact.phone, language=contact.language or "en"
        )
        said: Mapping[str, Any] = {
            "patient_id": found.patient_id,
            "template": "payment_reminder",
            "recipient": recipient,
            "values": await self._values(actor, found, step),
        }
        statuses = {}
        for channel in channels_of(contact):
            message = MessageSend.model_validate({**said, "channel": channel})
            message_id = derived_id("message", found.invoice_id, "payment_reminder", number, channel)
            statuses[channel] = (await self.notifications.send(actor, message_id, message)).status
        noted = ReminderWrite(number=number, at=step.at, statuses=dict(statuses))
        return await self.payments.note_reminder(actor, found.invoice_id, key, noted)

    async def _values(self, actor: Actor, found: Dunning, step: DunningStep) -> Values:
        tenant: Tenant = await self.identity.tenant(actor)
        places = await self.identity.locations(actor)
        token = self.links.make(step.tenant_id, PURPOSE, found.invoice_id, step.at + _LINK)
        return Values(
            clinic=tenant.name,
            clinic_phone=next((place.phone for place in places if place.active and place.phone), None),
            amount=found.due,
            invoice_number=found.invoice_number,
            starts_at=step.since if found.appointment_id else None,
            zone=found.zone,
            link=self.links.address(PURPOSE, token),
        )


def _numbered(found: Dunning) -> UUID:
    return derived_id("dunning", found.invoice_id, len(found.reminders) + 1)


def _turn(found: Dunning, step: DunningStep) -> DunningTurn:
    later = step.at + _LOOK if found.status == "paused" else found.next_at
    return DunningTurn(next_at=later, sent=len(found.reminders))


def _actor(step: DunningStep) -> Actor:
    return Actor.workflow(step.tenant_id, "dunning", _SCOPES)
