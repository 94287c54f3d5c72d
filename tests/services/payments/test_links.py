"""Payment links: paid at the gateway's page whenever the patient likes, and right whatever happened meanwhile."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import time_machine

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.payments.errors import GatewayUnavailable
from services.payments.gateways import signatures
from services.payments.gateways.sandbox import SandboxGateway
from tests.services.payments.conftest import Desk, invoice_body, money

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


async def _invoice(desk: Desk) -> UUID:
    key = uuid7()
    assert (await desk.ask("PUT", f"/invoices/{key}", invoice_body())).status_code == 201
    return key


async def _link(desk: Desk, invoice: UUID, **also: Any) -> UUID:
    key = uuid7()
    answer = await desk.ask("PUT", f"/links/{key}", {"invoice_id": str(invoice)} | also)
    assert answer.status_code == 201, answer.text
    return key


async def _pay(desk: Desk, link: UUID, card: str = "pm_card_visa") -> httpx.Response:
    return await desk.ask("POST", f"/gateway/sandbox/checkouts/{link}/payment", {"token": card})


async def test_what_is_paid_by_a_link_settles_its_invoice_once(desk: Desk) -> None:
    invoice = await _invoice(desk)
    link = await _link(desk, invoice)
    body = {"invoice_id": str(invoice)}
    assert (await desk.ask("PUT", f"/links/{link}", body)).status_code == 200
    other = await desk.ask("PUT", f"/links/{link}", body | {"valid_hours": 1})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert (await _pay(desk, link, "pm_card_chargeDeclined")).status_code == 402
    answers = await asyncio.gather(*(_pay(desk, link) for _ in range(5)))
    assert [answer.json()["outcome"] for answer in answers if answer.status_code == 200].count("applied") == 1
    payment = await desk.payment(link)
    assert (payment["status"], payment["method"], payment["captured"]) == ("captured", "online_link", money(350_000))
    assert (await desk.get(f"/invoices/{invoice}"))["status"] == "balanced"
    assert [one["status"] for one in await desk.get(f"/invoices/{invoice}/links")] == ["paid"]
    assert await desk.balances() == {"gateway_clearing:sandbox": 350_000, "deposits": -350_000}
    assert (await desk.ask("PUT", f"/links/{uuid7()}", body)).json()["code"] == "invoice_state"


async def test_several_first_events_of_one_payment_at_once_are_all_taken_in_and_book_it_once(
    desk: Desk, http: httpx.AsyncClient, apps: Callable[[str], Any], tenant_id: UUID
) -> None:
    link = await _link(desk, await _invoice(desk))
    gateways = apps("payments").state.gateways
    await (await gateways.of(Actor.system(tenant_id=tenant_id))).pay(link, "pm_card_visa")

    async def tell(kind: str) -> httpx.Response:
        said = {"id": f"evt_{uuid7().hex}", "type": kind, "account": str(tenant_id), "created": 1}
        body = json.dumps(said | {"data": {"reference": str(link)}}).encode()
        header = signatures.sign(gateways.sandbox_secrets[0], body, clock.now())
        return await http.post("/webhooks/sandbox", content=body, headers={"gateway-signature": header})

    answers = await asyncio.gather(*(tell(f"charge.{number}") for number in range(8)))
    assert sorted(answer.json().get("outcome", answer.text) for answer in answers) == ["applied"] + ["nothing"] * 7
    assert await desk.balances() == {"gateway_clearing:sandbox": 350_000, "deposits": -350_000}


async def test_what_is_paid_after_the_invoice_was_cancelled_is_recorded_and_goes_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise GatewayUnavailable

    monkeypatch.setattr(SandboxGateway, "close_link", away)  # its page stays open for as long as it is not told
    invoice = await _invoice(desk)
    link = await _link(desk, invoice)
    assert (await desk.ask("POST", f"/invoices/{invoice}/cancellation", {"reason": "pat"})).status_code == 200
    told = (await _pay(desk, link)).json()
    assert (told["outcome"], told["return_payment"]) == ("applied", str(link))
    assert (await desk.payment(link))["captured"] == money(350_000)
    assert (await desk.get(f"/invoices/{invoice}"))["status"] == "cancelled"
    assert (await desk.ask("POST", "/gateway/events/unfinished")).json()["return_payments"] == [str(link)]
    assert (await desk.release(link)).status_code == 200
    assert (await desk.payment(link))["refunded"] == money(350_000)
    assert await desk.balances() == {}
    assert (await desk.get(f"/invoices/{invoice}"))["status"] == "cancelled"
    [charge] = await desk.charges()
    assert (charge["captured"], charge["refunded"]) == (money(350_000), money(350_000))


async def test_links_close_with_their_invoice_and_take_no_money(desk: Desk) -> None:
    cancelled, paid, closed = [await _invoice(desk) for _ in range(3)]
    links = {one: await _link(desk, one) for one in (cancelled, paid, closed)}
    await desk.ask("POST", f"/invoices/{cancelled}/cancellation", {"reason": "pat"})
    cash = {"invoice_id": str(paid), "method": "cash", "amount": money(350_000)}
    assert (await desk.pay(uuid7(), cash)).status_code == 201
    for _ in range(2):
        assert (await desk.ask("PUT", f"/links/{links[closed]}/closing")).json()["status"] == "closed"
    for invoice, link in links.items():
        assert [one["status"] for one in await desk.get(f"/invoices/{invoice}/links")] == ["closed"]
        assert (await _pay(desk, link)).json()["code"] == "payment_link_over"
    assert await desk.charges() == []
    again = await _link(desk, closed)
    assert (await _pay(desk, again)).json()["outcome"] == "applied"
    assert (await desk.ask("PUT", f"/links/{again}/closing")).json()["code"] == "payment_link_over"
    assert [one["status"] for one in await desk.get(f"/invoices/{closed}/links")] == ["paid", "closed"]


async def test_a_link_that_has_run_out_takes_no_money(desk: Desk) -> None:
    link = await _link(desk, await _invoice(desk), valid_hours=1)
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        answer = await _pay(desk, link)
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_link_over")


async def test_stripes_checkout_is_asked_as_its_documentation_says(
    desk: Desk, apps: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tenant_id: UUID
) -> None:
    """Localstripe has no Checkout, so this looks at the request alone, and answers it as Stripe documents it."""
    sent: list[tuple[str, str, str, str]] = []
    plain = httpx.AsyncClient.request
    session = {"id": "cs_test_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/pay/cs_test_1"}

    async def request(self: httpx.AsyncClient, method: str, url: str, **also: Any) -> httpx.Response:
        if "/v1/checkout" not in str(url):
            return await plain(self, method, url, **also)
        headers = {name.lower(): value for name, value in also["headers"].items()}
        sent.append((method, str(url), str(also["data"]), headers.get("idempotency-key", "")))
        told = session | ({"payment_intent": None} if method.upper() == "GET" else {})
        return httpx.Response(200, content=json.dumps(told))

    monkeypatch.setattr(httpx.AsyncClient, "request", request)
    monkeypatch.setattr(apps("payments").state.settings.gateways, "stripe_api_base", "http://127.0.0.1:1")
    keys = {"secret_key": f"sk_test_{uuid7().hex}", "webhook_secret": "whsec_links", "active": True}
    assert (await desk.ask("PUT", "/gateways/stripe", keys)).status_code == 200
    invoice = await _invoice(desk)
    link = await _link(desk, invoice)
    [(method, url, form, key)] = sent
    assert (method.upper(), url, key) == ("POST", "http://127.0.0.1:1/v1/checkout/sessions", f"{link}:link:1")
    for part in (
        "mode=payment",
        "line_items[0][price_data][unit_amount]=350000",
        "line_items[0][price_data][currency]=lkr",
        f"metadata[careconnect_payment]={link}",
        f"payment_intent_data[metadata][careconnect_payment]={link}",
        f"payment_intent_data[metadata][careconnect_tenant]={tenant_id}",
    ):
        assert part in form.replace("%5B", "[").replace("%5D", "]"), form
    [shown] = await desk.get(f"/invoices/{invoice}/links")
    assert (await desk.ask("PUT", f"/links/{link}/closing")).status_code == 200
    assert (sent[-1][0].upper(), sent[-1][1].rsplit("/v1", 1)[1]) == ("POST", "/checkout/sessions/cs_test_1/expire")
    assert (shown["url"], shown["gateway"], shown["status"]) == (session["url"], "stripe", "open")
    assert (await desk.ask("PUT", f"/payments/{link}/release", {"reason": "moved"})).status_code == 200


async def test_a_link_that_is_looked_at_is_paid_as_soon_as_its_gateway_says_so_and_once(
    desk: Desk, apps: Callable[[str], Any], tenant_id: UUID
) -> None:
    link = await _link(desk, await _invoice(desk), amount=money(100_000))
    unpaid = await desk.ask("PUT", f"/links/{link}/standing")
    assert (unpaid.status_code, unpaid.json()["status"]) == (200, "open")
    await (await apps("payments").state.gateways.of(Actor.system(tenant_id=tenant_id))).pay(link, "pm_card_visa")
    looked = await asyncio.gather(*(desk.ask("PUT", f"/links/{link}/standing") for _ in range(3)))
    assert {answer.json()["status"] for answer in looked} == {"paid"}
    payment = await desk.payment(link)
    assert (payment["status"], payment["captured"]) == ("captured", money(100_000))
    assert (await desk.balances())["gateway_clearing:sandbox"] == 100_000
    assert (await desk.ask("PUT", f"/links/{uuid7()}/standing")).json()["code"] == "payment_link_not_found"


async def test_what_is_paid_at_the_page_of_a_booking_that_was_given_up_goes_back(
    desk: Desk, http: httpx.AsyncClient, apps: Callable[[str], Any], tenant_id: UUID
) -> None:
    invoice = await _invoice(desk)
    link = await _link(desk, invoice)
    assert (await desk.release(link)).status_code == 200
    gateways = apps("payments").state.gateways
    sandbox = await gateways.of(Actor.system(tenant_id=tenant_id))
    await sandbox.pay(link, "pm_card_visa")  # in the moment before the gateway hears that the page is closed
    assert (await desk.ask("POST", f"/invoices/{invoice}/cancellation", {"reason": "pat"})).status_code == 200
    said = {"id": f"evt_{uuid7().hex}", "type": "checkout.paid", "account": str(tenant_id), "created": 1}
    body = json.dumps(said | {"data": {"reference": str(link)}}).encode()
    header = signatures.sign(gateways.sandbox_secrets[0], body, clock.now())
    answer = await http.post("/webhooks/sandbox", content=body, headers={"gateway-signature": header})
    assert answer.status_code == 200, answer.text
    assert answer.json()["paid_appointment"] is None
    charge = await sandbox.find(link)
    assert charge
    assert charge.captured == charge.refunded
    assert await desk.balances() == {}
