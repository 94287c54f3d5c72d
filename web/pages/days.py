"""Days as the people at a place count them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from web.pages.frame import Frame


def today(frame: Frame) -> date:
    """Tell what day it is where the screen looks."""
    return frame.now.astimezone(ZoneInfo(frame.zone)).date()


def bounds(day: date, zone: str, days: int = 1) -> tuple[datetime, datetime]:
    """Give the instants at which a stretch of `days` local days begins and has ended."""
    return midnight(day, zone), midnight(day + timedelta(days=days), zone)


def midnight(day: date, zone: str) -> datetime:
    """Give the instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


def day_of(text: str | None, otherwise: date) -> date:
    """Read a day from an address or a field (year-month-day); anything else is `otherwise`."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return otherwise
