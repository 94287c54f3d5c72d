"""Holds as their callers see them."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.appointments.holds.schemas import Extension, HeldSlot, HoldEnd, HoldWrite


class HoldsClient(ServiceClient):
    """Typed calls about holds to the appointments service."""

    service = "appointments"

    async def place(self, actor: Actor, hold_id: UUID, asked: HoldWrite) -> HeldSlot:
        """Hold a time under an id of the caller's; a repeat answers with what stands."""
        return await self.call(actor, "PUT", f"/holds/{hold_id}", json=asked, into=HeldSlot)

    async def extend(self, actor: Actor, hold_id: UUID, asked: Extension) -> HeldSlot:
        """Hold it for longer, once."""
        return await self.call(actor, "PUT", f"/holds/{hold_id}/extension", json=asked, into=HeldSlot)

    async def end(self, actor: Actor, hold_id: UUID, asked: HoldEnd) -> None:
        """Give the time back."""
        await self.call(actor, "PUT", f"/holds/{hold_id}/end", json=asked)

    async def get(self, actor: Actor, hold_id: UUID) -> HeldSlot:
        """Read one."""
        return await self.call(actor, "GET", f"/holds/{hold_id}", into=HeldSlot)
