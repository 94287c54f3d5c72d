"""Counting cash in a form: the notes and coins of a currency, or the sum alone."""

from careconnect.money import Money
from services.payments.schemas import CashCount, CountedPieces, Pieces
from web.forms import Form
from web.words import gettext

_FIELD = "pieces-"
_MOST = 100_000
_PIECES: dict[str, tuple[int, ...]] = {
    "LKR": (500_000, 200_000, 100_000, 50_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100),
    "INR": (50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100),
    "USD": (10_000, 5_000, 2_000, 1_000, 500, 100, 25, 10, 5, 1),
    "EUR": (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "GBP": (5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "JPY": (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1),
    "KWD": (20_000, 10_000, 5_000, 1_000, 500, 250, 100, 50, 20, 10, 5),
}
"""Notes and coins that go from hand to hand, in minor units; elsewhere the sum is written."""


def pieces_of(currency: str) -> list[tuple[str, Money]]:
    """Give the fields of a currency's notes and coins, the largest first: name and worth."""
    return [(f"{_FIELD}{unit}", Money(amount=unit, currency=currency)) for unit in _PIECES.get(currency, ())]


def shown(counted: list[CountedPieces]) -> dict[str, int]:
    """Give what was counted as a form shows it."""
    return {f"{_FIELD}{one.unit.amount}": one.pieces for one in counted}


def count(form: Form, currency: str) -> CashCount | None:
    """Read what was counted; note in the form what is wrong with it."""
    pieces = _pieces(form, currency)
    if form.errors:
        return None
    if not pieces:
        total = form.money("sum", currency, or_nothing=True)
        return CashCount(sum=total) if total is not None else None
    counted = CashCount(pieces=pieces)
    if form.values["sum"].strip():
        said = form.money("sum", currency, or_nothing=True)
        if said is not None and said != counted.total:
            words = gettext("The notes and coins come to %(amount)s; correct one of the two")
            form.object(words % {"amount": counted.total.format()}, "sum")
    return None if form.errors else counted


def _pieces(form: Form, currency: str) -> list[Pieces]:
    found = []
    for name, unit in pieces_of(currency):
        typed = form.values[name].strip()
        if typed and not (typed.isascii() and typed.isdecimal() and int(typed) <= _MOST):
            form.object(gettext("Write how many there are, such as 12"), name)
        elif typed:
            found.append(Pieces(unit=unit, pieces=int(typed)))
    return found
