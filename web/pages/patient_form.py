"""The patient form: from a record into fields, and from fields into a record."""

from datetime import datetime
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from services.patients.schemas import BloodGroup, Gender, Patient, PatientReplacement, PatientWrite
from web.forms import Form
from web.looks import state_label
from web.words import gettext

M = TypeVar("M", bound=BaseModel)
_PLAIN = ("first_name", "last_name", "date_of_birth", "gender", "national_id", "phone", "email", "language")
_CLINICAL = ("allergies", "chronic_conditions")
_FIELDS = {
    "address.line1": "address_line1",
    "address.line2": "address_line2",
    "address.city": "address_city",
    "emergency_contact.name": "emergency_name",
    "emergency_contact.phone": "emergency_phone",
}


def choices(now: datetime) -> dict[str, Any]:
    """Give what the form's lists offer."""
    return {
        "today": now.date().isoformat(),
        "genders": [(code, state_label(code, "gender")) for code in get_args(Gender)],
        "languages": [("en", "English"), ("si", "සිංහල"), ("ta", "தமிழ்")],
        "blood_groups": [("", gettext("Not recorded")), *((group, group) for group in get_args(BloodGroup))],
    }


def filled(patient: Patient) -> dict[str, object]:
    """Write a record into the fields."""
    values: dict[str, object] = {name: getattr(patient, name) for name in _PLAIN}
    if patient.address:
        values |= {f"address_{part}": getattr(patient.address, part) for part in ("line1", "line2", "city")}
    if patient.emergency_contact:
        values |= {f"emergency_{part}": getattr(patient.emergency_contact, part) for part in ("name", "phone")}
    values |= {name: ", ".join(getattr(patient, name) or []) for name in _CLINICAL}
    return values | {"blood_group": patient.blood_group, "version": patient.version, "patient_id": patient.id}


def write(form: Form, *, clinical: bool) -> PatientWrite | None:
    """Read a new record from the fields, or note in the form what is wrong."""
    return _read(form, PatientWrite, _record(form, clinical=clinical))


def replacement(form: Form, before: Patient, *, clinical: bool) -> PatientReplacement | None:
    """Read a record to replace `before`; what the form does not show stays as it was."""
    record = _record(form, clinical=clinical) | {"version": int(form.values["version"] or before.version)}
    if before.address and before.address.country:
        record["address"] = (record["address"] or {}) | {"country": before.address.country}
    return _read(form, PatientReplacement, record)


def _record(form: Form, *, clinical: bool) -> dict[str, Any]:
    typed = {name: value.strip() or None for name, value in form.values.items()}
    record: dict[str, Any] = {name: typed.get(name) for name in _PLAIN}
    record["address"] = _group(typed, "address_", ("line1", "line2", "city"))
    record["emergency_contact"] = _group(typed, "emergency_", ("name", "phone"))
    record["confirm_duplicate"] = typed.get("confirm_duplicate") == "true"
    if clinical:
        record["blood_group"] = typed.get("blood_group")
        record |= {name: _parts(typed.get(name)) for name in _CLINICAL}
    return record


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _group(typed: dict[str, str | None], prefix: str, parts: tuple[str, ...]) -> dict[str, str | None] | None:
    found = {part: typed.get(prefix + part) for part in parts}
    return found if any(found.values()) else None


def _read(form: Form, shape: type[M], record: dict[str, Any]) -> M | None:
    try:
        return shape.model_validate(record)
    except ValidationError as error:
        form.blame_validation(error, _FIELDS)
        return None
