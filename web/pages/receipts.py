"""The receipt of an invoice: as a page to print, and on its way to the patient by e-mail."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.notifications.schemas import MessageFilter
from web.looks import state_label
from web.pages.messages_words import failure_words, template_words
from web.pages.screen import Screen, needs
from web.words import gettext, locale, refused

router = APIRouter(prefix="/billing/invoices/{invoice_id}", include_in_schema=False)
Reader = Annotated[Screen, needs("payments:read")]
Writer = Annotated[Screen, needs("payments:write")]


@router.get("/receipt")
async def printed(invoice_id: UUID, screen: Reader) -> Response:
    """Show it as it is printed."""
    receipt = await screen.gateway.receipts.of(screen.actor, invoice_id)
    return screen.page(
        "billing/receipt.html",
        invoice_id=invoice_id,
        receipt=receipt,
        title=gettext(receipt.title),
        sums=[(gettext(one.label), one.of, one.amount, one.strong) for one in receipt.sums(locale())],
        moved=[(one, state_label(one.method, "method")) for one in receipt.moved],
    )


@router.post("/receipt/mail")
async def mail(invoice_id: UUID, screen: Writer) -> Response:
    """Mail it; a second click finds the first."""
    form = await screen.submitted("receipt")
    here = f"/billing/invoices/{invoice_id}"
    try:
        await screen.gateway.mails.receipt(screen.actor, invoice_id, form.key)
    except Refusal as refusal:
        return screen.done(refused(refusal), here, tone="red")
    return screen.done(gettext("The receipt is on its way"), here)


async def mails_of(screen: Screen, invoice_id: UUID) -> list[dict[str, Any]]:
    """List what was mailed about an invoice, the newest first; nothing to somebody who may not read messages."""
    if not screen.actor.may("messages:read"):
        return []
    page = await screen.gateway.messages.list(screen.actor, MessageFilter(invoice_id=invoice_id), limit=10)
    return [
        {
            "id": one.id,
            "words": template_words(one.template),
            "status": one.status,
            "at": one.sent_at or one.created_at,
            "failure": failure_words(one.failure) if one.failure else "",
        }
        for one in page.items
    ]
