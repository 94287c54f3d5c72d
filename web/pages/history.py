"""Everything that happened to a patient and is planned, as a line of time."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.pagination import Page
from web.formats import money
from web.gateway.history import HistoryItem, history_of, patient_history
from web.looks import Look, look
from web.pages.appointments.timeline import Item
from web.pages.links import link
from web.pages.messages_words import template_words
from web.pages.paying import reason_words
from web.pages.screen import Screen, needs
from web.pages.series.words import every
from web.words import gettext

router = APIRouter(prefix="/patients", include_in_schema=False)
_FIRST, _SHOWN = 12, 40


@router.get("/{patient_id}/timeline")
async def show(
    patient_id: UUID, screen: Annotated[Screen, needs("patients:read")], cursor: str | None = None
) -> Response:
    """Show all of it, page by page; the reading is noted."""
    page = await patient_history(screen.gateway, screen.actor, patient_id, limit=_SHOWN, cursor=cursor)
    patient = await screen.gateway.patients.get(screen.actor, patient_id)
    return screen.page(
        "patients/timeline.html",
        patient=patient,
        items=told(page, screen.frame.now),
        next_href=page.next_cursor and link(f"/patients/{patient_id}/timeline", cursor=page.next_cursor),
    )


async def newest(screen: Screen, patient_id: UUID) -> tuple[list[Item], bool]:
    """Give the newest lines of a patient whose record was read, and whether there are more."""
    page = await history_of(screen.gateway, screen.actor, patient_id, limit=_FIRST, cursor=None)
    return told(page, screen.frame.now), page.next_cursor is not None


def told(page: Page[HistoryItem], now: datetime) -> list[Item]:
    """Put a page of it into words."""
    return [_item(one, now) for one in page.items]


def _item(one: HistoryItem, now: datetime) -> Item:
    words = _WORDS[one.kind](one)
    state = look("scheduled", "message") if one.kind == "reminder" else look(one.status, one.kind)
    said = (money(one.amount) if one.amount else "", state.word)
    return Item(
        one.at,
        words.icon or state.icon,
        state.tone,
        words.title,
        who=words.note,
        detail=" · ".join(part for part in said if part),
        lines=[reason_words(one.what)] if one.kind == "refund" else [],
        planned=one.at > now,
        href=words.href,
    )


class _Words(NamedTuple):
    """What one thing is called; without an icon it has that of its state."""

    title: str
    note: str = ""
    href: str = ""
    icon: str = ""


_WORDS: dict[str, Callable[[HistoryItem], _Words]] = {
    "appointment": lambda one: _Words(gettext("Appointment"), one.what, f"/appointments/{one.id}"),
    "payment": lambda one: _Words(
        gettext("Payment"), look(one.what, "method").word, icon=look(one.what, "method").icon
    ),
    "refund": lambda _: _Words(gettext("Refund"), icon="refund"),
    "invoice": lambda one: _Words(gettext("Invoice"), one.what, f"/billing/invoices/{one.id}", "billing"),
    "message": lambda one: _Words(
        template_words(one.what), _channel(one).word, f"/messages/{one.id}", _channel(one).icon
    ),
    "reminder": lambda one: _Words(
        template_words("reminder", int(one.what)), _channel(one).word, f"/appointments/{one.appointment_id}", "bell"
    ),
    "series": lambda one: _Words(gettext("Series"), every(one.what), f"/series/{one.id}", "repeat"),
    "waitlist": lambda _: _Words(gettext("Waiting list"), href="/waitlist", icon="waitlist"),
}


def _channel(one: HistoryItem) -> Look:
    return look(one.channel, "channel")
