"""Template filters: instants, money and numbers as people of the language write them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_skeleton, format_timedelta
from babel.numbers import format_decimal, format_percent
from markupsafe import Markup

from careconnect import clock
from careconnect.money import Money, minor_digits
from web.looks import look, state_label
from web.words import gettext, locale, ngettext

ABSENT = "\N{EN DASH}"
"""What stands where nothing is known."""

_TONES = ("teal", "blue", "violet", "amber", "green", "orange", "slate")
_HALF_A_YEAR = 182
"""Days."""
_TITLES = {"Dr", "Prof", "Mr", "Mrs", "Ms", "Miss", "Rev"}


def money(value: Money | dict[str, Any] | None, *, whole: bool = False) -> str:
    """Write an amount with its currency; `whole` leaves out minor units that are zero."""
    if value is None:
        return ABSENT
    return _money(value if isinstance(value, Money) else Money.model_validate(value), str(locale()), whole)


@lru_cache(maxsize=4096)
def _money(amount: Money, identifier: str, whole: bool) -> str:
    # A list shows the same few prices again and again.
    return amount.format(identifier, whole=whole)


def decimal_amount(value: Money | dict[str, Any]) -> str:
    """Write an amount as a number that a form field takes: 3500.00."""
    amount = value if isinstance(value, Money) else Money.model_validate(value)
    return str(Decimal(amount.amount).scaleb(-minor_digits(amount.currency)))


def local_time(value: datetime, zone: str) -> str:
    """Write the wall time of an instant in `zone`: 09:30."""
    return format_skeleton("Hm", value.astimezone(ZoneInfo(zone)), locale=locale())


def local_date(value: date | datetime | None, zone: str = "UTC", *, skeleton: str = "yMMMEd") -> str:
    """Write the day of an instant in `zone`, or a plain date: Wed, 18 Nov 2026."""
    if value is None:
        return ABSENT
    moment = value.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if isinstance(value, datetime) else _midnight(value)
    return format_skeleton(skeleton, moment, locale=locale())


def when(value: datetime | None, zone: str) -> str:
    """Write an instant as people say it: Today 09:30, Tomorrow 14:00, Wed 18 Nov 09:30, Mon, 18 Jan 2027 09:30.

    Of another year the day of the week is told while it matters, for half a year.
    """
    return ABSENT if value is None else f"{day(value, zone)} {local_time(value, zone)}"


def day(value: date | datetime, zone: str) -> str:
    """Write the day of an instant in `zone`, or a plain date, as people say it: Today, Tomorrow, Wed 18 Nov."""
    local = value.astimezone(ZoneInfo(zone)).date() if isinstance(value, datetime) else value
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    away = (local - today).days
    near = {0: gettext("Today"), 1: gettext("Tomorrow"), -1: gettext("Yesterday")}.get(away)
    skeleton = "MMMEd" if local.year == today.year else "yMMMEd" if abs(away) <= _HALF_A_YEAR else "yMMMd"
    return near or format_skeleton(skeleton, _midnight(local), locale=locale())


def ago(value: datetime) -> str:
    """Write how long ago an instant was: 5 minutes ago."""
    return format_timedelta(value - clock.now(), add_direction=True, locale=locale())


def minutes_since(value: datetime) -> int:
    """Count the whole minutes since an instant."""
    return int((clock.now() - value) / timedelta(minutes=1))


def duration(minutes: int) -> str:
    """Write a length of time: 45 min, 1 h 30 min, 2 h."""
    hours, rest = divmod(int(minutes), 60)
    parts = [gettext("%d h") % hours if hours else "", gettext("%d min") % rest if rest or not hours else ""]
    return " ".join(part for part in parts if part)


def offset(hours: int) -> str:
    """Write how long before a visit something happens: 3 days before, 2 hours before."""
    days, rest = divmod(int(hours), 24)
    if days and not rest:
        return ngettext("%d day before", "%d days before", days) % days
    return ngettext("%d hour before", "%d hours before", hours) % hours


def age(born: date, zone: str) -> str:
    """Write in whole years how old somebody is today in `zone`."""
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return ngettext("%d year", "%d years", years) % years


def number(value: float | Decimal) -> str:
    """Write a number with its thousands apart."""
    return format_decimal(value, locale=locale())


def percent(part: float) -> str:
    """Write a share with its sign: +12%, -3%."""
    sign = "+" if part > 0 else ""
    return sign + format_percent(round(part, 2), format="#,##0%", locale=locale())


def share(of_hundred: float) -> str:
    """Write a share of a hundred: 5.9%."""
    return format_percent(Decimal(str(of_hundred)) / 100, format="#,##0.#%", locale=locale())


def initials(name: str) -> str:
    """Take the first letters of the first and the last word, titles left out."""
    words = [word for word in name.split() if word.rstrip(".") not in _TITLES] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def tone_of(key: UUID | str) -> str:
    """Choose one of the tones for a person, always the same one."""
    return _TONES[sum(str(key).encode()) % len(_TONES)]


def phone(number_: str | None) -> str:
    """Write a telephone number in groups: +94 78 212 8775."""
    if not number_:
        return ABSENT
    try:
        parsed = phonenumbers.parse(number_)
    except phonenumbers.NumberParseException:
        return number_
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def weekday(index: int) -> str:
    """Name a day of the week; Monday is 0."""
    name: str = locale().days["stand-alone"]["wide"][index]
    return name.capitalize()


def mark(text: str, query: str) -> Markup:
    """Set off the part of `text` where a word begins with what was searched."""
    lowered, sought = text.casefold(), query.strip().casefold()
    starts = [0, *(right for left, right in pairwise(range(len(lowered))) if lowered[left] in " -'(")]
    found = next((start for start in starts if sought and lowered.startswith(sought, start)), None)
    if found is None or len(lowered) != len(text):
        return Markup.escape(text)
    end = found + len(sought)
    return Markup("{}<mark>{}</mark>{}").format(text[:found], text[found:end], text[end:])


def combine(left: dict[str, object], right: dict[str, object]) -> dict[str, object]:
    """Join two dictionaries of attributes; the right one wins."""
    return left | right


def _midnight(value: date) -> datetime:
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a plain day has no zone


FILTERS = {
    "money": money,
    "decimal_amount": decimal_amount,
    "local_time": local_time,
    "local_date": local_date,
    "when": when,
    "day": day,
    "ago": ago,
    "minutes_since": minutes_since,
    "duration": duration,
    "offset": offset,
    "age": age,
    "number": number,
    "percent": percent,
    "share": share,
    "initials": initials,
    "tone_of": tone_of,
    "phone": phone,
    "weekday": weekday,
    "mark": mark,
    "combine": combine,
    "look": look,
    "state_label": state_label,
}
