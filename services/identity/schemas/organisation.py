"""Organisations and their locations on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel

from careconnect.money import Currency, is_known
from services.identity.schemas.fields import Country, Input, Line, Locale, Phone, Version, Zone


def _known(currency: str) -> str:
    if not is_known(currency):
        message = "this is not a currency of ISO 4217"
        raise ValueError(message)
    return currency


class TenantWrite(Input):
    """An organisation: a clinic group with its own data, staff and policies."""

    name: Line
    currency: Annotated[Currency, AfterValidator(_known)]
    country: Country
    locale: Locale


class TenantReplacement(Input):
    """What of an organisation can change; its currency is that of every price and stays."""

    name: Line
    country: Country
    locale: Locale
    version: Version | None = None


class Tenant(BaseModel):
    """An organisation."""

    id: UUID
    name: str
    currency: str
    country: str
    locale: str
    version: int


class Address(Input):
    """Where something is."""

    line1: Line
    line2: Line | None = None
    city: Line | None = None
    country: Country | None = None


class LocationWrite(Input):
    """A clinic site, as staff enter it."""

    name: Line
    zone: Zone
    address: Address | None = None
    phone: Phone | None = None
    active: bool = True


class LocationReplacement(LocationWrite):
    """All of a location anew."""

    version: Version | None = None


class Location(BaseModel):
    """A clinic site; its zone decides what a time there means."""

    id: UUID
    name: str
    zone: str
    address: Address | None
    phone: str | None
    active: bool
    version: int
