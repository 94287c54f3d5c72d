"""What stands on a receipt, composed of the invoice, its payments, and the names that belong to it."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.money import Money
from services.appointments.errors import AppointmentNotFound
from services.identity.schemas import Location
from services.payments.schemas import Invoice, Line

if TYPE_CHECKING:
    from web.gateway.gateway import Gateway

_NAMES = ("patients:read", "identity:read", "appointments:read")
"""What the names and the place on a receipt take; who may read the invoice may read them there."""


class Paid(BaseModel):
    """One payment of an invoice."""

    at: datetime
    method: str
    amount: Money


class Receipt(BaseModel):
    """An invoice with what was paid, in the local time of the place where the visit is."""

    number: str
    status: str
    issued_at: datetime
    zone: str
    organisation: str
    place: str | None
    patient: str
    lines: list[Line]
    total: Money
    paid: Money
    refunded: Money
    credited: Money
    due: Money
    payments: list[Paid]


async def receipt_of(gateway: "Gateway", actor: Actor, invoice_id: UUID) -> Receipt:
    """Compose it.

    Raises:
        InvoiceNotFound: there is no such invoice.
    """
    invoice = await gateway.payments.get_invoice(actor, invoice_id)
    edge = Actor.system(*_NAMES, tenant_id=actor.tenant_id)
    tenant, named, place, payments = await asyncio.gather(
        gateway.identity.tenant(edge),
        gateway.patients.names(edge, [invoice.patient_id]),
        _place(gateway, edge, invoice),
        gateway.payments.list_payments(actor, invoice_id=invoice.id, limit=200),
    )
    zone = ZoneInfo(place.zone if place else "UTC")
    taken = [
        Paid(at=(one.captured_at or one.created_at).astimezone(zone), method=one.method, amount=one.captured)
        for one in reversed(payments.items)
        if one.captured
    ]
    return Receipt(
        **invoice.model_dump(include={"number", "status", "lines", "total", "paid", "refunded", "credited", "due"}),
        issued_at=invoice.issued_at.astimezone(zone),
        zone=zone.key,
        organisation=tenant.name,
        place=_address(place) if place else None,
        patient=", ".join(f"{one.name} ({one.mrn})" for one in named),
        payments=taken,
    )


async def _place(gateway: "Gateway", edge: Actor, invoice: Invoice) -> Location | None:
    """Find where the visit is; an invoice without one belongs to the organisation's first place."""
    locations = await gateway.identity.locations(edge)
    if invoice.appointment_id:
        try:
            visit = await gateway.appointments.standing(edge, invoice.appointment_id)
        except AppointmentNotFound:
            visit = None
        if visit:
            return next((one for one in locations if one.id == visit.location_id), None)
    return locations[0] if locations else None


def _address(place: Location) -> str:
    parts = [place.name]
    if place.address:
        parts += [part for part in (place.address.line1, place.address.line2, place.address.city) if part]
    return ", ".join([*parts, place.phone] if place.phone else parts)
