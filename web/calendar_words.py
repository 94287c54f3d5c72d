"""How the calendar files that the edge gives speak."""

from web.gateway.calendars import Words
from web.words import gettext


def calendar_words() -> Words:
    """Say it in the language of who asks."""
    return Words(
        summary=gettext("Appointment with %(consultant)s"),
        by_video=gettext("By video; nobody needs to come."),
        called=gettext("By video or telephone; the clinic calls."),
    )
