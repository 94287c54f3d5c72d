"""How each state looks: one tone, one icon and one word, the same on every screen."""

from typing import NamedTuple

from web.words import gettext


class Look(NamedTuple):
    """A tone of tokens.css, a symbol of icons.svg, and the word in English (translated when shown)."""

    tone: str
    icon: str
    word: str


LOOKS: dict[str, dict[str, Look]] = {
    "appointment": {
        "held": Look("slate", "hourglass", "Held"),
        "booked": Look("blue", "calendar", "Booked"),
        "arrived": Look("amber", "door", "Arrived"),
        "checked_in": Look("violet", "clipboard", "Checked in"),
        "fulfilled": Look("green", "check", "Fulfilled"),
        "cancelled": Look("grey", "cross", "Cancelled"),
        "no_show": Look("red", "person-off", "No-show"),
        "expired": Look("grey", "clock", "Expired"),
        "entered_in_error": Look("grey", "cross", "Entered in error"),
        "waitlisted": Look("slate", "queue", "Waitlisted"),
    },
    "payment": {
        "pending": Look("amber", "clock", "Pending"),
        "authorised": Look("amber", "clock", "Pending"),
        "captured": Look("green", "check", "Paid"),
        "declined": Look("red", "cross", "Failed"),
        "failed": Look("red", "cross", "Failed"),
        "voided": Look("grey", "undo", "Voided"),
        "refunded": Look("violet", "refund", "Refunded"),
    },
    "gateway": {
        "closed": Look("green", "check", "Working"),
        "half_open": Look("amber", "clock", "Being tried again"),
        "open": Look("red", "warning", "Not answering"),
    },
    "refund": {
        "pending": Look("amber", "clock", "Pending"),
        "succeeded": Look("violet", "refund", "Refunded"),
        "failed": Look("red", "cross", "Failed"),
    },
    "invoice": {
        "draft": Look("slate", "edit", "Draft"),
        "issued": Look("blue", "billing", "Issued"),
        "balanced": Look("green", "check", "Paid"),
        "cancelled": Look("grey", "cross", "Cancelled"),
        "entered_in_error": Look("grey", "cross", "Entered in error"),
    },
    "claim": {
        "draft": Look("slate", "edit", "Draft"),
        "submitted": Look("blue", "mail", "Submitted"),
        "accepted": Look("amber", "clock", "Accepted"),
        "rejected": Look("red", "cross", "Rejected"),
        "paid": Look("green", "check", "Paid"),
        "cancelled": Look("grey", "cross", "Cancelled"),
    },
    "payer": {
        "active": Look("green", "check", "Active"),
        "retired": Look("grey", "archive", "Retired"),
    },
    "message": {
        "scheduled": Look("slate", "clock", "Scheduled"),
        "queued": Look("slate", "hourglass", "Sending"),
        "sent": Look("green", "check", "Sent"),
        "failed": Look("red", "cross", "Failed"),
        "skipped": Look("grey", "person-off", "Opted out"),
        "cancelled": Look("grey", "cross", "Cancelled"),
    },
    "consultant": {
        "active": Look("green", "check", "Active"),
        "on_leave": Look("amber", "calendar", "On leave"),
        "inactive": Look("grey", "person-off", "Inactive"),
    },
    "record": {
        "active": Look("green", "check", "Active"),
        "inactive": Look("grey", "person-off", "Inactive"),
        "archived": Look("grey", "archive", "Archived"),
    },
    "absence": {
        "running": Look("blue", "retry", "Under way"),
        "paused": Look("amber", "hourglass", "Paused"),
        "finished": Look("green", "check", "Finished"),
        "undoing": Look("amber", "undo", "Being undone"),
        "undone": Look("grey", "undo", "Undone"),
        "closed": Look("green", "check", "Closed"),
    },
    "absence_item": {
        "waiting": Look("slate", "hourglass", "Waiting"),
        "moved": Look("green", "calendar", "Moved"),
        "offered": Look("amber", "mail", "Patient chooses"),
        "cancelled": Look("grey", "cross", "Cancelled"),
        "left": Look("slate", "info", "Changed by others"),
        "failed": Look("orange", "flag", "Needs a person"),
        "restored": Look("green", "undo", "Put back"),
        "unrestored": Look("orange", "flag", "Not put back"),
    },
    "series": {
        "booking": Look("slate", "hourglass", "Being booked"),
        "active": Look("blue", "calendar", "Active"),
        "ended": Look("green", "check", "Over"),
        "cancelled": Look("grey", "cross", "Cancelled"),
    },
    "occurrence": {
        "pending": Look("slate", "hourglass", "Being booked"),
        "booked": Look("blue", "calendar", "Booked"),
        "conflict": Look("orange", "flag", "Needs another time"),
        "skipped": Look("grey", "cross", "Left out"),
    },
    "waitlist": {
        "waiting": Look("slate", "hourglass", "Waiting"),
        "offered": Look("amber", "bell", "Time on offer"),
        "booked": Look("blue", "calendar", "Booked"),
        "left": Look("grey", "cross", "Left"),
        "lapsed": Look("grey", "clock", "Lapsed"),
    },
    "drawer": {
        "open": Look("blue", "cash", "Open"),
        "closed": Look("amber", "clock", "To be reviewed"),
        "reviewed": Look("green", "check", "Reviewed"),
    },
    "link": {
        "open": Look("blue", "external", "Open"),
        "paid": Look("green", "check", "Paid"),
        "expired": Look("grey", "clock", "Run out"),
        "closed": Look("grey", "cross", "Closed"),
    },
    "attention": {
        "open": Look("orange", "flag", "Needs attention"),
    },
}

