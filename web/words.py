"""The language of the person in front of the screen: their locale and the catalogue of sentences."""

import io
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from careconnect.errors import Refusal

LANGUAGES = {"en": "en_GB", "si": "si_LK", "ta": "ta_LK", "ar": "ar"}
"""Each language that the screens speak, and the CLDR locale whose dates and numbers go with it."""

_CATALOGUES = Path(__file__).parent / "locales"
_language: ContextVar[str] = ContextVar("language", default="en")


def speak(language: str) -> None:
    """Speak `language` for the rest of this request; an unknown one is English."""
    _language.set(language if language in LANGUAGES else "en")


def locale() -> Locale:
    """Return the CLDR locale of the language being spoken."""
    return _parsed(LANGUAGES[_language.get()])


def gettext(message: str) -> str:
    """Translate one sentence; one that its catalogue does not have is English."""
    # A catalogue says something of itself under the empty sentence.
    return _catalogue(_language.get()).gettext(message) if message else message


def pgettext(context: str, message: str) -> str:
    """Translate words that mean several things in English; `context` says which, to translators alone."""
    return _catalogue(_language.get()).pgettext(context, message)


def refused(refusal: Refusal) -> str:
    """Say a refusal: in its own words, or by its title where only that is in the language being spoken."""
    said = gettext(refusal.detail)
    if said != refusal.detail or _language.get() == "en":
        return said
    title = gettext(refusal.title)
    return title if title != refusal.title else said


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a sentence that counts."""
    return _catalogue(_language.get()).ngettext(singular, plural, n)


@cache
def _parsed(identifier: str) -> Locale:
    return Locale.parse(identifier)


@cache
def languages() -> list[tuple[str, str]]:
    """List the languages that can be chosen, each with its own name."""
    return [(code, Locale.parse(code).get_language_name(code) or code) for code in LANGUAGES]


@cache
def _catalogue(language: str) -> NullTranslations:
    """Read a catalogue as people write it; nothing has to be compiled before."""
    file = _CATALOGUES / f"{language}.po"
    if not file.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with file.open("rb") as text:
        write_mo(compiled, read_po(text, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
