"""What a visit costs and brings, in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from careconnect.money import Money
from services.consultants.schemas import CancellationPolicy, PaymentPolicy, Tax
from services.consultants.schemas import Offer as Terms
from web.formats import money
from web.pages.appointments.picker import Start
from web.pages.cards import cards_of
from web.pages.screen import Screen
from web.words import gettext, ngettext


class Way(NamedTuple):
    """One way to pay, as a card to choose."""

    value: str
    icon: str
    title: str
    note: str


@dataclass(frozen=True)
class Offer:
    """What `appointments/_offer.html` shows."""

    start: datetime
    zone: str
    minutes: int
    consultant_name: str
    location_name: str
    price: Money
    payment_words: str
    cancellation_words: str
    ways: list[Way]
    cards: list[tuple[str, str]]
    reminders: list[datetime]
    default_way: str


async def terms(screen: Screen, visit_type_id: UUID, chosen: Start, patient_id: UUID | None = None) -> Offer:
    """Ask for the terms of the chosen time, and of this patient where one is chosen already.

    Raises:
        Refusal: it cannot be booked, and why.
    """
    found = await screen.gateway.offer(
        screen.actor, patient_id, visit_type_id, chosen.consultant_id, chosen.location_id, chosen.start
    )
    places = {place.id: place.name for place in await screen.known.locations(screen.actor)}
    now = taken_now(found.price, found.payment_policy)
    cards = await cards_of(screen) if found.price else []
    return Offer(
        start=found.start,
        zone=found.zone,
        minutes=int((found.end - found.start) / timedelta(minutes=1)),
        consultant_name=found.consultant_name,
        location_name=places.get(found.location_id, ""),
        price=found.price,
        payment_words=_price_words(found),
        cancellation_words=cancellation_words(found.price, found.cancellation_policy),
        ways=_ways(found, now or found.price, by_card=bool(cards)),
        cards=cards,
        reminders=reminders(found.start, found.reminder_offsets_hours, screen.frame.now),
        default_way="card" if now and cards else "at_desk",
    )


def with_default(values: Mapping[str, str], offer: Offer) -> dict[str, str]:
    """Choose what the policy wants and tell the patient, unless the person has chosen otherwise before."""
    offered = {way.value for way in offer.ways}
    pay = values["pay"] if values.get("pay") in offered else offer.default_way
    return {**values, "pay": pay, "notify": values.get("notify", "") if values.get("offered") else "true"}


def taken_now(price: Money, policy: PaymentPolicy) -> Money | None:
    """Tell what the policy wants at booking."""
    if not price or policy.kind == "none" or policy.when == "desk":
        return None
    return policy.deposit if policy.kind == "deposit" else price


def _price_words(found: Terms) -> str:
    if found.free_because:
        return gettext("A free follow-up of a visit that was paid.")
    words = payment_words(found.price, found.payment_policy)
    return f"{words} {tax_words(found.tax)}" if found.tax else words


def tax_words(tax: Tax) -> str:
    """Say which tax the price has in it."""
    rate = f"{tax.rate / 100:g}"
    return gettext("With %(rate)s%% %(tax)s.") % {"rate": rate, "tax": tax.name}


def payment_words(price: Money, policy: PaymentPolicy) -> str:
    """Say when it is paid."""
    if not price:
        return gettext("Free of charge.")
    if policy.kind == "none" or policy.when == "desk":
        return gettext("Paid at the desk.")
    if policy.kind == "default":
        return gettext("Paid as the organisation's own policy says.")
    if policy.hours_before is not None:
        return ngettext(
            "The card is kept, and charged %(hours)d hour before.",
            "The card is kept, and charged %(hours)d hours before.",
            policy.hours_before,
        ) % {"hours": policy.hours_before}
    if policy.kind == "deposit":
        return gettext("A deposit of %(amount)s is taken when booked.") % {"amount": money(policy.deposit)}
    return gettext("Paid in full when booked.")


def cancellation_words(price: Money, policy: CancellationPolicy) -> str:
    """Say what a cancellation costs."""
    if not price or not policy.fee_percent:
        return gettext("Free to cancel.")
    sentence = ngettext(
        "Free to cancel until %(hours)d hour before, then %(percent)d%%.",
        "Free to cancel until %(hours)d hours before, then %(percent)d%%.",
        policy.free_until_hours,
    )
    return sentence % {"hours": policy.free_until_hours, "percent": policy.fee_percent}


def reminders(start: datetime, offsets_hours: list[int], now: datetime) -> list[datetime]:
    """List when reminders will go out."""
    moments = (start - timedelta(hours=hours) for hours in offsets_hours)
    return sorted(moment for moment in moments if moment > now)


def _ways(found: Terms, amount: Money, *, by_card: bool) -> list[Way]:
    if not found.price:
        return []
    if not by_card:  # the gateway takes cards at its own page, to which the invoice's payment link leads
        return [Way("at_desk", "external", gettext("By link, or at the desk"), gettext("With the invoice"))]
    now = gettext("%(amount)s now") % {"amount": money(amount)}
    return [
        Way("card", "card", gettext("Card"), now),
        Way("at_desk", "cash", gettext("At the desk"), gettext("With the invoice")),
    ]
