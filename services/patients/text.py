"""What may be written in a field: plain text of a bounded length, a calendar day, a telephone number's shape."""

import re
import unicodedata
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from careconnect import clock

_OLDEST_YEARS = 130
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
# Marks that turn the reading direction of what stands around them: a name has no use for them, a deceiver has.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _plain(text: str) -> str:
    """Give the text in composed form with single spaces.

    Raises:
        PydanticCustomError: it holds control characters, or nothing that can be seen.
    """
    composed = unicodedata.normalize("NFC", text.strip())
    if any(unicodedata.category(mark) in {"Cc", "Cs"} or mark in _TURNING for mark in composed):
        raise PydanticCustomError("control_characters", "Leave out control characters, line breaks and tabs.")
    spaced = " ".join(composed.split())
    if not any(unicodedata.category(mark)[0] in "LNPS" for mark in spaced):
        raise PydanticCustomError("blank", "Write something, or leave the field out.")
    return spaced


def _day(value: object) -> object:
    if isinstance(value, str) and not _DAY.match(value):
        raise PydanticCustomError("date_format", "Write the date as year-month-day, such as 1990-04-12.")
    if not isinstance(value, (str, date)):
        raise PydanticCustomError("date_format", "Write the date as text, year-month-day, such as 1990-04-12.")
    return value


def _birth(day: date) -> date:
    # The day is not over anywhere before it is over at UTC-12, and it begins first at UTC+14.
    latest = (clock.now() + timedelta(hours=14)).date()
    if day > latest:
        raise PydanticCustomError("future_date", "A date of birth cannot lie in the future.")
    if day.year < latest.year - _OLDEST_YEARS:
        raise PydanticCustomError("too_long_ago", f"Nobody alive was born more than {_OLDEST_YEARS} years ago.")
    return day


def _none(value: object) -> object:
    return [] if value is None else value


def _once(values: list[str]) -> list[str]:
    return list({value.casefold(): value for value in reversed(values)}.values())[::-1]


Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_plain)]
"""One part of a person's name, in any script."""
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
"""One line of text."""
Code = Annotated[str, Field(min_length=2, max_length=40), AfterValidator(_plain)]
"""A number or code that an authority gave, as it is written on the card."""
Phone = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_plain)]
"""A telephone number as people write it; the record keeps it in the international form (E.164)."""
Lines = Annotated[list[Line], Field(max_length=50), BeforeValidator(_none), AfterValidator(_once)]
"""Several lines, each once."""
BirthDate = Annotated[date, BeforeValidator(_day), AfterValidator(_birth)]
"""A calendar day that is not in the future."""
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
"""A language, and a country where it matters (BCP 47), such as `si` or `en-GB`."""
