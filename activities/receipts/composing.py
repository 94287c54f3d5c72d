"""What stands on a receipt, composed of the invoice, its payments and refunds, and the names that belong to it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from babel.numbers import format_percent
from pydantic import BaseModel

from careconnect.auth import Actor
from careconnect.money import Money
from services.appointments.client import AppointmentsClient
from services.appointments.errors import AppointmentNotFound
from services.identity.client import IdentityClient
from services.identity.schemas import Location
from services.patients.client import PatientsClient
from services.payments.client import PaymentsClient
from services.payments.schemas import Discount, Invoice, Line, Payment, Refund
from services.payments.states import RefundStatus

_NAMES = ("patients:read", "identity:read", "appointments:read")
"""What the names and the place on a receipt take; who may read the invoice may read them there."""


class Moved(BaseModel):
    """Money that came for an invoice, or went back (below zero); `credit` of it became the patient's credit."""

    at: datetime
    method: str
    amount: Money
    credit: Money | None = None


class TaxSum(BaseModel):
    """What one tax comes to; `rate` in basis points."""

    name: str
    rate: int
    amount: Money


class Sum(NamedTuple):
    """One row under the lines: the words in English, what they speak of, and the amount."""

    label: str
    of: str
    amount: Money
    strong: bool = False


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
    discounts: list[Discount]
    taxes: list[TaxSum]
    total: Money
    payer: str | None = None
    payer_share: Money | None = None
    patient_share: Money | None = None
    paid: Money
    refunded: Money
    credited: Money
    due: Money
    moved: list[Moved]

    @property
    def title(self) -> str:
        """What it is: a receipt once everything is paid, before that an invoice (in English)."""
        titles = {
            "balanced": "Receipt", "cancelled": "Cancelled invoice", "entered_in_error": "Invoice entered in error"
        }  # fmt: skip
        return titles.get(self.status, "Invoice")

    def sums(self, locale: Locale) -> list[Sum]:
        """Add up as people read it; what is nothing is left out, but for the total and what is due."""
        rows = [Sum("Discount, taken off above", _share(one.percent, locale), -one.amount) for one in self.discounts]
        rows.append(Sum("Total", "", self.total, strong=True))
        rows += [Sum("In it", f"{one.name} {percentage(one.rate, locale)}", one.amount) for one in self.taxes]
        rows += [Sum("Not owed after all", "", -self.credited)] if self.credited else []
        if self.payer and self.payer_share:
            rows.append(Sum("Share of", self.payer, -self.payer_share))
            rows += [Sum("Patient's share", "", self.patient_share)] if self.patient_share else []
        rows += [Sum("Paid", "", self.paid)] if self.paid else []
        rows += [Sum("Refunded", "", self.refunded)] if self.refunded else []
        return [*rows, Sum("Due", "", self.due, strong=True)]


def percentage(rate: int, locale: Locale) -> str:
    """Write a rate of basis points: 18%, 8.25%."""
    return format_percent(Decimal(rate) / 10_000, format="#,##0.##%", locale=locale)


def _share(percent: int | None, locale: Locale) -> str:
    return percentage(percent * 100, locale) if percent else ""


@dataclass(frozen=True)
class Receipts:
    """Composes receipts from the services that know the parts."""

    payments: PaymentsClient
    patients: PatientsClient
    appointments: AppointmentsClient
    identity: IdentityClient

    async def of(self, actor: Actor, invoice_id: UUID) -> Receipt:
        """Compose it; `actor` may read payments.

        Raises:
            InvoiceNotFound: there is no such invoice.
        """
        invoice = await self.payments.get_invoice(actor, invoice_id)
        edge = Actor.system(*_NAMES, tenant_id=actor.tenant_id)
        tenant, named, place, (payments, refunds) = await asyncio.gather(
            self.identity.tenant(edge),
            self.patients.names(edge, [invoice.patient_id]),
            self._place(edge, invoice),
            self._money(actor, invoice),
        )
        zone = ZoneInfo(place.zone if place else "UTC")
        parts = {"number", "status", "lines", "discounts", "total", "paid", "refunded", "credited", "due"}
        payer = invoice.payer
        return Receipt(
            **invoice.model_dump(include=parts),
            issued_at=invoice.issued_at.astimezone(zone),
            zone=zone.key,
            organisation=tenant.name,
            place=_address(place) if place else None,
            patient=", ".join(f"{one.name} ({one.mrn})" for one in named),
            taxes=_taxes(invoice.lines),
            payer=payer.payer_name or None if payer else None,
            payer_share=payer.share if payer else None,
            patient_share=invoice.patient_share,
            moved=_moved(payments, refunds, zone),
        )

    async def _money(self, actor: Actor, invoice: Invoice) -> tuple[list[Payment], list[Refund]]:
        page = await self.payments.list_payments(actor, invoice_id=invoice.id, limit=200)
        taken = [one for one in page.items if one.captured]
        back = await asyncio.gather(*(self.payments.list_refunds(actor, one.id) for one in taken if one.refunded))
        return taken, [one for some in back for one in some if one.status == RefundStatus.succeeded]

    async def _place(self, edge: Actor, invoice: Invoice) -> Location | None:
        """Find where the visit is; an invoice without one belongs to the organisation's first place."""
        locations = await self.identity.locations(edge)
        if invoice.appointment_id:
            try:
                visit = await self.appointments.standing(edge, invoice.appointment_id)
            except AppointmentNotFound:
                visit = None
            if visit:
                return next((one for one in locations if one.id == visit.location_id), None)
        return locations[0] if locations else None


def _taxes(lines: list[Line]) -> list[TaxSum]:
    """Add up the taxes of the lines, each name and rate for itself."""
    found: dict[tuple[str, int], Money] = {}
    for line in lines:
        if line.tax and line.tax.amount:
            key = (line.tax.name, line.tax.rate)
            found[key] = found[key] + line.tax.amount if key in found else line.tax.amount
    return [TaxSum(name=name, rate=rate, amount=amount) for (name, rate), amount in found.items()]


def _moved(payments: list[Payment], refunds: list[Refund], zone: ZoneInfo) -> list[Moved]:
    """List what came and what went back, the oldest first."""
    method = {one.id: one.method.value for one in payments}
    came = [
        Moved(
            at=(one.captured_at or one.created_at).astimezone(zone),
            method=one.method.value,
            amount=one.captured,
            credit=one.surplus or None,
        )
        for one in payments
    ]
    went = [
        Moved(at=one.created_at.astimezone(zone), method=method[one.payment_id], amount=-one.amount) for one in refunds
    ]
    return sorted([*came, *went], key=lambda one: one.at)


def _address(place: Location) -> str:
    parts = [place.name]
    if place.address:
        parts += [part for part in (place.address.line1, place.address.line2, place.address.city) if part]
    return ", ".join([*parts, place.phone] if place.phone else parts)
