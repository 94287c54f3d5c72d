"""A patient's history, composed of three services' answers: appointments, payments and messages."""

import asyncio
import base64
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from careconnect.auth import Actor
from careconnect.errors import FieldError, InvalidInput
from careconnect.money import Money
from careconnect.pagination import Page
from services.appointments.schemas import AppointmentFilter
from services.notifications.schemas import MessageFilter

if TYPE_CHECKING:
    from web.gateway.gateway import Gateway

_JUST_AFTER = timedelta(microseconds=1)
_LATEST = datetime.max.replace(tzinfo=UTC) - _JUST_AFTER
_MOST = 200
"""How many a service gives at once; more than anybody may ask for here, so that each part reaches far enough."""


class HistoryItem(BaseModel):
    """One thing that happened or is planned: an appointment at its start, a payment or a message when it was made."""

    at: datetime
    kind: Literal["appointment", "payment", "message"]
    id: UUID
    status: str
    what: str = Field(description="an appointment's reference, a payment's method, a message's template")
    appointment_id: UUID | None = None
    zone: str | None = Field(None, description="of an appointment's place")
    amount: Money | None = None
    channel: str | None = None


async def patient_history(
    gateway: "Gateway", actor: Actor, patient_id: UUID, *, limit: int, cursor: str | None
) -> Page[HistoryItem]:
    """Give what the actor may read of it, the newest first. The reading is noted in the patient's audit.

    Raises:
        PatientNotFound: there is no such patient.
        InvalidInput: the cursor is not one of ours.
    """
    after = _decode(cursor) if cursor else None
    await gateway.patients.get(actor, patient_id)
    before = after[0] + _JUST_AFTER if after else None
    sources = {
        "appointments:read": _appointments,
        "payments:read": _payments,
        "messages:read": _messages,
    }
    parts = await asyncio.gather(
        *(read(gateway, actor, patient_id, before) for scope, read in sources.items() if actor.may(scope))
    )
    items = sorted((item for part in parts for item in part), key=_position, reverse=True)
    left = [item for item in items if after is None or _position(item) < after]
    more = len(left) > limit
    page = left[:limit]
    return Page[HistoryItem](items=page, next_cursor=_encode(page[-1]) if more else None)


async def _appointments(
    gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None
) -> Iterable[HistoryItem]:
    wanted = AppointmentFilter(patient_id=[patient_id], to=before)
    page = await gateway.appointments.list(actor, wanted, limit=_MOST, newest_first=True)
    return [
        HistoryItem(
            at=one.start, kind="appointment", id=one.id, status=one.status, what=one.reference,
            appointment_id=one.id, zone=one.zone, amount=None, channel=None,
        )
        for one in page.items
    ]  # fmt: skip


async def _payments(
    gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None
) -> Iterable[HistoryItem]:
    page = await gateway.payments.list_payments(actor, patient_id=patient_id, until=before, limit=_MOST)
    return [
        HistoryItem(
            at=one.created_at, kind="payment", id=one.id, status=one.status, what=one.method,
            appointment_id=one.appointment_id, zone=None, amount=one.amount, channel=None,
        )
        for one in page.items
    ]  # fmt: skip


async def _messages(
    gateway: "Gateway", actor: Actor, patient_id: UUID, before: datetime | None
) -> Iterable[HistoryItem]:
    """Read on until there is a pageful from before; messages cannot be asked for by time."""
    found: list[HistoryItem] = []
    cursor: str | None = None
    while True:
        wanted = MessageFilter(patient_id=patient_id)
        page = await gateway.messages.list(actor, wanted, limit=_MOST, cursor=cursor)
        found += [
            HistoryItem(
                at=one.created_at, kind="message", id=one.id, status=one.status, what=one.template,
                appointment_id=one.appointment_id, zone=None, amount=None, channel=one.channel,
            )
            for one in page.items
            if before is None or one.created_at < before
        ]  # fmt: skip
        cursor = page.next_cursor
        if cursor is None or len(found) > _MOST:
            return found


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
