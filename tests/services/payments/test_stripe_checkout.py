"""Pages of Stripe's Checkout that get paid, by the adapter's own SDK against a running localstripe.

localstripe itself has no Checkout: the sessions are the tests' own (see `localstripe`), the intents that pay them its.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
import stripe

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, invoice_body, money
from tests.services.payments.test_stripe import SECRET, localstripe, serving, till, until

__all__ = ["localstripe", "till"]
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


async def offered(till: Desk) -> tuple[UUID, str, str]:
    """Issue an invoice and offer a link; give the link, the invoice and the session's address at Stripe."""
    invoice, link = uuid7(), uuid7()
    assert (await till.ask("PUT", f"/invoices/{invoice}", invoice_body())).status_code == 201
    made = (await till.ask("PUT", f"/links/{link}", {"invoice_id": str(invoice)})).json()
    assert made["status"] == "open"
    return link, str(invoice), made["url"].replace("https://checkout.example/", "/v1/checkout/sessions/")


async def pay(localstripe: str, session: str, card: str = "pm_card_visa") -> httpx.Response:
    """Pay at the page."""
    async with httpx.AsyncClient(auth=("sk_test_anybody", ""), base_url=localstripe) as http:
        return await http.post(f"{session}/pay", data={"payment_method": card})


async def test_a_checkout_page_that_is_paid_balances_its_invoice_by_stripes_own_webhook(
    till: Desk, localstripe: str, apps: Callable[[str], Any], tenant_id: UUID
) -> None:
    link, invoice, session = await offered(till)

    async def balanced() -> bool:
        return bool((await till.get(f"/invoices/{invoice}"))["status"] == "balanced")

    async with serving(apps("payments")) as port, httpx.AsyncClient() as http:
        hook = {"url": f"http://127.0.0.1:{port}/webhooks/stripe/{tenant_id}", "secret": SECRET}
        await http.post(f"{localstripe}/_config/webhooks/{tenant_id}", json=hook)
        paid = await pay(localstripe, session)
        assert paid.json()["payment_status"] == "paid"
        await until(balanced)
    payment = await till.payment(link)
    assert (payment["status"], payment["captured"], payment["method"]) == ("captured", money(350_000), "online_link")
    assert payment["gateway_reference"] == paid.json()["payment_intent"]
    assert [one["status"] for one in await till.get(f"/invoices/{invoice}/links")] == ["paid"]
    balances = await till.balances()
    assert (balances["gateway_clearing:stripe"], balances.get("receivables", 0)) == (350_000, 0)
    assert (await till.refund(link, 50_000)).status_code == 201
    assert (await till.payment(link))["refunded"] == money(50_000)


async def test_a_sessions_event_counts_once_and_only_when_the_session_is_paid(
    till: Desk, localstripe: str, http: httpx.AsyncClient, tenant_id: UUID
) -> None:
    link, invoice, session = await offered(till)
    metadata = {"careconnect_payment": str(link), "careconnect_tenant": str(tenant_id)}

    async def told(event: str) -> str:
        thing = {"id": session.rsplit("/", 1)[1], "object": "checkout.session", "metadata": metadata}
        said = {"id": event, "type": "checkout.session.completed", "data": {"object": thing}}
        body = str(stripe.Event.construct_from(said, None))
        header = stripe.WebhookSignature.generate_signature_header(body, SECRET)
        headers = {"gateway-signature": header}
        answer = await http.post(f"/webhooks/stripe/{tenant_id}", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["outcome"])

    assert await told("evt_before") == "unmatched"
    assert (await till.get(f"/invoices/{invoice}"))["paid"] == money(0)
    await pay(localstripe, session)
    assert [await told("evt_after"), await told("evt_after"), await told("evt_again")] == [
        "applied", "duplicate", "nothing",
    ]  # fmt: skip
    assert (await till.get(f"/invoices/{invoice}"))["paid"] == money(350_000)
    assert (await pay(localstripe, session)).status_code == 400


async def test_a_link_that_is_closed_here_cannot_be_paid_there(till: Desk, localstripe: str) -> None:
    link, _, session = await offered(till)
    assert (await till.ask("PUT", f"/links/{link}/closing")).json()["status"] == "closed"
    assert (await pay(localstripe, session)).status_code == 400
