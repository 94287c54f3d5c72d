"""When two people may be one: the judgement behind the question "is this the same person?"."""

from difflib import SequenceMatcher

from careconnect.crypto import words
from services.patients.schemas import Demographics

_ALIKE = 0.75


def similar_names(one: Demographics, other: Demographics) -> bool:
    """Tell whether two names may be one person's, written twice.

    First names and last names must each be alike, an initial counts for its name, and the two may have been swapped.
    A shared family name alone is not enough: families share telephones.
    """
    straight = _alike(one.first_name, other.first_name) and _alike(one.last_name, other.last_name)
    swapped = _alike(one.first_name, other.last_name) and _alike(one.last_name, other.first_name)
    return straight or swapped


def _alike(one: str, other: str) -> bool:
    short, long = sorted((words(one), words(other)), key=len)
    if not short:
        return one == other
    if all(any(_same_word(word, there) for there in long) for word in short):
        return True
    return _ratio("".join(short), "".join(long)) >= _ALIKE


def _same_word(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) == 1 and long.startswith(short)) or _ratio(one, other) >= _ALIKE


def _ratio(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
