"""One appointment: facts, what its state allows, money, and its timeline."""

import asyncio
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from fastapi.responses import Response

from services.appointments.schemas import LEFT, UNDO_WINDOW, AppointmentDetail, Status, TimelineEvent, door_opens
from services.notifications.schemas import Message, MessageFilter
from services.payments.schemas import AppointmentMoney
from services.payments.states import InvoiceStatus
from web.gateway.bookings import process_of
from web.pages import naming
from web.pages.appointments.timeline import tell
from web.pages.links import link
from web.pages.paying import line, reason_words
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter()
_MOVES = ("appointment.rescheduled", "appointment.move_undone")
_NOTHING = AppointmentMoney(invoices=[], payments=[], refunds=[])


_REMARKS = {
    "overbook": lambda: gettext("Overbooked because"),
    "fee_waiver": lambda: gettext("Fee waived because"),
    "policy_override": lambda: gettext("Moved all the same because"),
    "cancellation": lambda: gettext("Noted when cancelling"),
}


class Action(NamedTuple):
    """One thing that can be done: a dialog that opens, or a verb at once."""

    words: str
    href: str
    icon: str
    look: str = ""
    dialog: bool = False
    key: str = ""


@router.get("/{appointment_id}")
async def show(appointment_id: UUID, screen: Annotated[Screen, needs("appointments:read")]) -> Response:
    """Show it; the reading is noted."""
    found, events, money, messages, series = await asyncio.gather(
        screen.gateway.appointments.get(screen.actor, appointment_id),
        screen.gateway.appointments.timeline(screen.actor, appointment_id),
        _money(screen, appointment_id),
        _messages(screen, appointment_id),
        screen.gateway.series.place_of(screen.actor, appointment_id),
    )
    visit = await naming.visit(screen, found)
    day = visit.start.astimezone(visit.start.tzinfo).date().isoformat()
    return screen.page(
        "appointments/detail.html",
        visit=visit,
        series=series,
        back=link("/appointments", date=day),
        form=screen.form("step"),
        actions=_actions(found, events, screen) if screen.actor.may("appointments:write") else [],
        remarks=[(_REMARKS[one.kind](), one.text) for one in found.remarks],
        undo_until=found.undo_until if found.undo_until and found.undo_until > screen.frame.now else None,
        problem=_problem(found),
        due=_due(money) if screen.actor.may("payments:write") else None,
        invoices=money.invoices,
        payments=[line(payment) for payment in money.payments],
        refunds=[(one, reason_words(one.reason)) for one in money.refunds],
        timeline=await tell(screen, found, events, money, messages),
        workflow_href=f"{screen.frame.console}/namespaces/{_namespace(screen)}/workflows/{process_of(found.id)}",
    )


def _actions(found: AppointmentDetail, events: list[TimelineEvent], screen: Screen) -> list[Action]:
    """Offer what the state allows; what undoes stands first, what comes next stands last."""
    at, now = f"/appointments/{found.id}", screen.frame.now
    cancel = Action(gettext("Cancel"), f"{at}/cancel", "cross", "quiet", dialog=True)
    left = Action(gettext("Left"), f"{at}/departure", "door", "quiet")
    if found.status == Status.BOOKED:
        missed = Action(gettext("No-show"), f"{at}/no-show", "person-off", "quiet")
        begun = [missed] if found.start < now else []
        back = Action(gettext("Move back"), f"{at}/rescheduling?undo=true", "undo", "quiet")
        moved = [back] if _just_moved(events, now) else []
        move = Action(gettext("Move"), f"{at}/move", "calendar", dialog=True)
        arrived = Action(gettext("Arrived"), f"{at}/arrival", "door", "primary", key="c")
        expected = [arrived] if door_opens(found.start, found.zone) <= now else []
        return [*moved, cancel, *begun, move, *expected]
    if found.status == Status.ARRIVED:
        back = Action(gettext("Not here after all"), f"{at}/arrival?undo=true", "undo", "quiet")
        return [back, cancel, left, Action(gettext("Check in"), f"{at}/check-in", "clipboard", "primary", key="c")]
    if found.status == Status.CHECKED_IN:
        done = Action(gettext("Complete visit"), f"{at}/completion", "check", key="v")
        if found.with_consultant_since:
            back = Action(gettext("Waiting again"), f"{at}/consultation?undo=true", "undo", "quiet")
            return [back, done._replace(look="primary", key="c")]
        back = Action(gettext("Undo check-in"), f"{at}/check-in?undo=true", "undo", "quiet")
        seen = Action(gettext("With consultant"), f"{at}/consultation", "consultants", "primary", key="c")
        return [back, left, done, seen]
    return _undoing(found, at, screen)


def _undoing(found: AppointmentDetail, at: str, screen: Screen) -> list[Action]:
    """Offer what takes the end back, as long as that is possible."""
    now, zone = screen.frame.now, ZoneInfo(found.zone)
    today = found.status_since.astimezone(zone).date() == now.astimezone(zone).date()
    if found.status == Status.CANCELLED and found.undo_until and found.undo_until > now:
        return [Action(gettext("Undo cancellation"), f"{at}/cancellation?undo=true", "undo")]
    if not today:
        return []
    if found.status == Status.CANCELLED and found.cancellation_reason == LEFT:
        return [Action(gettext("Still here"), f"{at}/departure?undo=true", "undo")]
    if found.status == Status.FULFILLED:
        return [Action(gettext("Not finished yet"), f"{at}/completion?undo=true", "undo", "quiet")]
    if found.status == Status.NO_SHOW:
        waive = Action(gettext("Waive the fee"), f"{at}/waiver", "cash", "quiet", dialog=True)
        came = Action(gettext("Came after all"), f"{at}/no-show?undo=true", "undo")
        return [waive, came] if screen.actor.may("payments:write") else [came]
    return []


def _just_moved(events: list[TimelineEvent], now: datetime) -> bool:
    last = next((one for one in reversed(events) if one.action in _MOVES), None)
    return last is not None and last.action == _MOVES[0] and last.at + UNDO_WINDOW > now


def _problem(found: AppointmentDetail) -> dict[str, str] | None:
    if found.needs_attention is None:
        return None
    return {
        "title": gettext("This appointment waits for a person"),
        "detail": gettext("One step could not be finished by itself."),
    }


def _due(money: AppointmentMoney) -> UUID | None:
    return next((one.id for one in money.invoices if one.due and one.status == InvoiceStatus.issued), None)


async def _money(screen: Screen, appointment_id: UUID) -> AppointmentMoney:
    if not screen.actor.may("payments:read"):
        return _NOTHING
    return await screen.gateway.payments.for_appointment(screen.actor, appointment_id)


async def _messages(screen: Screen, appointment_id: UUID) -> list[Message]:
    if not screen.actor.may("messages:read"):
        return []
    page = await screen.gateway.messages.list(screen.actor, MessageFilter(appointment_id=appointment_id))
    return page.items


def _namespace(screen: Screen) -> str:
    found: str = screen.request.app.state.settings.temporal.namespace
    return found
