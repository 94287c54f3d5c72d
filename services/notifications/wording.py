"""What a message says: one template file per language, with a subject, a body and a short text.

Times are the location's local time with its zone named; dates and money are written as people of the language write
them (CLDR). A language without templates falls back to English.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_time, get_timezone_gmt, get_timezone_location
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from careconnect.errors import FieldError, InvalidInput
from careconnect.money import Money
from services.notifications.parts import parts
from services.notifications.schemas import Change, Channel, Template, Values

FALLBACK = "en"
LOCALES = {"en": "en_GB", "si": "si_LK", "ta": "ta_LK"}
"""The languages that have templates, and the CLDR locale that writes their dates and money."""

_FOLDER = Path(__file__).parent / "templates"
_APPOINTMENT_NEEDS = ("starts_at", "zone")
_NEEDS: dict[str, tuple[str, ...]] = {
    "payment_receipt": ("amount",),
    "payment_failed": ("amount",),
    "payment_reminder": ("amount", "link"),
    "payment_link": ("amount", "link", "answer_by", "zone"),
    "waitlist_offer": (*_APPOINTMENT_NEEDS, "link", "answer_by"),
    "series_dates": ("zone",),
}
_LINK_IF_IT_FITS = frozenset({"booking_confirmation", "rescheduling", "reminder"})
"""Templates whose short message says all that counts without the link that it has where there is room for it."""
_MOST_PARTS = 2
_plain = Environment(  # noqa: S701 - plain text for mail and telephones; the HTML layout below escapes
    loader=FileSystemLoader(_FOLDER), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)
_markup = Environment(loader=FileSystemLoader(_FOLDER), undefined=StrictUndefined, autoescape=True, auto_reload=False)


@dataclass(frozen=True)
class Text:
    """What one message says on one channel; a short message has no subject."""

    language: str
    subject: str | None
    body: str


def language_of(asked: str) -> str:
    """Choose the language of the templates: the asked one, or English."""
    primary = asked.replace("_", "-").split("-", maxsplit=1)[0].lower()
    return primary if primary in LOCALES else FALLBACK


def check(template: Template, values: Values) -> None:
    """Refuse values that do not fit the template.

    Raises:
        InvalidInput: one that the template needs is missing, or the zone does not exist.
    """
    needed = _NEEDS.get(template, _APPOINTMENT_NEEDS)
    wrong = [
        FieldError(field=f"values.{field}", code="missing", message=f"The template {template} needs it.")
        for field in needed
        if getattr(values, field) is None
    ]
    if values.zone is not None and _zone(values.zone) is None:
        wrong.append(FieldError(field="values.zone", code="unknown_zone", message="Name an IANA zone."))
    if wrong:
        raise InvalidInput(errors=wrong)


def write(template: Template, channel: Channel, language: str, name: str, values: Values) -> Text:
    """Write a message to `name` in `language`."""
    chosen = language_of(language)
    said = _said(template, chosen, name, values)
    if channel == "sms":
        if template in _LINK_IF_IT_FITS and parts(said["sms"]) > _MOST_PARTS:
            said = _said(template, chosen, name, values.model_copy(update={"link": None}))
        return Text(chosen, None, said["sms"])
    return Text(chosen, " ".join(said["subject"].split()), said["body"])


def _said(template: Template, language: str, name: str, values: Values) -> dict[str, str]:
    blocks = _plain.get_template(f"{language}/{template}.txt")
    context = blocks.new_context(_words(name, values, LOCALES[language]))
    return {block: _tidy("".join(blocks.blocks[block](context))) for block in ("subject", "body", "sms")}


def write_event(language: str, values: Values) -> tuple[str, str]:
    """Write what a calendar shows of an appointment: no more of its purpose than with whom it is."""
    chosen = language_of(language)
    blocks = _plain.get_template(f"{chosen}/calendar.txt")
    context = blocks.new_context(_words("", values, LOCALES[chosen]))
    summary, description = (_tidy("".join(blocks.blocks[block](context))) for block in ("summary", "description"))
    return " ".join(summary.split()), description


def as_html(text: Text) -> str:
    """Set a message's text as a small HTML page, everything in it escaped."""
    paragraphs = [paragraph.split("\n") for paragraph in text.body.split("\n\n")]
    page = _markup.get_template("layout.html")
    return page.render(language=text.language, subject=text.subject or "", paragraphs=paragraphs)


def _words(name: str, values: Values, locale: str) -> dict[str, Any]:
    words: dict[str, Any] = values.model_dump(
        exclude={
            "starts_at",
            "ends_at",
            "previous_starts_at",
            "zone",
            "amount",
            "refund",
            "answer_by",
            "dates",
            "changes",
        }
    )
    zone = _zone(values.zone) or ZoneInfo("UTC")
    starts = values.starts_at
    return words | {
        "name": name,
        "date": _date(starts, zone, locale),
        "time": _time(starts, zone, locale),
        "when": _when(starts, zone, locale),
        "previous_when": _when(values.previous_starts_at, zone, locale),
        "short_when": _short(starts, zone, locale),
        "answer_by": _time(values.answer_by, zone, locale),
        "answer_by_when": _when(values.answer_by, zone, locale),
        "dates": [f"{_date(one, zone, locale)}, {_time(one, zone, locale)}" for one in values.dates],
        "amount": _money(values.amount, locale),
        "refund": _money(values.refund, locale),
        "changes": [_change(one, locale) for one in values.changes],
    }


def _change(change: Change, locale: str) -> dict[str, Any]:
    zone, starts = _zone(change.zone) or ZoneInfo("UTC"), change.starts_at
    words = change.model_dump(include={"kind", "consultant", "visit_type", "location", "reference", "link"})
    return words | {
        "was": _when(change.was, zone, locale),
        "when": _when(starts, zone, locale),
        "decide_by": _when(change.decide_by, zone, locale),
        "short_was": _short(change.was, zone, locale),
        "short_when": _short(starts, zone, locale),
    }


def _short(moment: datetime | None, zone: ZoneInfo, locale: str) -> str:
    return f"{_date(moment, zone, locale, 'medium')} {_time(moment, zone, locale)}" if moment else ""


def _when(moment: datetime | None, zone: ZoneInfo, locale: str) -> str:
    if moment is None:
        return ""
    offset = get_timezone_gmt(moment.astimezone(zone), "long", locale)
    is_place = "/" in zone.key and not zone.key.startswith("Etc/")
    place = f"{get_timezone_location(zone, locale, return_city=True)}, {offset}" if is_place else offset
    return f"{_date(moment, zone, locale)}, {_time(moment, zone, locale)} ({place})"


def _date(moment: datetime | None, zone: ZoneInfo, locale: str, width: Any = "full") -> str:
    return format_date(moment.astimezone(zone), width, locale) if moment else ""


def _time(moment: datetime | None, zone: ZoneInfo, locale: str) -> str:
    return format_time(moment, "short", tzinfo=zone, locale=locale) if moment else ""


def _money(amount: Money | None, locale: str) -> str:
    return amount.format(locale) if amount else ""


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _tidy(text: str) -> str:
    """Leave at most one empty line between paragraphs, whatever a template left out."""
    paragraphs = [paragraph.strip("\n") for paragraph in text.strip().split("\n\n")]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())
