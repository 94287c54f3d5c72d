"""Amounts as Stripe counts them; see https://docs.stripe.com/currencies."""

import pytest

from careconnect.errors import InvalidInput
from careconnect.money import Money, minor_digits
from services.payments.gateways.stripe.words import amount_of, money_of

WHOLE = ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
HUNDREDTHS = (
    "LKR", "USD", "EUR", "HUF", "TWD", "COP",
    "ISK", "UGX", "AFN", "ALL", "LAK", "LBP", "MMK", "RSD", "SOS", "YER",
)  # fmt: skip
"""The second line has no minor unit in CLDR, and two digits at Stripe all the same."""
THOUSANDTHS = ("BHD", "JOD", "KWD", "OMR", "TND")


@pytest.mark.parametrize(
    ("currency", "digits"),
    [(code, 0) for code in WHOLE] + [(code, 2) for code in HUNDREDTHS] + [(code, 3) for code in THOUSANDTHS],
)
def test_fifty_of_any_currency_are_fifty_at_stripe_too(currency: str, digits: int) -> None:
    fifty = Money(amount=50 * 10 ** minor_digits(currency), currency=currency)
    assert amount_of(fifty) == 50 * 10**digits
    assert money_of(50 * 10**digits, currency.lower()) == fifty


@pytest.mark.parametrize("currency", ["IRR", "KPW", "SYP", "LYD", "CLF", "XXX"])
def test_a_currency_that_stripe_does_not_take_is_refused_before_anything_is_sent(currency: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        amount_of(Money(amount=1_000, currency=currency))
    assert [(one.field, one.code) for one in refused.value.errors] == [("amount", "currency_not_taken")]


def test_thousandths_are_taken_in_tens() -> None:
    with pytest.raises(InvalidInput):
        amount_of(Money(amount=5_125, currency="KWD"))
