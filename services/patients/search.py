"""What a patient is found by: the terms of a record, and the terms that a search box asks for.

A term is kept only as 64 bits of an HMAC under the tenant's key, one row per term and record, so that the database can
answer without knowing a name. A record is found when it has every term that was asked for.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, country_code_for_region

from careconnect.crypto import TenantKeys, words
from services.patients.identifiers import national_id
from services.patients.schemas import Demographics

_LONGEST = 12
_MOST_ASKED = 8
_SHORTEST_NUMBER = 3
_LAST_DIGITS = 4
_LOCAL_DIGITS = 9

_UNSEEN = re.compile("[\u200b-\u200f\u2060\ufeff]")  # joiners within Sinhala and Arabic words are no word boundaries
_APOSTROPHES = re.compile("['`\u2019\u02bc]")
_EMAIL = re.compile(r"\S+@\S+")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)")
_MRN = re.compile(r"\bmrn[\s-]*0*(\d{1,12})\b", re.IGNORECASE)
_PIECES = re.compile(r"\d+|\D+")
_NUMBER = re.compile(r"(?<!\w)\(?(\+?\(?\d[\d\s().-]*)(?!\w)")


def record_terms(person: Demographics, number: int, country: str) -> set[str]:
    """Collect everything that a record is found by."""
    terms = {f"mrn:{number}", f"n:{number}", f"dob:{person.date_of_birth.isoformat()}", person_term(person)}
    for word in _words(person.name, apostrophe=" ") | _words(person.name):
        terms |= _beginnings(word)
    if person.phone:
        terms |= {phone_term(person.phone)} | _phone_terms(person.phone)
    if person.national_id:
        terms |= {national_id_term(person.national_id, country)} | _national_id_terms(person.national_id, country)
    if person.email:
        terms.add(f"e:{person.email.casefold()}")
    return terms


def person_term(person: Demographics) -> str:
    """Name somebody by name, in whatever order, and date of birth."""
    return f"p:{' '.join(sorted(_words(person.name)))}:{person.date_of_birth.isoformat()}"


def phone_term(phone: str) -> str:
    """Name somebody by the whole telephone number (E.164)."""
    return f"tel:{phone}"


def national_id_term(text: str, country: str) -> str:
    """Name somebody by the whole national id."""
    return f"id:{national_id(text, country)}"


def asked_terms(query: str, country: str) -> list[str]:
    """Read what somebody typed into the search box: words of a name, numbers, a date of birth, an e-mail address.

    An empty list means that nothing which could be searched was typed.
    """
    rest = "".join(str(unicodedata.decimal(mark)) if mark.isdecimal() else mark for mark in query)
    found: list[str] = []
    readers: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]]] = [
        (_EMAIL, lambda match: f"e:{match[0].casefold()}"),
        (_YEAR_FIRST, lambda match: _day(match[1], match[2], match[3])),
        (_DAY_FIRST, lambda match: _day(match[3], match[2], match[1]) or _day(match[3], match[1], match[2])),
        (_MRN, lambda match: f"mrn:{match[1]}"),
        (_NUMBER, lambda match: f"n:{_digits_asked(match[1], country)[:_LONGEST]}"),
    ]
    for pattern, read in readers:
        rest = _take(pattern, read, rest, found)
    found += [_word_term(word) for word in sorted(_words(rest))]
    return list(dict.fromkeys(found))[:_MOST_ASKED]


def index(keys: TenantKeys, terms: Iterable[str]) -> list[int]:
    """Hide terms: 64 bits of HMAC each, as Postgres' bigint."""
    return sorted({int.from_bytes(bytes.fromhex(keys.blind("term", term))[:8], signed=True) for term in terms})


def _take(pattern: re.Pattern[str], read: Callable[[re.Match[str]], str | None], text: str, found: list[str]) -> str:
    def replace(match: re.Match[str]) -> str:
        term = read(match)
        if term is None:
            return match[0]
        found.append(term)
        return " "

    return pattern.sub(replace, text)


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return f"dob:{date(int(year), int(month), int(day)).isoformat()}"
    except ValueError:
        return None


def _digits_asked(typed: str, country: str) -> str:
    """Reduce a typed number to what stands in the index: without the zeros or the country code before it."""
    digits = "".join(mark for mark in typed if mark.isdecimal())
    local = str(country_code_for_region(country))
    if typed.lstrip("(").startswith("+"):
        return _without_country(digits)
    if digits.startswith("00") and len(digits) > _LOCAL_DIGITS:
        return _without_country(digits[2:])
    if digits.startswith(local) and len(digits) > _LOCAL_DIGITS:
        return digits.removeprefix(local)
    return digits.lstrip("0") or "0"


def _without_country(digits: str) -> str:
    codes = (digits[:length] for length in (1, 2, 3))
    code = next((code for code in codes if int(code) in COUNTRY_CODE_TO_REGION_CODE), "")
    return digits.removeprefix(code).lstrip("0") or digits


def _phone_terms(phone: str) -> set[str]:
    national = str(phonenumbers.parse(phone).national_number)
    return _beginnings(national, _SHORTEST_NUMBER) | {f"n:{national[-_LAST_DIGITS:]}"}


def _national_id_terms(text: str, country: str) -> set[str]:
    compact = "".join(mark for mark in text if mark.isalnum())
    pieces = _words(text).union(*(_words(piece) for piece in _PIECES.findall(compact)))
    terms = {_word_term(piece) for piece in pieces} | {_word_term(national_id(text, country))}
    return terms.union(*(_beginnings(word, _SHORTEST_NUMBER) for word in _words(compact)))


def _word_term(word: str) -> str:
    if any(mark.isdecimal() for mark in word):
        return f"n:{word.casefold().lstrip('0')[:_LONGEST]}"
    return f"w:{word.casefold()[:_LONGEST]}"


def _beginnings(word: str, shortest: int = 1) -> set[str]:
    shown = word.lstrip("0") if any(mark.isdecimal() for mark in word) else word
    lengths = range(min(shortest, len(shown)), min(len(shown), _LONGEST) + 1)
    return {_word_term(shown[:length]) for length in lengths}


def _words(text: str, apostrophe: str = "") -> set[str]:
    plain = unicodedata.normalize("NFKD", _UNSEEN.sub("", text))
    return set(words(_APOSTROPHES.sub(apostrophe, plain)))
