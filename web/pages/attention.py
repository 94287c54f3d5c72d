"""Attention: everything that waits for a person, each with what can be done."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.appointments.schemas import STILL_HERE
from services.notifications.schemas import Message
from services.payments.schemas import Dunning, Orphan
from web.formats import money, when
from web.gateway.unresolved import Unresolved
from web.pages import naming
from web.pages.clock_changes import Zone, zones
from web.pages.messages_words import failure_words, template_words
from web.pages.naming import Person, Visit
from web.pages.orphans import told
from web.pages.screen import Screen, needs
from web.pages.settings.gaps import Told, in_words
from web.pages.waiting import clock_changes, orphaned, stuck, unknown_holidays, unpaid, unresolved, unsent
from web.words import gettext, ngettext

router = APIRouter(prefix="/attention", include_in_schema=False)


class Action(NamedTuple):
    """A verb, with what it sends along."""

    words: str
    href: str
    icon: str
    look: str
    sent: dict[str, str]


@dataclass(frozen=True)
class Case:
    """One thing that waits."""

    icon: str
    href: str
    title: str
    detail: str
    patient_name: str
    since: datetime | None
    actions: list[Action]


@router.get("")
async def listed(screen: Annotated[Screen, needs("appointments:read")]) -> Response:
    """List what waits, the oldest first."""
    return screen.page("attention/list.html", items=await cases(screen), form=screen.form("case"))


@router.post("/payments/{payment_id}/asking")
async def ask_again(payment_id: UUID, screen: Annotated[Screen, needs("payments:refund")]) -> Response:
    """Have the gateway asked again about a payment of which it is not known how it ended."""
    await screen.submitted("case")
    await screen.gateway.unresolved.ask_again(screen.actor, payment_id)
    screen.known.forget(screen.actor)
    return screen.done(gettext("The gateway is asked again"), "/attention", tone="blue")


async def cases(screen: Screen) -> list[Case]:
    """Find everything that waits."""
    (appointments, messages, orphans, gaps, invoices, changes), payments = await asyncio.gather(
        asyncio.gather(
            stuck(screen.gateway, screen.actor),
            unsent(screen.gateway, screen.actor),
            orphaned(screen.gateway, screen.actor),
            unknown_holidays(screen.gateway, screen.actor),
            unpaid(screen.gateway, screen.actor),
            clock_changes(screen.gateway, screen.known, screen.actor),
        ),
        unresolved(screen.gateway, screen.actor),
    )
    concerned = [one.patient_id for one in messages] + [one.patient_id for one in invoices]
    concerned += [one.payment.patient_id for one in payments if one.payment and one.payment.patient_id]
    visits, people = await asyncio.gather(
        naming.visits(screen, appointments),
        naming.patients(screen, concerned),
    )
    found = [_stuck(visit, one.needs_attention or "", screen) for visit, one in zip(visits, appointments, strict=True)]
    found += [_unsent(one, people[one.patient_id], screen) for one in messages]
    found += [_orphan(one) for one in orphans]
    found += [_unresolved(one, people, screen) for one in payments]
    found += [_unpaid(one, people[one.patient_id], screen) for one in invoices]
    found += [_unknown(one) for one in in_words(screen, gaps)]
    found += [_changed(one, screen) for one in zones(changes)]
    return sorted(found, key=lambda case: case.since or screen.frame.now)


def _changed(zone: Zone, screen: Screen) -> Case:
    words = ngettext(
        "%(num)s appointment would show another time than was agreed on.",
        "%(num)s appointments would show another time than was agreed on.",
        zone.appointments,
    )
    sent = {"zone": zone.zone}
    actions = [
        Action(gettext("Leave all"), "/clock-changes/agreements", "check", "quiet", sent),
        Action(gettext("Keep what was agreed"), "/clock-changes/moves", "clock", "", sent),
    ]
    return Case(
        icon="clock",
        href="/clock-changes",
        title=gettext("New rules for the clock in %(zone)s") % {"zone": zone.name},
        detail=words % {"num": zone.appointments},
        patient_name="",
        since=None,
        actions=actions if screen.actor.may("appointments:write") else [],
    )


def _unknown(gap: Told) -> Case:
    return Case(
        icon="calendar",
        href=gap.href,
        title=gap.sentence,
        detail=gettext("Until then visits can be booked on days on which everybody stays at home."),
        patient_name="",
        since=None,
        actions=[],
    )


def _stuck(visit: Visit, step: str, screen: Screen) -> Case:
    at = f"/appointments/{visit.id}"
    actions = [
        Action(gettext("Leave it"), f"{at}/resolution", "check", "quiet", {"action": "skip"}),
        Action(gettext("Try again"), f"{at}/resolution", "retry", "", {"action": "retry"}),
    ]
    if step == STILL_HERE:
        actions = [
            Action(gettext("Left"), f"{at}/departure", "door", "quiet", {}),
            Action(gettext("Complete visit"), f"{at}/completion", "check", "", {}),
        ]
    said = {
        STILL_HERE: gettext("The day is over and nobody noted whether the patient was seen or left."),
        "release_time": gettext("The time could not be given back."),
        "release_payment": gettext("The money of a booking that failed could not be returned."),
    }
    title = gettext("%(visit)s, %(when)s") % {"visit": visit.visit_type.name, "when": when(visit.start, visit.zone)}
    return Case(
        icon="workflow",
        href=at,
        title=title,
        detail=said.get(step, gettext("One step could not be finished by itself.")),
        patient_name=visit.patient.name,
        since=visit.status_since,
        actions=actions if screen.actor.may("appointments:write") else [],
    )


def _orphan(orphan: Orphan) -> Case:
    words = told(orphan)
    return Case(
        icon="billing",
        href="/billing/money-check",
        title=words.title,
        detail=f"{words.meaning} {words.amounts}",
        patient_name="",
        since=orphan.found_at,
        actions=[],
    )


def _unresolved(one: Unresolved, people: Mapping[UUID, Person], screen: Screen) -> Case:
    payment = one.payment
    invoice_id = payment.invoice_id if payment else None
    whose = people.get(payment.patient_id) if payment and payment.patient_id else None
    again = Action(gettext("Ask again"), f"/attention/payments/{one.payment_id}/asking", "retry", "", {})
    words = gettext(
        "The gateway could not be brought to let the money go. It is asked again by itself, ever more rarely."
    )
    return Case(
        icon="card",
        href=f"/billing/invoices/{invoice_id}" if invoice_id else "/billing/money-check",
        title=gettext("It is not known whether a card was charged"),
        detail=f"{words} {money(payment.amount)}" if payment and payment.amount.amount else words,
        patient_name=whose.name if whose else "",
        since=one.since,
        actions=[again] if screen.actor.may("payments:refund") else [],
    )


def _unsent(message: Message, patient: Person, screen: Screen) -> Case:
    again = Action(gettext("Send again"), f"/messages/{message.id}/resending", "retry", "", {})
    words = template_words(message.template, message.offset_hours)
    return Case(
        icon="mail" if message.channel == "email" else "sms",
        href=f"/messages/{message.id}",
        title=gettext("Did not arrive: %(message)s") % {"message": words},
        detail=failure_words(message.failure or ""),
        patient_name=patient.name,
        since=message.created_at,
        actions=[again] if screen.actor.may("messages:write") else [],
    )


def _unpaid(recalled: Dunning, patient: Person, screen: Screen) -> Case:
    at = f"/billing/invoices/{recalled.invoice_id}"
    again = Action(gettext("Remind again"), f"{at}/reminders", "mail", "", {"back": "/attention"})
    leave = Action(gettext("Leave it"), f"{at}/recall-dismissal", "check", "quiet", {})
    said = {"number": recalled.invoice_number, "amount": money(recalled.due)}
    return Case(
        icon="billing",
        href=at,
        title=gettext("Not paid after the last reminder: %(number)s, %(amount)s") % said,
        detail=gettext("Call the patient, take the payment, or let it go on the invoice."),
        patient_name=patient.name,
        since=recalled.exhausted_at or screen.frame.now,
        actions=[leave, again] if screen.actor.may("payments:write") else [],
    )
