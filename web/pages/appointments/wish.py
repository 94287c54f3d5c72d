"""What the finder is asked for: "next Thursday afternoon, any cardiologist", as choices of a form."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from pydantic import ValidationError

from services.consultants.schemas import ConsultantName
from web.formats import weekday
from web.gateway.finding import SlotQuery
from web.words import gettext

Choices = list[tuple[str, str]]
_ANYONE_IN = "specialty:"
_ON = {"weekdays": range(5), "weekend": range(5, 7)} | {str(day): range(day, day + 1) for day in range(7)}
_PARTS = ("morning", "afternoon", "evening")


def wish(typed: Mapping[str, str]) -> SlotQuery | None:
    """Read which free times are wanted; None where it does not say of which visit."""
    said: dict[str, object] = {name: typed.get(name) or None for name in ("visit_type_id", "location_id")}
    who = typed.get("consultant_id", "")
    said["specialty" if who.startswith(_ANYONE_IN) else "consultant_id"] = who.removeprefix(_ANYONE_IN) or None
    said["part_of_day"] = part(typed) or None
    said["patient_id"] = typed.get("patient_id") or None
    said["without"] = typed.get("moving") or typed.get("hold_id") or None
    try:
        return SlotQuery.model_validate(said | {"weekdays": list(weekdays(typed))})
    except ValidationError:
        return None


def weekdays(typed: Mapping[str, str]) -> range:
    """Tell on which days of the week, Monday = 0."""
    return _ON.get(typed.get("on", ""), range(7))


def on(typed: Mapping[str, str]) -> str:
    """Tell which choice of days was made; nothing is every day."""
    return typed.get("on", "") if typed.get("on") in _ON else ""


def part(typed: Mapping[str, str]) -> str:
    """Tell which part of the day was chosen; nothing is all of it."""
    return typed.get("part_of_day", "") if typed.get("part_of_day") in _PARTS else ""


def next_days(first: date, wanted: range, count: int) -> list[date]:
    """Give the next days from `first` on that are wanted."""
    days = (first + timedelta(days=n) for n in range(7 * count))
    return [day for day in days if day.weekday() in wanted][:count]


def who_choices(consultants: Iterable[ConsultantName]) -> Choices:
    """Offer everybody, everybody of a speciality, or one who can be booked."""
    active = [one for one in consultants if one.status == "active"]
    fields = sorted({name for one in active for name in one.specialties})
    return [
        ("", gettext("Anyone, soonest first")),
        *((_ANYONE_IN + name, gettext("Anyone in %(field)s") % {"field": name}) for name in fields),
        *((str(one.id), one.name) for one in active),
    ]


def day_choices() -> Choices:
    """Offer days of the week."""
    kinds = [("", gettext("Any day")), ("weekdays", gettext("Monday to Friday")), ("weekend", gettext("Weekend"))]
    return [*kinds, *((str(day), weekday(day)) for day in range(7))]


def part_choices() -> Choices:
    """Offer parts of the day."""
    return [
        ("", gettext("Any time")),
        ("morning", gettext("Morning")),
        ("afternoon", gettext("Afternoon")),
        ("evening", gettext("Evening")),
    ]
