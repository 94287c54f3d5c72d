"""What happened to an appointment, and what will: one line of time from three services, the latest first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from careconnect.auth import Actor
from services.appointments.schemas import Appointment, AppointmentDetail, Status, TimelineEvent, WrittenRemark
from services.notifications.schemas import Message
from services.payments.schemas import AppointmentMoney, Payment, Refund
from services.payments.states import DECLINES, PaymentStatus
from web.formats import money as money_words
from web.formats import offset, when
from web.gateway.reminding import channels_of
from web.looks import look, state_label
from web.pages.messages_words import failure_words, template_words
from web.pages.paying import reason_words
from web.pages.screen import Screen
from web.words import gettext


@dataclass(frozen=True)
class Item:
    """One line."""

    at: datetime
    icon: str
    tone: str
    title: str
    who: str = ""
    detail: str = ""
    lines: list[str] = field(default_factory=list)
    planned: bool = False
    href: str = ""


async def tell(
    screen: Screen,
    appointment: AppointmentDetail,
    events: list[TimelineEvent],
    money: AppointmentMoney,
    messages: list[Message],
) -> list[Item]:
    """Tell it all."""
    staff = {event.actor_id for event in events if event.actor_kind == "staff"}
    named = await screen.gateway.identity.staff_names(screen.actor, staff) if staff else []
    people = {one.id: one.name for one in named}
    past = [item for event in events if (item := _event(event, appointment.zone, people))]
    past += [_note(one) for one in appointment.remarks if one.kind == "cancellation"]
    past += [item for payment in money.payments for item in _payment(payment)]
    past += [_refund(one) for one in money.refunds]
    past += [_message(one) for one in messages]
    planned = await _planned(screen, appointment)
    return _latest_first(planned) + _latest_first(past)


def _latest_first(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: item.at, reverse=True)


def _event(event: TimelineEvent, zone: str, people: dict[UUID, str]) -> Item | None:
    said = {
        "appointment.held": ("hourglass", "slate", gettext("Time held")),
        "appointment.booked": ("calendar", "blue", gettext("Booked")),
        "appointment.released": ("undo", "grey", gettext("Time given back")),
        "appointment.expired": ("clock", "grey", gettext("Hold expired")),
        "appointment.rescheduled": ("calendar", "blue", gettext("Moved")),
        "appointment.cancelled": ("cross", "grey", gettext("Cancelled")),
        "appointment.arrived": ("door", "amber", gettext("Arrived")),
        "appointment.arrival_undone": ("undo", "slate", gettext("Arrival undone")),
        "appointment.checked_in": ("clipboard", "violet", gettext("Checked in")),
        "appointment.check_in_undone": ("undo", "slate", gettext("Check-in undone")),
        "appointment.move_undone": ("undo", "slate", gettext("Moved back")),
        "appointment.cancellation_undone": ("undo", "blue", gettext("Cancellation undone")),
        "appointment.with_consultant": ("consultants", "violet", gettext("With the consultant")),
        "appointment.consultation_undone": ("undo", "slate", gettext("Waiting again")),
        "appointment.completion_undone": ("undo", "slate", gettext("Completion undone")),
        "appointment.left": ("door", "grey", gettext("Left without being seen")),
        "appointment.departure_undone": ("undo", "slate", gettext("Still here after all")),
        "appointment.fulfilled": ("check", "green", gettext("Visit completed")),
        "appointment.no_show": ("person-off", "red", gettext("Did not come")),
        "appointment.no_show_undone": ("undo", "slate", gettext("Came after all")),
        "appointment.needs_attention": ("flag", "orange", gettext("Needs attention")),
        "appointment.attended": ("check", "green", gettext("Attended to")),
    }.get(event.action)
    if said is None:
        return None
    icon, tone, title = said
    detail = ""
    if event.action in {"appointment.rescheduled", "appointment.move_undone"} and "start" in event.data:
        detail = gettext("to %(when)s") % {"when": when(datetime.fromisoformat(event.data["start"]), zone)}
    if event.action == "appointment.cancelled" and event.reason:
        detail = state_label(event.reason, "cancel_reason")
        if event.data.get("waived"):
            detail = gettext("%(reason)s; the fee was waived") % {"reason": detail}
    return Item(event.at, icon, tone, title, who=_who(event, people), detail=detail)


def _note(said: WrittenRemark) -> Item:
    return Item(said.at, "edit", "grey", gettext("Noted when cancelling"), lines=[said.text])


def _who(event: TimelineEvent, people: dict[UUID, str]) -> str:
    if event.actor_kind == "staff":
        return people.get(event.actor_id, gettext("Somebody who left"))
    if event.actor_kind == "client":
        return gettext("Another system")
    return gettext("Patient") if event.actor_kind == "patient" else gettext("By itself")


def _payment(payment: Payment) -> list[Item]:
    way = look(payment.method, "method")
    amount = money_words(payment.amount)
    if payment.status in {PaymentStatus.declined, PaymentStatus.failed}:
        why = gettext(DECLINES.get(payment.decline_code or "", "The payment failed."))
        return [Item(payment.created_at, way.icon, "red", gettext("Payment failed"), way.word, amount, [why])]
    items = []
    if payment.captured_at:
        paid = money_words(payment.captured)
        items.append(Item(payment.captured_at, way.icon, "green", gettext("Paid"), way.word, paid))
    if payment.method.through_gateway or not items:
        words = gettext("Authorised") if payment.method.through_gateway else gettext("Payment noted")
        items.append(Item(payment.created_at, way.icon, "slate", words, way.word, amount))
    if payment.status == PaymentStatus.voided:
        items[-1] = Item(payment.created_at, "undo", "grey", gettext("Authorised and let go"), way.word, amount)
    return items


def _refund(refund: Refund) -> Item:
    words, amount = gettext("Refund"), money_words(refund.amount)
    return Item(refund.created_at, "refund", "violet", words, detail=amount, lines=[reason_words(refund.reason)])


def _message(message: Message) -> Item:
    state, channel = look(message.status, "message"), look(message.channel, "channel")
    lines = [failure_words(message.failure)] if message.failure else []
    return Item(
        message.sent_at or message.created_at,
        channel.icon,
        state.tone,
        template_words(message.template, message.offset_hours),
        who=channel.word,
        detail=state.word,
        lines=lines,
        href=f"/messages/{message.id}",
    )


async def _planned(screen: Screen, appointment: Appointment) -> list[Item]:
    """Tell what the process will do by itself, from the terms of the visit."""
    kind = (await screen.known.visit_types(screen.actor)).get(appointment.visit_type_id)
    if appointment.undo_until and appointment.undo_until > screen.frame.now:
        title = gettext("Money and message follow")
        return [Item(appointment.undo_until, "clock", "slate", title, planned=True)]
    if kind is None or appointment.status not in {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN}:
        return []
    items = []
    if appointment.status == Status.BOOKED and await _is_reminded(screen, appointment):
        for hours in kind.reminder_offsets_hours:
            at = appointment.start - timedelta(hours=hours)
            if at > screen.frame.now:
                items.append(Item(at, "bell", "slate", gettext("Reminder"), detail=offset(hours), planned=True))
    awaited = appointment.start if appointment.status == Status.BOOKED else appointment.end
    at = awaited + timedelta(minutes=kind.cancellation_policy.grace_minutes)
    title = gettext("No-show check") if appointment.status == Status.BOOKED else gettext("Completed by itself")
    items.append(Item(at, "clock", "slate", title, planned=True))
    return items


async def _is_reminded(screen: Screen, appointment: Appointment) -> bool:
    """Tell whether a reminder would go anywhere: the patient has an address, and wants messages there."""
    reader = Actor.system("patients:read", tenant_id=screen.actor.tenant_id)
    contact = await screen.gateway.patients.contact(reader, appointment.patient_id)
    return bool(await channels_of(screen.gateway.messages, screen.actor.tenant_id, contact))
