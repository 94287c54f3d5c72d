"""Amounts as people of a language write them, to the last digit."""

import pytest

from careconnect.money import Money, minor_digits

SPACE, RIGHT = "\N{NO-BREAK SPACE}", "\N{RIGHT-TO-LEFT MARK}"
SIGNS = {"LKR": "LKR", "USD": "US$", "EUR": "€", "JPY": "JP¥", "KWD": f"د.ك.{RIGHT}"}
FRAMES = {
    "en": {"LKR": f"LKR{SPACE}{{}}", "USD": "${}", "EUR": "€{}", "JPY": "¥{}", "KWD": f"KWD{SPACE}{{}}"},
    "si": {"LKR": "රු.{}", "USD": "US${}", "EUR": "€{}", "JPY": "JP¥{}", "KWD": f"KWD{SPACE}{{}}"},
    "ta": {"LKR": f"LKR{SPACE}{{}}", "USD": "${}", "EUR": "€{}", "JPY": "¥{}", "KWD": f"KWD{SPACE}{{}}"},
    "ar": {code: f"{RIGHT}{{}}{SPACE}{sign}" for code, sign in SIGNS.items()},
}  # fmt: skip
WHOLE = {0: "0", 999: "999", 1_000: "1,000", 5_000: "5,000", 100_000: "100,000", 1_000_000: "1,000,000"}
IN_PAIRS = WHOLE | {100_000: "1,00,000", 1_000_000: "10,00,000"}
"""Above a thousand, Tamil sets off every two digits."""
FRACTIONS = {2: {"05": 5, "50": 50, "99": 99}, 3: {"005": 5, "050": 50, "500": 500, "999": 999}, 0: {}}
LINES = [(locale, code, frame) for locale, frames in FRAMES.items() for code, frame in frames.items()]


@pytest.mark.parametrize(("locale", "currency", "frame"), LINES)
def test_each_amount_has_all_its_digits_and_each_whole_one_may_leave_out_nothing_but_zeros(
    locale: str, currency: str, frame: str
) -> None:
    digits = minor_digits(currency)
    zeros = "." + "0" * digits if digits else ""
    for units, written in (IN_PAIRS if locale == "ta" else WHOLE).items():
        whole = Money(amount=units * 10**digits, currency=currency)
        assert whole.format(locale) == frame.format(written + zeros)
        assert whole.format(locale, whole=True) == frame.format(written)
        for fraction, minor in FRACTIONS[digits].items():
            exact = Money(amount=units * 10**digits + minor, currency=currency)
            assert exact.format(locale) == exact.format(locale, whole=True) == frame.format(f"{written}.{fraction}")


def test_less_than_nothing_keeps_its_sign_and_its_thousands() -> None:
    assert Money(amount=-5_000_000, currency="KWD").format("en", whole=True) == f"-KWD{SPACE}5,000"
    assert Money(amount=-100_000_00, currency="LKR").format("ta", whole=True) == f"-LKR{SPACE}1,00,000"
