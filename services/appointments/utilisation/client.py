"""How much of consultants' time is booked, as the callers of the appointments service see it."""

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.appointments.utilisation.schemas import BookedTime, BookedTimeQuery


class UtilisationClient(ServiceClient):
    """Typed calls about booked time to the appointments service."""

    service = "appointments"

    async def booked_time(self, actor: Actor, wanted: BookedTimeQuery) -> list[BookedTime]:
        """Add up the booked minutes of each consultant; those without any are left out."""
        params = wanted.model_dump(exclude_none=True)
        return await self.call(actor, "GET", "/booked-time", params=params, into=list[BookedTime])
