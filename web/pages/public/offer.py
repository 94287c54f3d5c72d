"""A free time that is offered to somebody on the waiting list, by the link in the message."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.waitlist.schemas import OfferStatus
from web.pages import naming
from web.pages.public.visitor import Visitor, visiting
from web.words import refused

PURPOSE = "offer"
SCOPES = ("appointments:read", "appointments:write", "consultants:read", "catalogue:read", "patients:read")
router = APIRouter(prefix=f"/{PURPOSE}")
AnyVisitor = Annotated[Visitor, visiting(PURPOSE, *SCOPES)]


@router.get("/{token}")
async def show(visitor: AnyVisitor) -> Response:
    """Show the time, and one button for each answer as long as it is on offer."""
    return await _page(visitor)


@router.post("/{token}/answer")
async def answer(visitor: AnyVisitor) -> Response:
    """Take the answer; the page then says what came of it."""
    accept = (await visitor.submitted("answer")).values["accept"] == "true"
    offer = await visitor.gateway.waitlist.get_offer(visitor.actor, visitor.link.subject)
    if offer.status != OfferStatus.OFFERED:
        return visitor.back()
    try:
        await visitor.gateway.waitlist.answer(visitor.actor, offer, accept=accept)
    except Refusal as refusal:
        return await _page(visitor, refusal)
    return visitor.back()


async def _page(visitor: Visitor, refusal: Refusal | None = None) -> Response:
    offer = await visitor.gateway.waitlist.get_offer(visitor.actor, visitor.link.subject)
    held = await visitor.gateway.appointments.standing(visitor.actor, offer.id)
    visit = await naming.public_visit(visitor.known, visitor.actor, held)
    state = offer.status.value
    if offer.status == OfferStatus.OFFERED and offer.expires_at <= visitor.now:
        state = OfferStatus.LAPSED.value
    return await visitor.page(
        "public/offer.html",
        http=refusal.status if refusal else 200,
        offer=offer,
        state=state,
        visit=visit,
        problem=refused(refusal) if refusal else "",
        form=visitor.form("answer"),
    )
