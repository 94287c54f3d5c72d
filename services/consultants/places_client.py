"""The part of the consultants service's client that is about locations: rooms, calendars, public holidays."""

from datetime import date
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.consultants import schemas


class PlacesClient(ServiceClient):
    """What locations offer to visits."""

    async def rooms(
        self, actor: Actor, location_id: UUID | None = None, *, active: bool | None = None
    ) -> list[schemas.Room]:
        """List rooms by name, those of all locations or of one."""
        params = {"location_id": location_id, "active": active}
        return await self.call(actor, "GET", "/rooms", into=list[schemas.Room], params=params)

    async def room(self, actor: Actor, room_id: UUID) -> schemas.Room:
        """Read a room."""
        return await self.call(actor, "GET", f"/rooms/{room_id}", into=schemas.Room)

    async def create_room(self, actor: Actor, room_id: UUID, details: schemas.RoomWrite) -> schemas.Room:
        """Add a room under an id of the caller's; a repeat is harmless."""
        return await self.call(actor, "PUT", f"/rooms/{room_id}", into=schemas.Room, json=details)

    async def replace_room(self, actor: Actor, room_id: UUID, details: schemas.RoomReplacement) -> schemas.Room:
        """Replace a room's details."""
        return await self.call(actor, "PUT", f"/rooms/{room_id}/record", into=schemas.Room, json=details)

    async def calendar(self, actor: Actor, location_id: UUID) -> schemas.Calendar:
        """Read when a location is open."""
        return await self.call(actor, "GET", f"/locations/{location_id}/calendar", into=schemas.Calendar)

    async def put_calendar(self, actor: Actor, location_id: UUID, told: schemas.CalendarWrite) -> schemas.Calendar:
        """Say when a location is open."""
        path = f"/locations/{location_id}/calendar"
        return await self.call(actor, "PUT", path, into=schemas.Calendar, json=told)

    async def holiday_policy(self, actor: Actor) -> schemas.HolidayPolicy:
        """Read what public holidays do."""
        return await self.call(actor, "GET", "/holiday-policy", into=schemas.HolidayPolicy)

    async def put_holiday_policy(self, actor: Actor, told: schemas.HolidayPolicyWrite) -> schemas.HolidayPolicy:
        """Say what public holidays do."""
        return await self.call(actor, "PUT", "/holiday-policy", into=schemas.HolidayPolicy, json=told)

    async def holidays(
        self, actor: Actor, first: date, last: date, location_id: UUID | None = None
    ) -> list[schemas.Holiday]:
        """List public holidays and closing days from `first` to `last`, both included."""
        params = {"from": first, "to": last, "location_id": location_id}
        return await self.call(actor, "GET", "/holidays", into=list[schemas.Holiday], params=params)

    async def try_holidays(self, actor: Actor, trial: schemas.HolidaysTrial) -> list[date]:
        """Tell on which days a location would be closed."""
        return await self.call(actor, "POST", "/holidays/trial", into=list[date], json=trial)

    async def holiday_gaps(self, actor: Actor, first: date, last: date) -> list[schemas.HolidayGap]:
        """List the years from `first` to `last` whose public holidays are not known yet."""
        params = {"from": first, "to": last}
        return await self.call(actor, "GET", "/holiday-gaps", into=list[schemas.HolidayGap], params=params)
