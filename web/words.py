"""The language of the person in front of the screen: their locale and the catalogue of sentences."""

from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from babel import Locale

LANGUAGES = {"en": "en_GB"}
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
    """Translate one sentence."""
    return _catalogue(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate a sentence that counts."""
    return _catalogue(_language.get()).ngettext(singular, plural, n)


@cache
def _parsed(identifier: str) -> Locale:
    return Locale.parse(identifier)


@cache
def _catalogue(language: str) -> NullTranslations:
    return translation("messages", _CATALOGUES, [language], fallback=True)
