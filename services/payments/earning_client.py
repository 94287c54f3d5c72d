"""The end of a visit and the payouts of gateways, as callers of the payments service see them."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.payments.schemas import Earned, Payout, PayoutWrite, VisitEnd


class EarningClient(ServiceClient):
    """Typed calls about what is earned and what is paid out."""

    async def end_visit(self, actor: Actor, appointment_id: UUID, wanted: VisitEnd) -> Earned:
        """Let what is invoiced for an appointment be earned."""
        return await self.call(actor, "PUT", f"/appointments/{appointment_id}/end", json=wanted, into=Earned)

    async def payouts(self, actor: Actor, *, limit: int = 50, cursor: str | None = None) -> Page[Payout]:
        """List the payouts of gateways, the newest first."""
        params = {"limit": limit, "cursor": cursor}
        return await self.call(actor, "GET", "/payouts", params=params, into=Page[Payout])

    async def enter_payout(self, actor: Actor, payout_id: UUID, wanted: PayoutWrite) -> Payout:
        """Book a payout under an id of the caller's; needs ledger:close."""
        return await self.call(actor, "PUT", f"/payouts/{payout_id}", json=wanted, into=Payout)
