"""The numbers of invoices, as they are given and as people type them."""

import re
from typing import Annotated

from pydantic import AfterValidator

# The dash between year and number may be left out where the number has all its figures; a telephone number has none.
_TYPED = re.compile(r"(?:INV[- ]?)?(20[0-9]{2})(?:[- ]([0-9]{1,12})|([0-9]{6,12}))")


def number_of(year: int, count: int) -> str:
    """Give the number of a year's invoice, counted from 1."""
    return f"INV-{year}-{count:06}"


def as_number(typed: str) -> str | None:
    """Read a number such as INV-2026-000017, however it was typed; None if it cannot be one."""
    found = _TYPED.fullmatch(typed.strip().upper())
    return number_of(int(found[1]), int(found[2] or found[3])) if found else None


def _expected(typed: str) -> str:
    found = as_number(typed)
    if found is None:
        message = "the number of an invoice reads like INV-2026-000017"
        raise ValueError(message)
    return found


InvoiceNumber = Annotated[str, AfterValidator(_expected)]
"""A number in any case, with or without prefix, dashes and leading zeros; read into the form in which it is kept."""
