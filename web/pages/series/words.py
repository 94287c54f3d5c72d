"""Recurrence rules in sentences."""

from datetime import datetime
from zoneinfo import ZoneInfo

from web.formats import weekday
from web.words import gettext, ngettext

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def every(rule: str) -> str:
    """Say how often, such as: Every 2 weeks on Tuesday, Thursday."""
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    interval = int(parts.get("INTERVAL", "1"))
    said = {
        "DAILY": ngettext("Every day", "Every %(num)d days", interval),
        "WEEKLY": ngettext("Every week", "Every %(num)d weeks", interval),
        "MONTHLY": ngettext("Every month", "Every %(num)d months", interval),
    }[parts["FREQ"]]
    sentence = said % {"num": interval} if "%" in said else said
    days = [one for one in parts.get("BYDAY", "").split(",") if one in DAYS]
    if not days:
        return sentence
    return gettext("%(often)s on %(days)s") % {
        "often": sentence,
        "days": ", ".join(weekday(DAYS.index(one)) for one in days),
    }


def nth_weekday(start: datetime, zone: str) -> str:
    """Name the first's weekday in its month as a rule does, such as 2TU."""
    local = start.astimezone(ZoneInfo(zone))
    return f"{(local.day - 1) // 7 + 1}{DAYS[local.weekday()]}"


def conflict_words(code: str | None) -> str:
    """Say why an appointment of a series could not be booked."""
    return {
        "slot_taken": gettext("The consultant is occupied then"),
        "not_free": gettext("The consultant is occupied or away"),
        "no_room_free": gettext("No room is free then"),
        "patient_busy": gettext("The patient has another appointment"),
        "outside_hours": gettext("Outside the consultant's hours"),
        "beyond_horizon": gettext("Too far ahead to be booked now"),
        "too_soon": gettext("Too soon to be booked"),
    }.get(code or "", gettext("It could not be booked"))
