"""Calendar feeds as their callers see them."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.appointments.feeds.schemas import Feed, FeedWrite

Feeds = list[Feed]


class FeedsClient(ServiceClient):
    """Typed calls about calendar feeds to the appointments service."""

    service = "appointments"

    async def make(self, actor: Actor, feed_id: UUID, asked: FeedWrite) -> Feed:
        """Make a feed under an id of the caller's, and revoke the one before."""
        return await self.call(actor, "PUT", f"/calendar-feeds/{feed_id}", json=asked, into=Feed)

    async def revoke(self, actor: Actor, feed_id: UUID) -> None:
        """Let its address work no longer."""
        await self.call(actor, "PUT", f"/calendar-feeds/{feed_id}/revocation")

    async def get(self, actor: Actor, feed_id: UUID) -> Feed:
        """Read one that still works."""
        return await self.call(actor, "GET", f"/calendar-feeds/{feed_id}", into=Feed)

    async def active(self, actor: Actor) -> Feeds:
        """List those that work."""
        return await self.call(actor, "GET", "/calendar-feeds", into=Feeds)
