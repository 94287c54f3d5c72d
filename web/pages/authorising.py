"""The number under which a payer agreed to pay for a visit, on the page of its invoice."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from web.pages.screen import Screen, needs
from web.words import gettext, refused

router = APIRouter(prefix="/billing/invoices/{invoice_id}/authorisation", include_in_schema=False)
Writer = Annotated[Screen, needs("payments:write")]
_LONGEST = 60


@router.post("")
async def keep(invoice_id: UUID, screen: Writer) -> Response:
    """Keep what was typed instead of what was known; nothing typed is no number."""
    form = await screen.submitted("authorisation")
    number, home = form.values["number"].strip()[:_LONGEST], f"/billing/invoices/{invoice_id}"
    try:
        await screen.gateway.insurance.authorised(screen.actor, invoice_id, number)
    except Refusal as refusal:
        return screen.done(refused(refusal), home, tone="red")
    return screen.done(gettext("The authorisation number is kept"), home)
