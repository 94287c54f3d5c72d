"""A patient's history, composed of three services' answers: visits and what led to them, money, and messages."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import FieldError, InvalidInput
from careconnect.money import Money
from careconnect.pagination import Page
from services.appointments.schemas import AppointmentFilter, Status
from services.appointments.series.schemas import SeriesFilter
from services.appointments.waitlist.schemas import EntryFilter
from services.notifications.schemas import MessageFilter
from web.gateway.planned import planned_reminders

if TYPE_CHECKING:
    from web.gateway.gateway import Gateway

_JUST_AFTER = timedelta(microseconds=1)
_LATEST = datetime.max.replace(tzinfo=UTC) - _JUST_AFTER
_MOST = 200
"""How many a service gives at once; a page ends where the part that reaches least far does."""


class HistoryItem(BaseModel):
    """One thing that happened or is planned: an appointment at its start, everything else when it was made."""

    at: datetime
    kind: Literal["appointment", "payment", "refund", "message", "reminder", "invoice", "series", "waitlist"]
    id: UUID
    status: str
    what: str = Field(
        description="a reference, a payment's method, a refund's reason, a message's template or how many hours "
        "before the visit a reminder is planned, an invoice's number, a series' rule"
    )
    appointment_id: UUID | None = None
    zone: str | None = Field(None, description="of an appointment's place")
    amount: Money | None = None
    channel: str | None = None


Part = tuple[list[HistoryItem], tuple[datetime, str] | None]
"""What one service gives of it, and how far back that reaches where there is more."""


async def patient_history(
    gateway: "Gateway", actor: Actor, patient_id: UUID, *, limit: int, cursor: str | None
) -> Page[HistoryItem]:
    """Give what the actor may read of it, the newest first. The reading is noted in the patient's audit.

    Raises:
        PatientNotFound: there is no such patient.
        InvalidInput: the cursor is not one of ours.
    """
    await gateway.patients.get(actor, patient_id)
    return await history_of(gateway, actor, patient_id, limit=limit, cursor=cursor)


async def history_of(
    gateway: "Gateway", actor: Actor, patient_id: UUID, *, limit: int, cursor: str | None
) -> Page[HistoryItem]:
    """Give it for a patient whose record was read.

    Raises:
        InvalidInput: the cursor is not one of ours.
    """
    after = _decode(cursor) if cursor else None
    before = after[0] + _JUST_AFTER if after else None
    readers = [read for scope, several in _SOURCES.items() if actor.may(scope) for read in several]
    parts = await asyncio.gather(*(read(gateway, actor, patient_id, before) for read in readers))
    reached = max((end for _, end in parts if end), default=None)
    items = sorted((item for part, _ in parts for item in part), key=_position, reverse=True)
    left = [item for item in items if after is None or _position(item) < after]
    known = [item for item in left if reached is None or _position(item) >= reached]
    page, more = known[:limit], len(left) > limit or reached is not None
    return Page[HistoryItem](items=page, next_cursor=_encode(page[-1]) if more else None)


async def _appointments(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    wanted = AppointmentFilter(patient_id=[patient_id], to=before)
    page = await gateway.appointments.list(actor, wanted, limit=_MOST, sort="-start")
    return _part(page, [
        HistoryItem(
            at=one.start, kind="appointment", id=one.id, status=one.status, what=one.reference,
            appointment_id=one.id, zone=one.zone, amount=None, channel=None,
        )
        for one in page.items
    ])  # fmt: skip


async def _payments(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    page = await gateway.payments.list_payments(actor, patient_id=patient_id, until=before, limit=_MOST)
    return _part(page, [
        HistoryItem(
            at=one.created_at, kind="payment", id=one.id, status=one.status, what=one.method,
            appointment_id=one.appointment_id, zone=None, amount=one.amount, channel=None,
        )
        for one in page.items
    ])  # fmt: skip


async def _refunds(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    page = await gateway.payments.refunds_of(actor, patient_id, until=before, limit=_MOST)
    return _part(page, [
        HistoryItem(
            at=one.created_at, kind="refund", id=one.id, status=one.status, what=one.reason,
            appointment_id=None, zone=None, amount=one.amount, channel=None,
        )
        for one in page.items
    ])  # fmt: skip


async def _reminders(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    """Tell what is planned: what was sent is among the messages. Nothing, where the actor reads no messages."""
    if not actor.may("messages:read"):
        return [], None
    wanted = AppointmentFilter(patient_id=[patient_id], from_=clock.now(), status=[Status.BOOKED])
    coming = (await gateway.appointments.list(actor, wanted, limit=_MOST)).items
    planned = await planned_reminders(gateway, actor.tenant_id, patient_id, coming)
    return [
        HistoryItem(
            at=one.at, kind="reminder", id=one.id, status="planned", what=str(one.hours),
            appointment_id=one.appointment.id, zone=one.appointment.zone, amount=None, channel=one.channel,
        )
        for one in planned
        if before is None or one.at < before
    ], None  # fmt: skip


async def _messages(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    wanted = MessageFilter(patient_id=patient_id, before=before)
    page = await gateway.messages.list(actor, wanted, limit=_MOST)
    return _part(page, [
        HistoryItem(
            at=one.created_at, kind="message", id=one.id, status=one.status, what=one.template,
            appointment_id=one.appointment_id, zone=None, amount=None, channel=one.channel,
        )
        for one in page.items
    ])  # fmt: skip


async def _invoices(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    page = await gateway.payments.list_invoices(actor, patient_id=patient_id, until=before, limit=_MOST)
    return _part(page, [
        HistoryItem(
            at=one.issued_at, kind="invoice", id=one.id, status=one.status, what=one.number,
            appointment_id=one.appointment_id, zone=None, amount=one.total, channel=None,
        )
        for one in page.items
    ])  # fmt: skip


async def _series(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    page = await gateway.series.list(actor, SeriesFilter(patient_id=patient_id), limit=_MOST)
    return [
        HistoryItem(
            at=one.created_at, kind="series", id=one.id, status=one.status, what=one.rule,
            appointment_id=None, zone=one.zone, amount=None, channel=None,
        )
        for one in page.items
        if before is None or one.created_at < before
    ], None  # fmt: skip


async def _waiting(gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None) -> Part:
    page = await gateway.waitlist.list(actor, EntryFilter(patient_id=patient_id), limit=_MOST)
    return [
        HistoryItem(
            at=one.created_at, kind="waitlist", id=one.id, status=one.status, what="",
            appointment_id=one.appointment_id, zone=None, amount=None, channel=None,
        )
        for one in page.items
        if before is None or one.created_at < before
    ], None  # fmt: skip


def _part(page: Page[Any], items: list[HistoryItem]) -> Part:
    return items, min(map(_position, items)) if page.next_cursor else None


def _position(item: HistoryItem) -> tuple[datetime, str]:
    return item.at.astimezone(UTC), str(item.id)


def _encode(item: HistoryItem) -> str:
    at, key = _position(item)
    return base64.urlsafe_b64encode(f"{at.isoformat()} {key}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, str]:
    try:
        said, _, key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(" ")
        at = datetime.fromisoformat(said).astimezone(UTC)
        return min(at, _LATEST), str(UUID(key))
    except (ValueError, OverflowError) as error:
        wrong = FieldError(field="cursor", code="invalid_cursor", message="Use the next_cursor of the page before.")
        raise InvalidInput("The cursor is not one of ours.", errors=[wrong]) from error


_SOURCES = {
    "appointments:read": (_appointments, _series, _waiting, _reminders),
    "payments:read": (_payments, _invoices, _refunds),
    "messages:read": (_messages,),
}
