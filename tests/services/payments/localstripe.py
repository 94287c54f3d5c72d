"""Runs localstripe on loopback: `python -m tests.services.payments.localstripe PORT`.

Its own command listens on every address and writes all it holds to /tmp after each request; neither suits a test. It
is used as it is otherwise, but for Stripe's Checkout, which it lacks: sessions are added here, as far as they are used,
and paid by intents of localstripe's own. What else it lacks is said by the tests that meet it.
"""

import sys
from typing import Any

from aiohttp import web
from localstripe import resources, server
from localstripe.webhooks import schedule_webhook


class Session(resources.StripeObject):  # type: ignore[misc, unused-ignore]
    """A page where one amount is paid: https://docs.stripe.com/api/checkout/sessions/object."""

    object = "checkout.session"
    _id_prefix = "cs_test_"

    def __init__(
        self, line_items: list[Any], metadata: dict[str, str], payment_intent_data: dict[str, Any], **_: Any
    ) -> None:
        super().__init__()
        price = line_items[0]["price_data"]
        self.amount_total, self.currency = int(price["unit_amount"]), price["currency"]
        self.metadata = metadata
        self.payment_intent = None
        self.payment_status, self.status = "unpaid", "open"
        self.url = f"https://checkout.example/{self.id}"
        self.of_intent = payment_intent_data


def expire(id: str) -> Session:  # noqa: A002 - the routes name it so
    """Let a page not be paid any more."""
    return _open(id, "expired")


def pay(id: str, payment_method: str) -> Session:  # noqa: A002 - the routes name it so
    """Pay as a cardholder does at the page, and tell every webhook of it."""
    found = _open(id, "complete")
    paid = {"amount": found.amount_total, "currency": found.currency, "metadata": found.of_intent["metadata"]}
    made = resources.PaymentIntent._api_create(confirm=True, payment_method=payment_method, **paid)  # noqa: SLF001
    found.payment_intent, found.payment_status = made.id, "paid"
    schedule_webhook(resources.Event("checkout.session.completed", found))
    return found


def _open(key: str, becomes: str) -> Session:
    found: Session = Session._api_retrieve(key)  # noqa: SLF001 - as localstripe's own routes do
    if found.status != "open":
        raise resources.UserError(400, "This Session is not open")
    found.status = becomes
    return found


def main() -> None:
    """Serve until killed."""
    resources.Store.dump_to_disk = lambda _: None
    sessions = "/v1/checkout/sessions"
    server.app.router.add_post(f"{sessions}/{{id}}/expire", server.api_extra(expire, sessions))
    server.app.router.add_post(f"{sessions}/{{id}}/pay", server.api_extra(pay, sessions))
    server.app.router.add_post(sessions, server.api_create(Session, sessions))
    server.app.router.add_get(f"{sessions}/{{id}}", server.api_retrieve(Session, sessions))
    web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