CHOICES: dict[str, dict[str, Look]] = {
    "method": {
        "card": Look("slate", "card", "Card"),
        "card_terminal": Look("slate", "terminal", "Card terminal"),
        "cash": Look("slate", "cash", "Cash"),
        "bank_transfer": Look("slate", "bank", "Bank transfer"),
        "patient_credit": Look("slate", "cash", "Patient's credit"),
        "insurance": Look("slate", "shield", "Insurance"),
        "online_link": Look("slate", "external", "Online link"),
        "at_desk": Look("slate", "cash", "At the desk"),
    },
    "cash_movement": {
        "payment": Look("green", "cash", "Taken"),
        "refund": Look("violet", "refund", "Returned"),
        "bank_drop": Look("slate", "bank", "Brought to the bank"),
        "bank_cash": Look("slate", "bank", "Fetched from the bank"),
        "petty_cash": Look("slate", "tag", "Spent on something small"),
        "petty_return": Look("slate", "undo", "Brought back from spending"),
    },
    "channel": {
        "email": Look("slate", "mail", "E-mail"),
        "sms": Look("slate", "sms", "SMS"),
    },
    "gender": {
        "female": Look("slate", "person", "Female"),
        "male": Look("slate", "person", "Male"),
        "other": Look("slate", "person", "Other"),
        "unknown": Look("slate", "person", "Not recorded"),
    },
    "mode": {
        "in_person": Look("slate", "location", "In person"),
        "telehealth": Look("slate", "video", "Video"),
    },
    "role": {
        "owner": Look("teal", "key", "Owner"),
        "admin": Look("teal", "settings", "Administrator"),
        "front_desk": Look("blue", "person", "Front desk"),
        "clinician": Look("violet", "consultants", "Clinician"),
        "billing": Look("amber", "billing", "Billing"),
        "auditor": Look("slate", "shield", "Auditor"),
        "integration": Look("slate", "workflow", "Integration"),
        "operator": Look("slate", "workflow", "Operator"),
    },
    "absence_action": {
        "move": Look("slate", "calendar", "Move"),
        "offer": Look("slate", "mail", "Let the patient choose"),
        "cancel": Look("slate", "cross", "Cancel, all money back"),
    },
    "cancel_reason": {
        "pat": Look("grey", "person", "Patient asked"),
        "pat-cpp": Look("grey", "phone", "Patient could not be reached"),
        "prov": Look("grey", "consultants", "Consultant not available"),
        "prov-pers": Look("grey", "consultants", "Consultant away"),
        "maint": Look("grey", "building", "Equipment or room"),
        "oth-weath": Look("grey", "info", "Weather"),
        "other": Look("grey", "info", "Another reason"),
        "left": Look("grey", "door", "Left without being seen"),
    },
}

_UNKNOWN = Look("grey", "info", "")


def look(code: object, kind: str = "appointment") -> Look:
    """Return how `code` (a state or a choice; an enum member or its value) looks, its word translated."""
    value = str(getattr(code, "value", code))
    found = (LOOKS.get(kind) or CHOICES[kind]).get(value, _UNKNOWN)
    return found._replace(word=gettext(found.word) if found.word else value.replace("_", " ").capitalize())


def state_label(code: object, kind: str = "appointment") -> str:
    """Return only the word of `code`."""
    return look(code, kind).word
