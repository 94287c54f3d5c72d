"""The fields of a visit type's form: what is kept as it is typed, and what was typed as it is kept."""

from decimal import Decimal
from typing import Any

from careconnect.money import Money
from services.consultants.schemas import VisitType
from web.formats import decimal_amount
from web.forms import Form
from web.words import gettext

PLAIN = (
    "name", "duration_minutes", "buffer_before_minutes", "buffer_after_minutes", "slot_step_minutes", "horizon_days",
    "mode", "colour", "capacity",
)  # fmt: skip
CANCELLING = (
    "free_until_hours", "fee_percent", "no_show_fee_percent", "reschedule_until_hours", "max_moves", "grace_minutes",
)  # fmt: skip
_EMPTY_IS_NOTHING = frozenset({"max_moves"})
_PLACES = 4
FRESH: dict[str, object] = {
    "duration_minutes": 30, "buffer_before_minutes": 0, "buffer_after_minutes": 0, "slot_step_minutes": 15,
    "horizon_days": 180, "mode": "in_person", "colour": "#4f6bed", "capacity": 1, "notice_hours": 0,
    "kind": "default", "when": "booking", "on_decline": "keep", "when_gateway_is_down": "refuse",
    "free_until_hours": 24, "fee_percent": 0, "no_show_fee_percent": 0, "reschedule_until_hours": 0,
    "grace_minutes": 15, "reminders": "72, 24, 2", "tax_name": "VAT", "tax_inclusive": "true",
    "follow_of": "visit_type", "follow_days": 14,
}  # fmt: skip
NAMES = {f"cancellation_policy.{name}": name for name in (*CANCELLING, "fee", "no_show_fee")} | {
    "min_notice_minutes": "notice_hours",
    "reminder_offsets_hours": "reminders",
    "payment_policy.hours_before": "hours_before",
    "payment_policy.deposit": "deposit",
    "payment_policy": "hours_before",
    "tax.rate": "tax_rate",
    "tax.name": "tax_name",
    "follow_up.visits": "follow_visits",
    "follow_up.days": "follow_days",
}
"""What the fields are called where the model calls them something else."""


def of(kind: VisitType) -> dict[str, object]:
    """Show a visit type in the fields."""
    pay, ending = kind.payment_policy, kind.cancellation_policy
    values: dict[str, object] = {name: getattr(kind, name) for name in PLAIN}
    values |= {name: getattr(ending, name) for name in CANCELLING}
    values |= {name: _amount(getattr(ending, name)) for name in ("fee", "no_show_fee")}
    values |= {
        "specialty": kind.specialty,
        "video_url": kind.video_url,
        "notice_hours": f"{Decimal(kind.min_notice_minutes) / 60:.4g}",
        "price": _amount(kind.price),
        "kind": pay.kind,
        "when": pay.when,
        "deposit": _amount(pay.deposit),
        "hours_before": pay.hours_before,
        "on_decline": pay.on_decline,
        "when_gateway_is_down": pay.when_gateway_is_down,
        "reminders": ", ".join(map(str, kind.reminder_offsets_hours)),
        "room_needed": "true" if kind.room_needed else "",
        "room_features": ", ".join(kind.room_features),
        "consultant_ids": ",".join(map(str, kind.consultant_ids)),
        "location_ids": ",".join(map(str, kind.location_ids)),
        "tax_rate": f"{kind.tax.rate / 100:g}" if kind.tax else "",
        "tax_name": kind.tax.name if kind.tax else "VAT",
        "tax_inclusive": "true" if kind.tax is None or kind.tax.inclusive else "",
        "follow_visits": kind.follow_up.visits if kind.follow_up else "",
        "follow_days": kind.follow_up.days if kind.follow_up else 14,
        "follow_of": kind.follow_up.of if kind.follow_up else "visit_type",
    }
    return values


def meant(form: Form, currency: str) -> dict[str, Any]:
    """Say what the fields mean, as the model takes it; what does not fit together is noted beside its field."""
    typed = {name: form.values[name].strip() for name in (*PLAIN, *CANCELLING)}
    price = _money(form, "price", currency, needed=True)
    specialty = form.values["specialty"].strip() or None
    rooms = form.values["room_needed"] == "true"
    ending: dict[str, Any] = {
        name: typed[name] if typed[name] or name not in _EMPTY_IS_NOTHING else None for name in CANCELLING
    }
    ending |= {name: _money(form, name, currency) for name in ("fee", "no_show_fee")}
    return {name: typed[name] for name in PLAIN} | {
        "specialty": specialty,
        "video_url": form.values["video_url"].strip() or None if typed["mode"] == "telehealth" else None,
        "min_notice_minutes": _scaled(form, "notice_hours", 60),
        "price": price or Money(amount=0, currency=currency),
        "payment_policy": _payment(form, price, currency),
        "cancellation_policy": ending,
        "reminder_offsets_hours": listed(form.values["reminders"]),
        "room_needed": rooms,
        "room_features": [one.lower() for one in listed(form.values["room_features"])] if rooms else [],
        "consultant_ids": listed(form.values["consultant_ids"]),
        "location_ids": listed(form.values["location_ids"]),
        "tax": _tax(form),
        "follow_up": _follow_up(form, specialty),
    }


def listed(text: str) -> list[str]:
    """Read words with commas between them, each once."""
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _payment(form: Form, price: Money | None, currency: str) -> dict[str, Any]:
    policy: dict[str, Any] = {
        name: form.values[name] for name in ("kind", "when", "on_decline", "when_gateway_is_down")
    }
    if policy["kind"] in {"default", "none"}:
        policy["when"] = "booking"
    if policy["kind"] == "full" and price is not None and not price:
        form.object(gettext("What costs nothing cannot be paid in full"), "kind")
    if policy["when"] == "before":
        policy["hours_before"] = form.values["hours_before"].strip() or None
        if policy["hours_before"] is None:
            form.object(gettext("Say how many hours before"), "hours_before")
    if policy["kind"] == "deposit":
        deposit = _money(form, "deposit", currency, needed=True)
        policy["deposit"] = deposit
        if deposit is not None and price is not None and not 0 < deposit.amount <= price.amount:
            form.object(gettext("A deposit is a part of the price"), "deposit")
    return policy


def _tax(form: Form) -> dict[str, Any] | None:
    if not form.values["tax_rate"].strip():
        return None
    inclusive = form.values["tax_inclusive"] == "true"
    return {"name": form.values["tax_name"], "rate": _scaled(form, "tax_rate", 100), "inclusive": inclusive}


def _follow_up(form: Form, specialty: str | None) -> dict[str, Any] | None:
    if not form.values["follow_visits"].strip():
        return None
    if form.values["follow_of"] == "specialty" and specialty is None:
        form.object(gettext("Name the speciality above first"), "follow_of")
    return {"visits": form.values["follow_visits"], "days": form.values["follow_days"], "of": form.values["follow_of"]}


def _scaled(form: Form, name: str, by: int) -> int:
    """Read a number with a fraction in smaller whole units; an empty field is nothing."""
    if not form.values[name].strip():
        return 0
    exact = form.number(name, _PLACES, gettext("Write a number"))
    return int((exact * by).to_integral_value()) if exact is not None else 0


def _money(form: Form, name: str, currency: str, *, needed: bool = False) -> Money | None:
    return form.money(name, currency, or_nothing=True) if needed or form.values[name].strip() else None


def _amount(money: Money | None) -> str:
    return decimal_amount(money) if money is not None else ""
