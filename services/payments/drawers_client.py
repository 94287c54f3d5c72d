"""The cash drawers' part of the payments service, as its callers see it."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.payments.schemas import (
    CashRule,
    Drawer,
    DrawerClosing,
    DrawerFilter,
    DrawerMovement,
    DrawerReview,
    DrawerWrite,
    MovementWrite,
)


class DrawersClient(ServiceClient):
    """Typed calls about cash drawers."""

    service = "payments"

    async def drawers(
        self,
        actor: Actor,
        wanted: DrawerFilter | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
    ) -> Page[Drawer]:
        """List drawers, the newest first: the actor's own, or everybody's for whoever may see them."""
        params = (wanted or DrawerFilter()).model_dump() | {"limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/drawers", params=params, into=Page[Drawer])

    async def my_drawer(self, actor: Actor) -> Drawer | None:
        """Read the drawer that the actor has open."""
        page = await self.drawers(actor, DrawerFilter(person_id=actor.id, status="open"), limit=1)
        return page.items[0] if page.items else None

    async def drawer(self, actor: Actor, drawer_id: UUID) -> Drawer:
        """Read a drawer, with what should be in it."""
        return await self.call(actor, "GET", f"/drawers/{drawer_id}", into=Drawer)

    async def drawer_movements(self, actor: Actor, drawer_id: UUID) -> list[DrawerMovement]:
        """List what changed a drawer's cash, the newest first."""
        return await self.call(actor, "GET", f"/drawers/{drawer_id}/movements", into=list[DrawerMovement])

    async def open_drawer(self, actor: Actor, drawer_id: UUID, wanted: DrawerWrite) -> Drawer:
        """Open a drawer for the actor."""
        return await self.call(actor, "PUT", f"/drawers/{drawer_id}", json=wanted, into=Drawer)

    async def move_cash(self, actor: Actor, drawer_id: UUID, movement_id: UUID, wanted: MovementWrite) -> Drawer:
        """Put cash into a drawer, or take it out, with a reason."""
        path = f"/drawers/{drawer_id}/movements/{movement_id}"
        return await self.call(actor, "PUT", path, json=wanted, into=Drawer)

    async def close_drawer(self, actor: Actor, drawer_id: UUID, wanted: DrawerClosing) -> Drawer:
        """Close a drawer with what was counted."""
        return await self.call(actor, "PUT", f"/drawers/{drawer_id}/closing", json=wanted, into=Drawer)

    async def review_drawer(self, actor: Actor, drawer_id: UUID, wanted: DrawerReview) -> Drawer:
        """Note that a closed drawer was looked at; needs drawers:review."""
        return await self.call(actor, "PUT", f"/drawers/{drawer_id}/review", json=wanted, into=Drawer)

    async def cash_rule(self, actor: Actor) -> CashRule:
        """Tell whether cash needs an open drawer."""
        return await self.call(actor, "GET", "/cash-rule", into=CashRule)

    async def set_cash_rule(self, actor: Actor, wanted: CashRule) -> CashRule:
        """Say whether cash needs an open drawer; needs drawers:review."""
        return await self.call(actor, "PUT", "/cash-rule", json=wanted, into=CashRule)
