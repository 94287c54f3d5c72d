"""The step that mails a receipt, or the link by which an invoice is paid, to its patient."""

import asyncio
import base64
from datetime import UTC
from uuid import UUID

from babel import Locale, UnknownLocaleError
from temporalio import activity

from activities.answers import insisting
from activities.receipts.composing import Receipts
from activities.receipts.drawing import draw
from careconnect.auth import Actor
from careconnect.links import SignedLinks
from services.identity.schemas import Tenant
from services.notifications.client import NotificationsClient
from services.notifications.schemas import MessageSend, Values
from services.patients.schemas import Contact
from services.payments.errors import LinkNotFound
from services.payments.schemas import Invoice, PaymentLink
from services.payments.states import GatewayKind
from workflows.contracts import InvoiceMailRequest, MessageResult

CHECKOUT = "sandbox-checkout"
"""What the signed link of a sandbox page is for: the public page `/p/sandbox-checkout/{token}`."""
_SCOPES = frozenset(
    {"payments:read", "patients:read", "identity:read", "appointments:read", "messages:read", "messages:write"}
)


def payment_address(links: SignedLinks, tenant_id: UUID, link: PaymentLink) -> str:
    """Give the address of the page where a link is paid; the sandbox's is served by our own edge."""
    if link.gateway != GatewayKind.sandbox:
        return link.url
    return links.address(CHECKOUT, links.make(tenant_id, CHECKOUT, link.id, link.expires_at))


class InvoiceMails:
    """Composes what is mailed at the moment at which it goes, so that nothing personal crosses the engine."""

    def __init__(self, receipts: Receipts, messages: NotificationsClient, links: SignedLinks) -> None:
        self.receipts = receipts
        self.messages = messages
        self.links = links

    @activity.defn(name="mail_invoice")
    @insisting
    async def send(self, request: InvoiceMailRequest) -> MessageResult:
        """Send it once under the id of the request, however often this is tried."""
        actor = Actor.workflow(request.tenant_id, "messages", _SCOPES)
        invoice = await self.receipts.payments.get_invoice(actor, request.invoice_id)
        contact, tenant, places = await asyncio.gather(
            self.receipts.patients.contact(actor, invoice.patient_id),
            self.receipts.identity.tenant(actor),
            self.receipts.identity.locations(actor),
        )
        phone = next((place.phone for place in places if place.phone), None)
        values = Values(clinic=tenant.name, clinic_phone=phone, invoice_number=invoice.number)
        said = {"patient_id": invoice.patient_id, "invoice_id": invoice.id, "channel": "email"}
        said |= {"recipient": {"name": contact.name, "email": contact.email, "language": contact.language or "en"}}
        if request.link_id:
            zone = places[0].zone if places else "UTC"
            said |= await self._link(actor, invoice, request.link_id, values.model_copy(update={"zone": zone}))
        else:
            said |= await self._receipt(actor, invoice, values, locale_of(contact, tenant))
        message = await self.messages.send(actor, request.message_id, MessageSend.model_validate(said))
        return MessageResult(statuses={"email": message.status})

    async def _receipt(self, actor: Actor, invoice: Invoice, values: Values, locale: Locale) -> dict[str, object]:
        receipt = await self.receipts.of(actor, invoice.id)
        drawn = await asyncio.to_thread(draw, receipt, locale)
        content = base64.b64encode(drawn).decode()
        told = values.model_copy(update={"amount": invoice.paid})
        attached = {"name": f"{invoice.number}.pdf", "content": content}
        return {"template": "payment_receipt", "values": told, "attachments": [attached]}

    async def _link(self, actor: Actor, invoice: Invoice, link_id: UUID, values: Values) -> dict[str, object]:
        links = await self.receipts.payments.links_of(actor, invoice.id)
        link = next((one for one in links if one.id == link_id), None)
        if link is None:
            raise LinkNotFound
        address = payment_address(self.links, actor.tenant_id, link)
        until = link.expires_at.astimezone(UTC)
        told = {"amount": link.amount, "link": address, "answer_by": until}
        return {"template": "payment_link", "values": values.model_copy(update=told)}


def locale_of(contact: Contact, tenant: Tenant) -> Locale:
    """Choose how dates and amounts are written: in the organisation's way if that is the patient's language too.

    CLDR does not know every pairing of a language and a country (en_LK); then the language alone decides.
    """
    usual = tenant.locale.replace("-", "_")
    own = (contact.language or usual).replace("-", "_").partition("_")[0]
    for name in (usual if usual.partition("_")[0] == own else own, own, "en"):
        try:
            return Locale.parse(name)
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")
