"""Money as an integer of minor units and a currency, never a float."""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, NamedTuple

from babel.core import Locale, get_global
from babel.numbers import format_currency
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""
_CODE_BEFORE_DIGITS = re.compile(r"(?<=[A-Z]{3})(?=[\d-])")
_FRACTION = re.compile(r"\.0+")
"""The digits behind the point in a CLDR number pattern, whose point is the same in every locale."""


class Money(BaseModel):
    """An amount of one currency.

    `amount` counts the currency's minor units: 350000 LKR are 3,500 rupees, 350 JPY 350 yen, 3500 KWD 3.5 dinars.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"amount": 350000, "currency": "LKR"}]}
    )

    amount: int = Field(ge=-(2**53), le=2**53)
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        return Money(amount=self.amount + self._same(other).amount, currency=self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(amount=self.amount - self._same(other).amount, currency=self.currency)

    def __neg__(self) -> "Money":
        return Money(amount=-self.amount, currency=self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def percent(self, share: int) -> "Money":
        """Take `share` percent, rounded half to even to whole minor units."""
        exact = Decimal(self.amount) * share / 100
        return Money(amount=int(exact.to_integral_value(ROUND_HALF_EVEN)), currency=self.currency)

    def taxed(self, basis_points: int, *, inclusive: bool) -> "Taxed":
        """Split off, or add, a tax of `basis_points` (1,800 are 18 %), rounded half up to whole minor units.

        The same integers as in SQL, so that a check from outside can repeat them. The amount is not negative.
        """
        if inclusive:
            whole = 10_000 + basis_points
            tax = (2 * self.amount * basis_points + whole) // (2 * whole)
            net, gross = self.amount - tax, self.amount
        else:
            tax = (2 * self.amount * basis_points + 10_000) // 20_000
            net, gross = self.amount, self.amount + tax
        return Taxed(*(Money(amount=amount, currency=self.currency) for amount in (net, tax, gross)))

    def format(self, locale: str = "en", *, whole: bool = False) -> str:
        """Write the amount as people of `locale` (a CLDR identifier) write it; a code stands apart from the digits.

        `whole` leaves out minor units that are zero.
        """
        exact = Decimal(self.amount).scaleb(-minor_digits(self.currency))
        if whole and exact == int(exact):
            pattern = _FRACTION.sub("", Locale.parse(locale).currency_formats["standard"].pattern)
            text = format_currency(exact, self.currency, pattern, locale, currency_digits=False)
        else:
            text = format_currency(exact, self.currency, locale=locale)
        return _CODE_BEFORE_DIGITS.sub("\N{NO-BREAK SPACE}", text)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            message = f"{self.currency} and {other.currency} do not add up"
            raise ValueError(message)
        return other


class Taxed(NamedTuple):
    """An amount without its tax, the tax, and both together."""

    net: Money
    tax: Money
    gross: Money


def is_known(currency: str) -> bool:
    """Tell whether there is money of this code (CLDR's list of ISO 4217); the codes for none and for tests are not."""
    return currency in get_global("all_currencies") and currency not in {"XXX", "XTS"}


def minor_digits(currency: str) -> int:
    """Count the digits behind the point that `currency` is paid in (CLDR currency data): LKR 2, JPY 0, KWD 3."""
    fractions = get_global("currency_fractions")
    digits: int = fractions.get(currency, fractions["DEFAULT"])[0]
    return digits
