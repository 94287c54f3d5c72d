"""Numbers that point at a person, in the one form in which they are kept and compared."""

import re

import phonenumbers

from careconnect.errors import FieldError, InvalidInput
from services.patients.schemas import Demographics

_OLD_NIC = re.compile(r"^(\d{2})(\d{3})(\d{4})[VX]$", re.ASCII)


def mrn(number: int) -> str:
    """Write the medical record number as people read it."""
    return f"MRN-{number:06d}"


def reachable(person: Demographics, country: str) -> Demographics:
    """Give the same person with telephone numbers in the international form (E.164).

    A number without a country code is one of `country` (ISO 3166 alpha-2).

    Raises:
        InvalidInput: a number cannot be one.
    """
    wrong: list[FieldError] = []
    changed: dict[str, object] = {"phone": _phone(person.phone, country, "phone", wrong)}
    if contact := person.emergency_contact:
        phone = _phone(contact.phone, country, "emergency_contact.phone", wrong)
        changed["emergency_contact"] = contact.model_copy(update={"phone": phone})
    if wrong:
        raise InvalidInput(errors=wrong)
    return person.model_copy(update=changed)


def _phone(text: str | None, country: str, field: str, wrong: list[FieldError]) -> str | None:
    if text is None:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        message = "Write a telephone number with all its digits, such as 077 123 4567 or +94 77 123 4567."
        wrong.append(FieldError(field=field, code="invalid_phone", message=message))
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national_id(text: str, country: str) -> str:
    """Give a national id in the form in which two writings of it are equal.

    Sri Lanka's identity cards before 2016 (`901030937V`) are the same numbers as the ones after (`199010300937`):
    the century is added, the letter dropped, and a zero put before the serial number.
    """
    compact = "".join(mark for mark in text.upper() if mark.isalnum())
    old = _OLD_NIC.match(compact)
    if country == "LK" and old:
        year, day, serial = old.groups()
        return f"19{year}{day}0{serial}"
    return compact
