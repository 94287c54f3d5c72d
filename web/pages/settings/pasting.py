"""Days that were pasted: lines of a table, or a calendar file (RFC 5545)."""

import csv
import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

from icalendar import Calendar, Event

from web.words import gettext

_DAY_FIRST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_LONGEST = timedelta(days=31)
_MOST = 400


class Pasted(NamedTuple):
    """The days with their names, and a sentence where something cannot be read."""

    days: dict[date, str]
    trouble: str = ""


def read(text: str, unnamed: str) -> Pasted:
    """Read days, one on a line with its name behind it, or the days of a calendar file; `unnamed` is for those without.

    A date is year-month-day, or day first: 2027-02-04, 4.2.2027, 04/02/2027.
    """
    if "BEGIN:VCALENDAR" in text:
        return _calendar(text, unnamed)
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST:
        return Pasted({}, gettext("At most %(most)d days at once") % {"most": _MOST})
    days: dict[date, str] = {}
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in next(csv.reader([line.replace("\t", ",").replace(";", ",")]))]
        day = day_of(cells[0])
        if day is None and number > 1:
            return Pasted(
                {},
                gettext("Line %(number)d does not begin with a date: %(line)s") % {"number": number, "line": line[:60]},
            )
        if day is not None:
            days[day] = ", ".join(cell for cell in cells[1:] if cell)[:100] or unnamed
    return Pasted(days) if days or not lines else Pasted({}, gettext("No line begins with a date"))


def day_of(text: str) -> date | None:
    """Read one date."""
    turned = _DAY_FIRST.match(text)
    try:
        return date(int(turned[3]), int(turned[2]), int(turned[1])) if turned else date.fromisoformat(text)
    except ValueError:
        return None


def _calendar(text: str, unnamed: str) -> Pasted:
    try:
        found = Calendar.from_ical(text.strip())
    except ValueError:
        return Pasted({}, gettext("This calendar file cannot be read"))
    days: dict[date, str] = {}
    for event in (one for one in found.walk("VEVENT") if isinstance(one, Event)):
        start, end = event.start, event.end
        first, last = _day(start), _day(end)
        if not isinstance(start, datetime) and last > first:
            last -= timedelta(days=1)  # the end of whole days is the day after them (RFC 5545, section 3.6.1)
        if last - first > _LONGEST:
            return Pasted({}, gettext("An entry of this calendar file is longer than a month"))
        name = str(event.get("SUMMARY", "")).strip()[:100] or unnamed
        days |= {first + timedelta(days=number): name for number in range((last - first).days + 1)}
    return Pasted(days) if days else Pasted({}, gettext("There are no days in this calendar file"))


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
