"""The test cards of the sandbox gateway: well-known ids of Stripe's test mode, and ours that make trouble."""

from dataclasses import dataclass
from datetime import timedelta

from careconnect.errors import FieldError, InvalidInput

SLOW = 8.0
"""Seconds that the slow card keeps everybody waiting."""
LIVES = timedelta(days=7)
"""How long a reservation stands; then the money cannot be taken any more."""
DOWN = 60.0
"""Seconds that the gateway is out of order for the card that breaks it, from the first use of an idempotency key."""


@dataclass(frozen=True)
class Card:
    """How a card behaves."""

    decline: str | None = None
    slow: bool = False
    drops_connection: bool = False
    capture_fails: bool = False
    breaks_gateway: bool = False
    charges_later: bool = True
    """Whether the bank lets it be charged, or reserved anew, while its owner is away."""


_CARDS = {
    "pm_card_visa": Card(),
    "pm_card_chargeDeclined": Card(decline="card_declined"),
    "pm_card_chargeDeclinedInsufficientFunds": Card(decline="insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": Card(decline="expired_card"),
    "pm_card_chargeCustomerFail": Card(decline="card_declined", charges_later=False),
    "pm_sandbox_no_renewal": Card(charges_later=False),
    "pm_sandbox_slow": Card(slow=True),
    "pm_sandbox_flaky": Card(drops_connection=True),
    "pm_sandbox_capture_fails": Card(capture_fails=True),
    "pm_sandbox_down": Card(breaks_gateway=True),
}


def card(token: str) -> Card:
    """Find the card behind a token.

    Raises:
        InvalidInput: there is none.
    """
    known = _CARDS.get(token)
    if known is None:
        wrong = FieldError(field="token", code="unknown_token", message="The gateway knows no such card.")
        raise InvalidInput(errors=[wrong])
    return known
