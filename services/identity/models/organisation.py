"""Organisations and their locations."""

from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect.db import Tenanted, Versioned
from services.identity import schemas
from services.identity.models.base import Base


class Tenant(Base, Tenanted, Versioned):
    """An organisation; it is its own tenant, so the two halves of its key are the same."""

    __tablename__ = "tenants"
    __table_args__ = (sa.CheckConstraint("tenant_id = id", name="own"),)

    name: Mapped[str]
    currency: Mapped[str]
    country: Mapped[str]
    locale: Mapped[str]

    @classmethod
    def found(cls, tenant_id: UUID, details: schemas.TenantWrite) -> Self:
        """Begin an organisation."""
        return cls(tenant_id=tenant_id, id=tenant_id, **details.model_dump())

    def describe(self, details: schemas.TenantReplacement) -> None:
        """Replace what can change."""
        self.name, self.country, self.locale = details.name, details.country, details.locale

    def same_as(self, details: schemas.TenantWrite | schemas.TenantReplacement) -> bool:
        """Tell whether `details` say what is written here."""
        told = details.model_dump(exclude={"version"})
        return told == {name: getattr(self, name) for name in told}

    def shown(self) -> schemas.Tenant:
        """Give the organisation as the wire shows it."""
        return schemas.Tenant(
            id=self.id,
            name=self.name,
            currency=self.currency,
            country=self.country,
            locale=self.locale,
            version=self.version,
        )


class Location(Base, Tenanted, Versioned):
    """A clinic site of an organisation."""

    __tablename__ = "locations"
    __table_args__ = (sa.Index("ix_locations_name", "tenant_id", "name", "id"),)

    name: Mapped[str]
    zone: Mapped[str]
    address: Mapped[dict[str, Any] | None]
    phone: Mapped[str | None]
    active: Mapped[bool]

    @classmethod
    def found(cls, location_id: UUID, details: schemas.LocationWrite) -> Self:
        """Open a location."""
        location = cls(id=location_id)
        location.describe(details)
        return location

    def describe(self, details: schemas.LocationWrite) -> None:
        """Replace the details; a new zone changes what future times there mean, and moves no appointment."""
        self.name, self.zone, self.phone, self.active = details.name, details.zone, details.phone, details.active
        self.address = details.address.model_dump() if details.address else None

    def same_as(self, details: schemas.LocationWrite) -> bool:
        """Tell whether `details` say what is written here."""
        here = (self.name, self.zone, self.phone, self.active, self.address)
        address = details.address.model_dump() if details.address else None
        return here == (details.name, details.zone, details.phone, details.active, address)

    def shown(self) -> schemas.Location:
        """Give the location as the wire shows it."""
        return schemas.Location(
            id=self.id,
            name=self.name,
            zone=self.zone,
            address=schemas.Address.model_validate(self.address) if self.address else None,
            phone=self.phone,
            active=self.active,
            version=self.version,
        )
