"""Messages in words: what one is about, and why one did not arrive."""

from web.formats import offset
from web.words import gettext


def template_words(template: str, offset_hours: int | None = None) -> str:
    """Name what a message is about."""
    if template == "reminder" and offset_hours is not None:
        return gettext("Reminder, %(when)s") % {"when": offset(offset_hours)}
    return {
        "booking_confirmation": gettext("Booking confirmed"),
        "reminder": gettext("Reminder"),
        "cancellation": gettext("Cancellation"),
        "rescheduling": gettext("New time"),
        "waitlist_offer": gettext("Offer of a free time"),
        "series_dates": gettext("Dates of a series"),
        "absence_moved": gettext("Consultant away: new time"),
        "absence_choice": gettext("Consultant away: choose a time"),
        "absence_cancelled": gettext("Consultant away: cancelled"),
        "absence_withdrawn": gettext("Consultant back: as agreed"),
        "payment_receipt": gettext("Receipt"),
        "payment_failed": gettext("Payment failed"),
        "payment_reminder": gettext("Payment reminder"),
        "payment_link": gettext("Payment link"),
    }.get(template, template.replace("_", " ").capitalize())


def failure_words(failure: str) -> str:
    """Say why a message was not sent."""
    if failure.startswith("refused_"):
        return gettext("The mail server refused it (%(code)s).") % {"code": failure.removeprefix("refused_")}
    return {
        "opted_out": gettext("The patient does not want messages this way."),
        "no_address": gettext("There is no address to send it to."),
        "no_provider": gettext("Nobody carries short messages here yet."),
        "superseded": gettext("The appointment had changed before it was due."),
        "unreachable": gettext("The mail server could not be reached."),
    }.get(failure, gettext("It could not be delivered."))
