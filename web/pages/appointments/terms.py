"""What a visit costs and brings, in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from careconnect.money import Money
from services.consultants.schemas import Offer as Terms
from services.consultants.schemas import PaymentPolicy, Tax
from web.formats import local_date, local_time, money
from web.pages.appointments.picker import Start
from web.pages.cards import cards_of
from web.pages.coverages import share_words
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
    covers: list[tuple[str, str]]
    coverage_id: str
    share_words: str
    overbooked: bool
    outside_hours: bool
    by_video: bool


async def terms(
    screen: Screen,
    visit_type_id: UUID,
    chosen: Start,
    patient_id: UUID | None = None,
    wanted: str | None = None,
    *,
    overbook: bool = False,
) -> Offer:
    """Ask for the terms of the chosen time, and of this patient where one is chosen already.

    `wanted` is the coverage that was chosen, or nothing for none; without a choice the patient's own that holds then.
    With `overbook` nobody asks whether the consultant works then.

    Raises:
        Refusal: it cannot be booked, and why.
    """
    covers = await _covers(screen, patient_id, chosen)
    offered = {value for value, _ in covers}
    cover = wanted if wanted in offered else next((value for value, _ in covers if value and wanted is None), "")
    found = await screen.gateway.offer(
        screen.actor,
        patient_id,
        visit_type_id,
        chosen.consultant_id,
        chosen.location_id,
        chosen.start,
        UUID(cover) if cover else None,
        override_hours=overbook,
    )
    places = {place.id: place.name for place in await screen.known.locations(screen.actor)}
    now = taken_now(found.patient_share, found.payment_policy)
    cards = await cards_of(screen) if found.patient_share else []
    ways = _ways(found, now, by_card=bool(cards))
    return Offer(
        start=found.start,
        zone=found.zone,
        minutes=int((found.end - found.start) / timedelta(minutes=1)),
        consultant_name=found.consultant_name,
        location_name=places.get(found.location_id, ""),
        price=found.price,
        payment_words=_price_words(found),
        cancellation_words=cancellation_words(found, screen.frame.now),
        ways=ways,
        cards=cards,
        reminders=reminders(found.start, found.reminder_offsets_hours, screen.frame.now),
        default_way=ways[0].value if now and ways else "at_desk",
        covers=covers,
        coverage_id=cover,
        share_words=_share_words(found),
        overbooked=overbook,
        outside_hours=not found.within_hours,
        by_video=found.mode == "telehealth",
    )


async def _covers(screen: Screen, patient_id: UUID | None, chosen: Start) -> list[tuple[str, str]]:
    """List by which coverages of the patient the visit can be covered, and that it need not be."""
    if patient_id is None or not screen.actor.may("payments:read"):
        return []
    found = await screen.gateway.insurance.coverages(screen.actor, patient_id)
    holding = [one for one in found if one.holds(chosen.start.date())]
    if not holding:
        return []
    return [("", gettext("None: the patient pays all"))] + [
        (str(one.id), f"{one.payer_name}, {share_words(one)}") for one in holding
    ]


def _share_words(found: Terms) -> str:
    """Say who pays what."""
    if found.covered is None:
        return ""
    said = {"share": money(found.patient_share), "payer": found.payer_name, "rest": money(found.covered)}
    return gettext("The patient pays %(share)s, %(payer)s %(rest)s.") % said


def with_default(values: Mapping[str, str], offer: Offer) -> dict[str, str]:
    """Choose what the policy wants and tell the patient, unless the person has chosen otherwise before."""
    offered = {way.value for way in offer.ways}
    pay = values["pay"] if values.get("pay") in offered else offer.default_way
    return {
        **values,
        "pay": pay,
        "coverage_id": offer.coverage_id,
        "notify": values.get("notify", "") if values.get("offered") else "true",
    }


def taken_now(price: Money, policy: PaymentPolicy) -> Money | None:
    """Tell what the policy wants at booking."""
    if not price or policy.kind == "none" or policy.when == "desk":
        return None
    if policy.kind == "deposit" and policy.deposit and policy.deposit.amount < price.amount:
        return policy.deposit
    return price


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


def cancellation_words(found: Terms, now: datetime) -> str:
    """Say what a cancellation costs, and until when it costs nothing."""
    policy = found.cancellation_policy
    fee = policy.cancellation_fee(found.price)
    if not fee:
        return gettext("Free to cancel.")
    until = found.start - timedelta(hours=policy.free_until_hours)
    if until <= now:
        return gettext("To cancel costs %(fee)s.") % {"fee": money(fee)}
    moment = f"{local_date(until, found.zone)}, {local_time(until, found.zone)}"
    said = {"moment": moment, "fee": money(fee)}
    return gettext("Free to cancel until %(moment)s, then %(fee)s.") % said


def reminders(start: datetime, offsets_hours: list[int], now: datetime) -> list[datetime]:
    """List when reminders will go out."""
    moments = (start - timedelta(hours=hours) for hours in offsets_hours)
    return sorted(moment for moment in moments if moment > now)


def _ways(found: Terms, now: Money | None, *, by_card: bool) -> list[Way]:
    """List the ways to pay, the usual one first; a gateway that takes cards at its own page only gets no card here."""
    if not found.patient_share:
        return []
    amount = money(now or found.patient_share)
    link = Way(
        "link", "external", gettext("By link"), gettext("%(amount)s while the time is held") % {"amount": amount}
    )
    desk = Way("at_desk", "cash", gettext("At the desk"), gettext("With the invoice"))
    if by_card:
        return [
            Way("card", "card", gettext("Card"), gettext("%(amount)s now") % {"amount": amount}),
            desk,
            *([link] if now else []),
        ]
    if now:
        return [link, desk]
    return [desk._replace(icon="external", title=gettext("By link, or at the desk"))]
