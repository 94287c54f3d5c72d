"""Appointments on closed days, as their callers see them."""

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.appointments.closings.schemas import BookedDay, BookedDaysQuery, Closing, ClosingQuery


class ClosingsClient(ServiceClient):
    """Typed calls about days that are, or become, closed to the appointments service."""

    service = "appointments"

    async def closing(self, actor: Actor, wanted: ClosingQuery) -> Closing:
        """Tell what is booked at times that a change would close."""
        return await self.call(actor, "POST", "/closings", json=wanted, into=Closing)

    async def booked_days(self, actor: Actor, wanted: BookedDaysQuery) -> list[BookedDay]:
        """Count what is to come on some local days, by location; days without appointments are left out."""
        return await self.call(actor, "POST", "/booked-days", json=wanted, into=list[BookedDay])
