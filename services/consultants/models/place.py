"""What a location offers to visits: rooms, opening times, closing days. The location itself is elsewhere."""

from datetime import date
from typing import Any, Self, get_args
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from careconnect.db import Tenanted, Versioned
from services.consultants import schemas
from services.consultants.models.base import Base

_HOLIDAYS = ", ".join(f"'{one}'" for one in get_args(schemas.Holidays))


class Room(Base, Tenanted, Versioned):
    """A room; its features are what it is and has, and a visit type may need some of them."""

    __tablename__ = "rooms"
    __table_args__ = (sa.Index("ix_rooms_location", "tenant_id", "location_id", "name", "id"),)

    location_id: Mapped[UUID]
    name: Mapped[str]
    features: Mapped[list[str]]
    active: Mapped[bool]

    @classmethod
    def furnish(cls, room_id: UUID, details: schemas.RoomWrite) -> Self:
        """Add a room."""
        room = cls(id=room_id)
        room.describe(details)
        return room

    def describe(self, details: schemas.RoomWrite) -> None:
        """Replace the details; what is booked into the room stays there."""
        self.location_id, self.name, self.active = details.location_id, details.name, details.active
        self.features = sorted(set(details.features))

    def same_as(self, details: schemas.RoomWrite) -> bool:
        """Tell whether `details` say what is written here."""
        told = (details.location_id, details.name, sorted(set(details.features)), details.active)
        return told == (self.location_id, self.name, list(self.features), self.active)

    def shown(self) -> schemas.Room:
        """Give the room as the wire shows it."""
        return schemas.Room.model_validate(self, from_attributes=True)


class LocationCalendar(Base, Tenanted, Versioned):
    """When a location is open; its id is the location's."""

    __tablename__ = "location_calendars"
    __table_args__ = (sa.CheckConstraint(f"holidays IN ({_HOLIDAYS})", name="holidays"),)

    zone: Mapped[str]
    opening: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    holidays: Mapped[schemas.Holidays] = mapped_column(sa.Text)
    country: Mapped[str | None]
    subdivision: Mapped[str | None]
    open_on: Mapped[list[date]] = mapped_column(ARRAY(sa.Date))
    closed_on: Mapped[list[date]] = mapped_column(ARRAY(sa.Date))

    def write(self, told: schemas.CalendarWrite) -> None:
        """Replace all of it."""
        self.zone, self.holidays = told.zone, told.holidays
        self.country, self.subdivision = told.country, told.subdivision
        self.opening = None if told.opening is None else [one.model_dump() for one in _ordered(told.opening)]
        self.open_on, self.closed_on = sorted(set(told.open_on)), sorted(set(told.closed_on))

    def same_as(self, told: schemas.CalendarWrite) -> bool:
        """Tell whether `told` says what is written here."""
        other = LocationCalendar(id=self.id, version=self.version)
        other.write(told)
        return other.shown() == self.shown()

    def shown(self) -> schemas.Calendar:
        """Give the calendar as the wire shows it."""
        return schemas.Calendar(
            location_id=self.id,
            **{
                name: getattr(self, name)
                for name in ("zone", "opening", "holidays", "country", "subdivision", "open_on", "closed_on", "version")
            },
        )


class HolidayPolicy(Base, Tenanted, Versioned):
    """What an organisation does on public holidays; there is one for each, under its own id."""

    __tablename__ = "holiday_policies"
    __table_args__ = (sa.CheckConstraint("tenant_id = id", name="own"),)

    country: Mapped[str | None]
    subdivision: Mapped[str | None]
    closed: Mapped[bool]
    own: Mapped[list[dict[str, str]]] = mapped_column(JSONB)

    def write(self, told: schemas.HolidayPolicyWrite) -> None:
        """Replace all of it; the organisation's own days only where they are told."""
        self.country, self.subdivision, self.closed = told.country, told.subdivision, told.closed
        if told.own is not None:
            self.own = _dated(told.own)
        elif self.own is None:
            self.own = []

    def same_as(self, told: schemas.HolidayPolicyWrite) -> bool:
        """Tell whether `told` says what is written here."""
        own = self.own if told.own is None else _dated(told.own)
        here = (self.country, self.subdivision, self.closed, self.own)
        return (told.country, told.subdivision, told.closed, own) == here

    def shown(self) -> schemas.HolidayPolicy:
        """Give the policy as the wire shows it."""
        return schemas.HolidayPolicy.model_validate(self, from_attributes=True)


def _dated(own: list[schemas.OwnHoliday]) -> list[dict[str, str]]:
    return [one.model_dump(mode="json") for one in sorted(own, key=lambda one: one.date)]


def _ordered(opening: list[schemas.Opening]) -> list[schemas.Opening]:
    return sorted(opening, key=lambda one: (one.weekday, one.opens))
