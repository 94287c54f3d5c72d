"""The catalogues of the screens' languages: complete, and true to the sentences that they translate."""

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import activities
import careconnect
import services
import web
from careconnect.errors import Forbidden, Refusal
from services.appointments.errors import TooEarly
from services.payments.accounts import CHART
from tests.project.checkout import ROOT, python_files
from web import words
from web.looks import CHOICES, LOOKS

WEB = ROOT / "web"
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
OTHERS = sorted(words.LANGUAGES.keys() - {"en"})
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd%]|\{\w*\}|</?\w+>")
FEW = 0.02
"""The part of all sentences that may be English for a while: a sentence that is new does not wait for translators."""


@cache
def catalogue(language: str) -> Catalog:
    """Read a catalogue."""
    with (WEB / "locales" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


Key = tuple[str, str]
"""What a sentence is found by: a context, where its words mean several things, and the words in English."""


@cache
def spoken() -> set[Key]:
    """Find the sentences that templates and pages say in so many words."""
    ways = [("**/templates/**.html", "jinja2"), ("templates/**.html", "jinja2"), ("**.py", "python")]
    found = extract_from_dir(WEB, ways, keywords=KEYWORDS)
    return {(context or "", forms(message)[0]) for _, _, message, _, context in found}


def written() -> Iterator[str]:
    """Give every text that stands in the code: words of states and kinds are looked up where they are shown."""
    for file in python_files("web", "services", "careconnect"):
        yield from (
            node.value
            for node in ast.walk(ast.parse(Path(file).read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )


def sentences(language: str) -> list[Message]:
    """List what a catalogue translates."""
    return [message for message in catalogue(language) if message.id]


def key(message: Message) -> Key:
    """Tell what a sentence of a catalogue is found by."""
    return message.context or "", forms(message.id)[0]


def forms(text: Any) -> tuple[str, ...]:
    """Give a sentence's forms: one, or those that count."""
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("language", OTHERS)
def test_nearly_every_sentence_of_the_screens_is_in_the_catalogue(language: str) -> None:
    known = {key(message) for message in sentences(language)}
    missing = spoken() - known
    assert len(missing) <= FEW * len(known), sorted(missing)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_names_what_its_sentence_names(language: str) -> None:
    wrong = [
        (message.id, form)
        for message in sentences(language)
        for form in forms(message.string)
        if not form or _names(form) not in [_names(one) for one in forms(message.id)]
    ]
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_that_counts_has_every_form_of_its_language(language: str) -> None:
    counting = [message for message in sentences(language) if not isinstance(message.id, str)]
    assert counting
    assert {len(forms(message.string)) for message in counting} == {catalogue(language).num_plurals}


@pytest.mark.parametrize("language", OTHERS)
def test_no_catalogue_keeps_what_nobody_says_any_more(language: str) -> None:
    said = spoken() | {("", text) for text in written()}
    assert [message.id for message in sentences(language) if key(message) not in said] == []


@pytest.mark.parametrize("language", OTHERS)
def test_what_means_several_things_in_english_is_translated_for_each(language: str) -> None:
    meant: dict[str, list[str]] = {}
    for context, text in spoken():
        meant.setdefault(text, []).append(context)
    several = {text: contexts for text, contexts in meant.items() if len(contexts) > 1}
    assert {"Open", "For", "From", "Credit"} <= several.keys()
    found = catalogue(language)
    for text, contexts in several.items():
        said = {str(message.string) for one in contexts if (message := found.get(text, one or None))}
        assert len(said) == len(contexts), text


def test_words_are_said_in_their_context() -> None:
    words.speak("si")
    said = words.pgettext("go there", "Open"), words.gettext("Open")
    assert [catalogue("si").get("Open", context).string for context in ("go there", None)] == list(said)  # type: ignore[union-attr]
    assert words.pgettext("nowhere", "Open") == "Open"
    words.speak("en")


@pytest.mark.parametrize("language", OTHERS)
def test_every_refusal_has_a_title_in_every_language(language: str) -> None:
    found = catalogue(language)
    assert [f"{kind.__name__}: {kind.title}" for kind in refusals() if not found.get(kind.title)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_state_every_choice_and_every_account_of_the_ledger_is_named_in_every_language(language: str) -> None:
    looks = {look.word for kinds in (LOOKS, CHOICES) for kind in kinds.values() for look in kind.values()}
    named = looks | {account.name for account in CHART}
    assert sorted(word for word in named if not catalogue(language).get(word)) == []


@cache
def refusals() -> list[type[Refusal]]:
    """Import everything that can refuse, and list the kinds of refusal."""
    for root in (careconnect, services, activities, web):
        for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)
    found, unseen = [Refusal], [Refusal]
    while unseen:
        below = unseen.pop().__subclasses__()
        found += below
        unseen += below
    return [kind for kind in found if getattr(sys.modules[kind.__module__], kind.__name__, None) is kind]


def test_a_refusal_is_said_in_the_language_by_its_title_where_its_own_words_are_english() -> None:
    refusal = TooEarly("This can be noted from 2026-11-30 08:00 (Asia/Colombo) on.")
    assert words.refused(refusal) == refusal.detail
    words.speak("ta")
    assert words.refused(refusal) == catalogue("ta").get(TooEarly.title).string  # type: ignore[union-attr]
    known = Forbidden("Your role does not let you overbook.")
    assert words.refused(known) == catalogue("ta").get(known.detail).string  # type: ignore[union-attr]
    words.speak("en")


def test_what_a_catalogue_does_not_have_is_english() -> None:
    words.speak("ta")
    assert words.gettext("A sentence that nobody says") == "A sentence that nobody says"
    assert words.gettext("Today") == catalogue("ta").get("Today").string  # type: ignore[union-attr]
    assert words.gettext("") == ""
    words.speak("en")


def _names(text: str) -> list[str]:
    return sorted(match.group(0) for match in PLACEHOLDER.finditer(text))
