"""The waiting list as its callers see it."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.appointments.waitlist.schemas import (
    Entry,
    EntryClose,
    EntryFilter,
    EntryWrite,
    Offer,
    OfferClose,
    OfferWrite,
    Told,
)


class WaitlistClient(ServiceClient):
    """Typed calls about the waiting list to the appointments service."""

    service = "appointments"

    async def join(self, actor: Actor, entry_id: UUID, asked: EntryWrite) -> Entry:
        """Take a place in the line under an id of the caller's; a repeat answers with what stands."""
        return await self.call(actor, "PUT", f"/waitlist/{entry_id}", json=asked, into=Entry)

    async def close(self, actor: Actor, entry_id: UUID, asked: EntryClose) -> None:
        """End the waiting without a visit."""
        await self.call(actor, "PUT", f"/waitlist/{entry_id}/status", json=asked)

    async def offer(self, actor: Actor, entry_id: UUID, offer_id: UUID, asked: OfferWrite) -> Offer:
        """Hold a time under the offer's id and offer it, in one step."""
        return await self.call(actor, "PUT", f"/waitlist/{entry_id}/offers/{offer_id}", json=asked, into=Offer)

    async def tell(self, actor: Actor, entry_id: UUID, offer_id: UUID, *, told: bool) -> None:
        """Note whether the patient could be told."""
        await self.call(actor, "PUT", f"/waitlist/{entry_id}/offers/{offer_id}/telling", json=Told(told=told))

    async def close_offer(self, actor: Actor, entry_id: UUID, offer_id: UUID, asked: OfferClose) -> None:
        """Close an offer; unless it was accepted, its time is given back."""
        await self.call(actor, "PUT", f"/waitlist/{entry_id}/offers/{offer_id}/status", json=asked)

    async def list(
        self, actor: Actor, wanted: EntryFilter | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Entry]:
        """List those who wait, the first in line first."""
        params = wanted.model_dump(exclude_defaults=True) if wanted else {}
        params |= {"limit": limit, "cursor": cursor}
        return await self.call(actor, "GET", "/waitlist", params=params, into=Page[Entry])

    async def get(self, actor: Actor, entry_id: UUID) -> Entry:
        """Read one entry with what was offered."""
        return await self.call(actor, "GET", f"/waitlist/{entry_id}", into=Entry)

    async def get_offer(self, actor: Actor, offer_id: UUID) -> Offer:
        """Read one offer."""
        return await self.call(actor, "GET", f"/offers/{offer_id}", into=Offer)
