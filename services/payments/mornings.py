"""When people are reminded of money: in the morning of the place where their visit was, and at no other hour."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

FIRST, LAST = 8, 12
"""The local hours between which a reminder goes out; what would come later waits for the next morning."""
_BEGIN = time(9)
_SPREAD = 120
"""Minutes over which the reminders of one morning are spread."""


def morning(day: date, zone: str, key: UUID) -> datetime:
    """Give the moment of a morning at which the one that `key` names is reminded."""
    begin = datetime.combine(day, _BEGIN, ZoneInfo(zone))
    return begin + timedelta(minutes=key.int % _SPREAD)


def next_morning(wanted: datetime, now: datetime, zone: str, key: UUID) -> datetime:
    """Give `wanted`, or, where that has passed, this moment if it is a morning, and else the next morning."""
    local = now.astimezone(ZoneInfo(zone))
    if wanted >= now:
        return wanted
    if local.hour < FIRST:
        return morning(local.date(), zone, key)
    return now if local.hour < LAST else morning(local.date() + timedelta(days=1), zone, key)
