"""What is due on an invoice, by the link in a reminder: seen here, and paid at the gateway's own page."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from careconnect.errors import Refusal
from web.pages.public.visitor import Visitor, visiting
from web.words import refused

PURPOSE = "pay"
router = APIRouter(prefix=f"/{PURPOSE}")
Payer = Annotated[Visitor, visiting(PURPOSE, "payments:read", "payments:write")]
_OK = 200


@router.get("/{token}")
async def show(visitor: Payer) -> Response:
    """Show what is to be paid; nothing of the patient, who knows."""
    return await _page(visitor)


@router.get("/{token}/gateway")
async def pay(visitor: Payer) -> Response:
    """Lead to the gateway's own page, made anew where the last one has run out.

    It is a link and no form, since a form here may not lead to another site (the policy `form-action`); following it
    twice gives the same page.
    """
    try:
        link = await visitor.gateway.money.current_link(visitor.actor, visitor.link.subject)
    except Refusal as refusal:
        return await _page(visitor, refusal.status, refused(refusal))
    return RedirectResponse(link.url, 303, {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"})


async def _page(visitor: Visitor, http: int = _OK, problem: str = "") -> Response:
    found = await visitor.gateway.payments.get_invoice(visitor.actor, visitor.link.subject)
    return await visitor.page("public/pay.html", http, invoice=found, due=found.due, problem=problem)
