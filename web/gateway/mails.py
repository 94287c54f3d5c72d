"""Receipts and payment links by e-mail, as processes that go on when the mail server is away."""

from uuid import UUID

from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.ids import derived_id, uuid7
from services.notifications.client import NotificationsClient
from services.notifications.errors import NoAddress, OptedOut
from services.patients.client import PatientsClient
from services.payments.client import PaymentsClient
from services.payments.errors import LinkNotFound, LinkOver, NothingPaid
from services.payments.schemas import Invoice
from web.gateway.engine import Engine, attributes
from workflows import ids
from workflows.contracts import InvoiceMailRequest
from workflows.invoice_mail import InvoiceMail


class Mailed(BaseModel):
    """A mail that is on its way: the id of the message, and of the process that sends it."""

    message_id: UUID
    workflow_id: str


class InvoiceMailProcesses:
    """Starts the mails of invoices."""

    def __init__(
        self, engine: Engine, payments: PaymentsClient, patients: PatientsClient, messages: NotificationsClient
    ) -> None:
        self._engine = engine
        self._payments = payments
        self._patients = patients
        self._messages = messages

    async def receipt(self, actor: Actor, invoice_id: UUID, key: str | None = None) -> Mailed:
        """Mail the receipt of an invoice, once per `key`.

        Raises:
            NothingPaid: there is nothing to give a receipt for.
            NoAddress, OptedOut: the patient has no e-mail address, or does not want e-mails.
            EngineUnavailable: the engine does not answer; nothing is sent.
        """
        invoice = await self._payments.get_invoice(actor, invoice_id)
        if not invoice.paid:
            raise NothingPaid
        return await self._send(actor, invoice, key)

    async def link(self, actor: Actor, invoice_id: UUID, link_id: UUID, key: str | None = None) -> Mailed:
        """Mail a payment link, once per `key`.

        Raises:
            LinkNotFound, LinkOver: there is none, or nothing is paid by it any more.
            NoAddress, OptedOut, EngineUnavailable: as for `receipt`.
        """
        invoice = await self._payments.get_invoice(actor, invoice_id)
        links = await self._payments.links_of(actor, invoice_id)
        link = next((one for one in links if one.id == link_id), None)
        if link is None:
            raise LinkNotFound
        if link.status != "open":
            raise LinkOver
        return await self._send(actor, invoice, key, link_id)

    async def _send(self, actor: Actor, invoice: Invoice, key: str | None, link_id: UUID | None = None) -> Mailed:
        await self._expect_address(actor, invoice.patient_id)
        message_id = derived_id("invoice mail", invoice.id, link_id, actor.id, key) if key else uuid7()
        asked = InvoiceMailRequest(
            tenant_id=actor.tenant_id, invoice_id=invoice.id, message_id=message_id, link_id=link_id
        )
        name = ids.invoice_mail(message_id)
        await self._engine.start(InvoiceMail.run, asked, name, attributes=attributes(actor), summary="Mail")
        return Mailed(message_id=message_id, workflow_id=name)

    async def _expect_address(self, actor: Actor, patient_id: UUID) -> None:
        edge = Actor.system("patients:read", "messages:read", tenant_id=actor.tenant_id)
        if (await self._patients.contact(edge, patient_id)).email is None:
            raise NoAddress("The patient has no e-mail address; enter one, or print the receipt.")
        if not (await self._messages.preferences(edge, patient_id)).email:
            raise OptedOut
