"""The way to Stripe."""

import stripe

from careconnect.config import GatewaySettings

API_VERSION = "2026-07-29.dahlia"
"""The version of Stripe's API that is spoken, said with every request, whatever the account's default is.

It is the last in which an intent's payment method types are named outright, which is also what localstripe speaks; see
https://docs.stripe.com/changelog/endive/2026-09-30/removes-the-payment-method-types-parameter-from-payment-intents-and-setup-intents
"""
stripe.enable_telemetry = False


def pool(settings: GatewaySettings) -> stripe.HTTPXClient:
    """Make the connections that all tenants share."""
    return stripe.HTTPXClient(timeout=settings.timeout_seconds)


def connect(settings: GatewaySettings, secret_key: str, http: stripe.HTTPXClient) -> stripe.StripeClient:
    """Make a client with a tenant's key. It repeats nothing by itself: whoever asked knows whether it may."""
    return stripe.StripeClient(
        secret_key,
        stripe_version=API_VERSION,
        base_addresses={"api": settings.stripe_api_base},
        http_client=http,
        max_network_retries=0,
    )
