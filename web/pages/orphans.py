"""Orphans as people read them: what is wrong, what either side says, and what can be done."""

from typing import NamedTuple

from services.payments.schemas import Comparison, Orphan, OrphanKind, Remedy
from web.formats import money
from web.words import gettext


class Words(NamedTuple):
    """A kind of orphan: its name, what it means, and what the two amounts are called."""

    title: str
    meaning: str
    here: str = "In our books"
    there: str = "At the gateway"


_PARTS = ("Here", "Sum of the parts")
_WORDS = {
    OrphanKind.charge_without_payment: Words(
        "A charge without a payment", "The gateway took money that no payment here tells of."
    ),
    OrphanKind.authorisation_alone: Words(
        "Money reserved for nothing", "A card's money is reserved, and nobody waits for it any more."
    ),
    OrphanKind.payment_without_charge: Words(
        "A payment without a charge", "The gateway's list has no charge for this payment."
    ),
    OrphanKind.amounts_differ: Words("Amounts differ", "The gateway's list and our books say different amounts."),
    OrphanKind.status_differs: Words(
        "The gateway is ahead", "The gateway did something of which no event has come."
    ),
    OrphanKind.refund_unknown: Words(
        "A refund that nobody asked for", "The gateway returned money, and no refund here tells of it."
    ),
    OrphanKind.refund_missing: Words(
        "A refund that did not arrive", "It is returned here, and the gateway's list does not have it."
    ),
    OrphanKind.refund_stuck: Words(
        "A refund without an answer", "The gateway was asked to return money and has not said yes."
    ),
    OrphanKind.refund_failed: Words(
        "A refund that failed", "The gateway could not return it, or took it back later; the patient waits for it.",
        "To be returned",
    ),
    OrphanKind.kept_without_visit: Words(
        "Money kept without a visit", "The booking came to nothing and its money is still here.", "Kept", "Allowed"
    ),
    OrphanKind.kept_beyond_fee: Words(
        "More kept than the fee", "The visit did not take place, and more is kept than its policy allows.",
        "Kept", "Allowed",
    ),
    OrphanKind.invoice_without_visit: Words(
        "An invoice without a visit", "The visit will not take place, and its invoice is still to be paid.",
        "To be paid", "Owed",
    ),
    OrphanKind.visit_without_invoice: Words(
        "A visit without an invoice", "The visit costs something, and no invoice was ever issued for it.",
        "Invoiced", "Price",
    ),
    OrphanKind.claim_sums: Words(
        "A claim that differs from its invoice", "It asks a payer for another amount than the invoice says.",
        "The claim", "The invoice",
    ),
    OrphanKind.drawer_sums: Words(
        "A cash drawer that does not add up", "What was expected in it is not what was taken and returned.", *_PARTS
    ),
    OrphanKind.invoice_sums: Words(
        "An invoice that does not add up", "Its sums are not those of its lines and payments.", *_PARTS
    ),
    OrphanKind.payment_sums: Words(
        "A payment that does not add up", "Its sums are not those of its refunds.", *_PARTS
    ),
    OrphanKind.not_booked: Words(
        "Not in the ledger as it happened", "The ledger has no entry for this, or one of another amount.",
        "It happened", "It is booked",
    ),
    OrphanKind.booked_without_event: Words(
        "An entry about nothing", "The ledger tells of something that did not happen."
    ),
}  # fmt: skip
_COMPARED: dict[Comparison, tuple[str, str]] = {
    "charges": ("The gateway's charges", "against our payments"),
    "refunds": ("The gateway's refunds", "against our refunds"),
    "payments": ("Our payments by card", "against the gateway's charges"),
    "invoices": ("Invoices", "against their lines, payments and the ledger"),
    "sums": ("Payments and refunds", "against each other and the ledger"),
    "entries": ("Entries of the ledger", "against what happened"),
    "claims": ("Claims", "against the payers' shares of invoices"),
    "drawers": ("Cash drawers", "against what moved their cash"),
    "appointments": ("Money held for visits, and owed", "against how the visits ended"),
    "visits": ("Visits that cost something", "against their invoices"),
}


class Offer(NamedTuple):
    """What can be done about an orphan: as a button says it, and what comes of it."""

    code: str
    words: str
    meaning: str
    icon: str


_REMEDIES = {
    Remedy.mend: ("Mend it", "Does what the check does by itself where the organisation's policy lets it.", "retry"),
    Remedy.adopt: ("Take it into the books", "The gateway's refund becomes one of ours, with its entry.", "check"),
    Remedy.resend: ("Send it again", "The gateway is asked to return the money once more; never twice.", "refund"),
    Remedy.mark_failed: (
        "Mark it as failed", "The money counts as here again, and the patient's wait comes under Attention.", "flag"
    ),
    Remedy.take_gateway: (
        "Take the gateway's amounts",
        "Correcting entries let the books say what the gateway took and returned.", "check"
    ),
    Remedy.issue: ("Issue the invoice", "On the terms that were told when the visit was booked.", "billing"),
    Remedy.look_again: (
        "Look again", "The gateway is asked once more; if it knows nothing, the payment has failed.", "search"
    ),
}  # fmt: skip


def offer(remedy: Remedy) -> Offer:
    """Say what a remedy does."""
    words, meaning, icon = _REMEDIES[remedy]
    return Offer(remedy.value, gettext(words), gettext(meaning), icon)


ORDER = tuple(_COMPARED)
"""The comparisons, as a page lists them."""


class Told(NamedTuple):
    """An orphan for a list."""

    orphan: Orphan
    title: str
    meaning: str
    amounts: str
    offers: list[Offer]


def told(orphan: Orphan) -> Told:
    """Say what is wrong, and what either side says."""
    words = _WORDS[orphan.kind]
    sides = [(words.here, orphan.here), (words.there, orphan.there)]
    amounts = [f"{gettext(name)} {money(amount)}" for name, amount in sides if amount is not None]
    offers = [offer(one) for one in orphan.remedies]
    return Told(orphan, gettext(words.title), gettext(words.meaning), " · ".join(amounts), offers)


def kind_words(kind: OrphanKind) -> tuple[str, str]:
    """Name a kind of orphan, and say what it means."""
    words = _WORDS[kind]
    return gettext(words.title), gettext(words.meaning)


def compared_words(name: Comparison) -> tuple[str, str]:
    """Say what was compared with what."""
    what, against = _COMPARED[name]
    return gettext(what), gettext(against)
