"""The cards of the sandbox gateway, by the words that people choose them with."""

from web.words import gettext


def sandbox_cards() -> list[tuple[str, str]]:
    """List the tokens of the test cards; a gateway of the real world brings its own field instead."""
    return [
        ("pm_card_visa", gettext("Visa ending 4242")),
        ("pm_card_chargeDeclined", gettext("Visa ending 0002, declined by the bank")),
        ("pm_card_chargeDeclinedInsufficientFunds", gettext("Visa ending 9995, too little money")),
        ("pm_card_chargeDeclinedExpiredCard", gettext("Visa ending 0069, expired")),
        ("pm_sandbox_slow", gettext("Slow bank, answers after 8 seconds")),
        ("pm_sandbox_flaky", gettext("Line that drops after the charge")),
        ("pm_sandbox_capture_fails", gettext("Authorised, but not captured")),
        ("pm_sandbox_down", gettext("Gateway that is down for a minute")),
    ]
