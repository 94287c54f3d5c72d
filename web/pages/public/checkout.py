"""The sandbox gateway's own page, to which its payment links lead: a test card, and no money."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.payments.errors import CardDeclined
from services.payments.states import DECLINES
from web.forms import Form
from web.pages.cards import sandbox_cards
from web.pages.public.visitor import Visitor, visiting
from web.words import gettext

PURPOSE = "sandbox-checkout"
router = APIRouter(prefix=f"/{PURPOSE}")
Payer = Annotated[Visitor, visiting(PURPOSE, "payments:read", "payments:write")]
OK = 200
_PAYABLE = 4
"""Of the test cards, those whose answer comes at once."""


@router.get("/{token}")
async def show(visitor: Payer) -> Response:
    """Show what is to be paid."""
    return await _page(visitor, visitor.form("checkout", token="pm_card_visa"))  # noqa: S106 - a test card


@router.post("/{token}")
async def pay(visitor: Payer) -> Response:
    """Pay; a declined card is an answer, and another may be tried."""
    form = await visitor.submitted("checkout")
    try:
        await visitor.gateway.money.pay_checkout(visitor.actor, visitor.link.subject, form.values["token"])
    except CardDeclined as refusal:
        why = gettext(DECLINES.get(refusal.extra.get("decline_code", ""), refusal.detail))
        return await _page(visitor, form.object(why, "token"), refusal.status)
    except Refusal as refusal:
        return await _page(visitor, form.refuse(refusal), refusal.status)
    return visitor.back()


async def _page(visitor: Visitor, form: Form, http: int = OK) -> Response:
    found = await visitor.gateway.payments.sandbox_checkout(visitor.actor, visitor.link.subject)
    over = not found.paid and found.expires_at <= visitor.now
    return await visitor.page(
        "public/checkout.html", http=http, form=form, checkout=found, over=over, cards=sandbox_cards()[:_PAYABLE]
    )
