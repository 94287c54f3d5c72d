"""Payment links, and the sandbox gateway's pages behind them."""

from uuid import UUID

from fastapi import APIRouter, Response

from services.payments.api.asking import Reader, Writer
from services.payments.collection import events, links, looking
from services.payments.collection.till import TillOf
from services.payments.gateways.protocol import Event
from services.payments.gateways.sandbox import SandboxGateway
from services.payments.schemas import Checkout, CheckoutWrite, LinkWrite, PaymentLink, WebhookReceipt
from services.payments.states import GatewayKind

router = APIRouter(tags=["links"])


@router.put("/links/{link_id}", summary="Have an amount of an invoice paid by a link", status_code=201)
async def offer(link_id: UUID, wanted: LinkWrite, response: Response, _: Writer, till: TillOf) -> PaymentLink:
    """Make the link under an id of the caller's, which becomes that of the payment; a repeat gives the same link."""
    made, new = await links.offer(till, link_id, wanted)
    response.status_code = 201 if new else 200
    return made


@router.get("/invoices/{invoice_id}/links", summary="List the payment links of an invoice, newest first")
async def of_invoice(invoice_id: UUID, _: Reader, till: TillOf) -> list[PaymentLink]:
    """List them."""
    return await links.of_invoice(till, invoice_id)


@router.put("/links/{link_id}/standing", summary="Look at the gateway whether a payment link was paid")
async def look(link_id: UUID, _: Writer, till: TillOf) -> PaymentLink:
    """Give the link as it stands, with what was paid by it taken in; a repeat changes nothing."""
    return await looking.look(till, link_id)


@router.put("/links/{link_id}/closing", summary="Close a payment link")
async def close(link_id: UUID, _: Writer, till: TillOf) -> PaymentLink:
    """Let nothing be paid by it any more, here and at its gateway; a repeat changes nothing."""
    return await links.close(till, link_id)


@router.get("/gateway/sandbox/checkouts/{link_id}", summary="Read a page of the sandbox gateway")
async def checkout(link_id: UUID, _: Reader, till: TillOf) -> Checkout:
    """Tell what is paid there, and whether it was."""
    await links.shut(till)
    return await _sandbox(await till.gateway(GatewayKind.sandbox)).checkout(link_id)


@router.post("/gateway/sandbox/checkouts/{link_id}/payment", summary="Pay at a page of the sandbox gateway")
async def pay(link_id: UUID, wanted: CheckoutWrite, _: Writer, till: TillOf) -> WebhookReceipt:
    """Pay as a cardholder does; the gateway tells of it at once, as it would by a webhook."""
    await links.shut(till)
    await _sandbox(await till.gateway(GatewayKind.sandbox)).pay(link_id, wanted.token)
    event = Event(f"evt_checkout_{link_id.hex}", "checkout.paid", till.actor.tenant_id, link_id)
    return await events.take_in(till, GatewayKind.sandbox, event)


def _sandbox(gateway: object) -> SandboxGateway:
    assert isinstance(gateway, SandboxGateway)  # noqa: S101 - it was asked for by name
    return gateway
