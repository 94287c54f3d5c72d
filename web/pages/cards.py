"""How a card is taken on the screens: the sandbox's test cards by name, any other gateway's at its own page."""

from services.payments.states import GatewayKind
from web.pages.screen import Screen
from web.words import gettext


async def cards_of(screen: Screen) -> list[tuple[str, str]]:
    """List the cards to choose from; none where the gateway takes them at its own page, so that none comes here."""

    async def read() -> GatewayKind:
        found = await screen.gateway.payments.gateway_accounts(screen.actor)
        return next(one.kind for one in found if one.active)

    active = await screen.known.remember(screen.actor, "gateway in use", read)
    return sandbox_cards() if active == GatewayKind.sandbox else []


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
