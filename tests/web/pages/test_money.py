"""Taking and returning money through forms."""

import asyncio
import re
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from careconnect import clock
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.embedded.ports import pick
from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.schemas import Payment
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page
from tests.web.pages.test_booking import wish
from web.pages.paying import line


async def owed(clinic: Clinic) -> str:
    """Book a visit that is paid later, and give its invoice."""
    booked = await clinic.booked(card=None, payment={"method": "at_desk"})
    found: str = booked["invoice"]["id"]
    return found


async def test_cash_settles_an_invoice(front_desk: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    assert page.form("/billing/payments").fields["amount"] == "3500.00"
    answer = await front_desk.send(page, "/billing/payments", method="cash")
    assert answer.headers["location"] == f"/billing/invoices/{invoice}", Page(answer.text).text
    assert "Payment taken" in (await front_desk.read(f"/billing/invoices/{invoice}")).text


async def test_a_declined_card_is_an_answer_in_the_form(front_desk: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    answer = await front_desk.send(page, "/billing/payments", method="card", token="pm_card_chargeDeclined")
    again = Page(answer.text)
    assert answer.status_code == 402
    assert "Nothing was charged" in again.text
    failed = await front_desk.read("/billing?status=failed")
    assert any(invoice in one for one in failed.links), "a declined payment is a failed one to staff"
    paid = await front_desk.send(again, "/billing/payments", method="card", token="pm_card_visa")
    assert paid.status_code == 303


async def test_ten_clicks_on_take_payment_charge_the_card_once(front_desk: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    answers = await asyncio.gather(
        *(front_desk.send(page, "/billing/payments", method="card", token="pm_card_visa") for _ in range(10))
    )
    assert {answer.headers.get("location") for answer in answers} == {f"/billing/invoices/{invoice}"}
    reader = Actor.system("payments:read", tenant_id=clinic.tenant_id)
    taken = await clinic.gateway.payments.list_payments(reader, invoice_id=UUID(invoice))
    assert [one.status for one in taken.items] == ["captured"]
    charges = await clinic.gateway.payments.gateway_charges(reader, limit=200)
    assert len([one for one in charges.items if one.reference == taken.items[0].id]) == 1


async def test_keys_of_a_gateway_are_typed_and_never_shown_again(edge: FastAPI, http: httpx.AsyncClient) -> None:
    newest = await Clinic.begin(edge, http)
    owner, front_desk = [await Desk.open(edge, newest, role) for role in ("owner", "front_desk")]
    action = "/settings/payments/stripe"
    assert (await front_desk.http.get(action)).status_code == 403
    page = await owner.read(action)
    missing = await owner.send(page, action, active="true", secret_key="sk_test_typed_here")
    assert missing.status_code == 422
    assert Page(missing.text).having("id", "gateway-webhook_secret-error")
    assert "typed_here" not in missing.text
    saved = await owner.send(page, action, secret_key="sk_test_typed_here", webhook_secret="whsec_typed_here")
    assert saved.status_code == 303
    shown = await owner.read("/settings/payments")
    assert "Set" in shown.text
    assert "Working" in shown.text
    assert "typed_here" not in shown.text + (await owner.read(action)).text


async def test_with_a_gateway_of_the_real_world_no_screen_asks_for_a_card(
    edge: FastAPI, http: httpx.AsyncClient, edge_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_settings.gateways, "stripe_api_base", f"http://127.0.0.1:{pick()}")
    newest = await Clinic.begin(edge, http)
    invoice = await owed(newest)
    front_desk, owner = await Desk.open(edge, newest, "front_desk"), await Desk.open(edge, newest, "owner")
    keys = {"secret_key": "sk_test_1", "webhook_secret": "whsec_1", "active": "true"}
    saved = await owner.send(await owner.read("/settings/payments/stripe"), "/settings/payments/stripe", keys)
    assert saved.status_code == 303
    edge.state.known.forget(owner_of(newest))
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    assert "pm_card" not in str(page.tags)
    assert "At the gateway's own page" in page.text
    refused = await front_desk.send(page, "/billing/payments", method="online_link")
    assert refused.status_code == 503, "nobody answers at the address, and nothing but the page was asked for"
    offer = await front_desk.read(f"/appointments/new/offer?{urlencode(await wish(newest))}", part="offer")
    [chosen] = [said for said in offer.having("name", "pay") if "checked" in said]
    assert chosen["value"] == "link", "the policy wants the money now, and the gateway takes it at its page"
    assert {said["value"] for said in offer.having("name", "pay")} == {"link", "at_desk"}
    assert "pm_card" not in str(offer.tags)


def owner_of(clinic: Clinic) -> Actor:
    return Actor.system("payments:read", tenant_id=clinic.tenant_id)


async def test_an_amount_that_is_none_or_too_much_stands_beside_its_field(front_desk: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    page = await front_desk.read(f"/billing/payments/new?invoice_id={invoice}")
    for amount in ("", "0", "-5", "12.345", "plenty"):
        answer = await front_desk.send(page, "/billing/payments", method="cash", amount=amount)
        assert answer.status_code == 422, amount
        assert Page(answer.text).having("id", "payment-amount-error"), amount
    answer = await front_desk.send(page, "/billing/payments", method="cash", amount="999,999.00")
    assert "more than" in Page(answer.text).text


async def test_what_is_reserved_on_a_card_is_taken_or_let_go_on_the_page_of_its_invoice(
    owner: Desk, clinic: Clinic
) -> None:
    for verb, status in (("capture", "captured"), ("void", "voided")):
        invoice = await owed(clinic)
        due = (await clinic.get(f"/payments/invoices/{invoice}")).json()["due"]
        body = {"invoice_id": invoice, "method": "card", "token": "pm_card_visa", "amount": due, "capture": False}
        payment = (await clinic.post("/payments", json=body)).json()
        home, action = f"/billing/invoices/{invoice}", f"/billing/payments/{payment['id']}/{verb}"
        page = await owner.read(home)
        for _ in range(2):
            assert (await owner.send(page, action)).headers["location"] == home
        assert (await clinic.get(f"/payments/{payment['id']}")).json()["status"] == status
        assert action not in (await owner.read(home)).html


async def test_a_part_of_what_is_reserved_is_taken_once_and_the_rest_released(owner: Desk, clinic: Clinic) -> None:
    invoice = await owed(clinic)
    due = (await clinic.get(f"/payments/invoices/{invoice}")).json()["due"]
    body = {"invoice_id": invoice, "method": "card", "token": "pm_card_visa", "amount": due, "capture": False}
    payment = (await clinic.post("/payments", json=body)).json()
    home, action = f"/billing/invoices/{invoice}", f"/billing/payments/{payment['id']}/capture"
    assert "LKR 3,500.00 is reserved on the card" in (await owner.read(home)).text
    page = await owner.read(action)
    assert page.form(action).fields["amount"] == "3500.00"
    for amount in ("3,500.01", "0", "twelve", ""):
        answer = await owner.send(page, action, amount=amount)
        assert answer.status_code == 422, amount
        assert Page(answer.text).having("id", "capture-amount-error"), amount
    answers = await asyncio.gather(*(owner.send(page, action, amount="1,250.50") for _ in range(3)))
    assert {one.headers.get("location") for one in answers} == {home}
    kept = (await clinic.get(f"/payments/{payment['id']}")).json()
    assert (kept["status"], kept["amount"]["amount"], kept["captured"]["amount"]) == ("captured", 350_000, 125_050)
    assert (await clinic.get(f"/payments/invoices/{invoice}")).json()["due"]["amount"] == 350_000 - 125_050
    shown = (await owner.read(home)).text
    assert "LKR 3,500.00 was reserved, LKR 2,249.50 of it released" in shown
    other = await owner.send(page, action, amount="100")
    assert (other.status_code, "status does not allow" in Page(other.text).text) == (409, True)


async def test_a_refund_needs_a_reason_and_happens_once(owner: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    action = f"/billing/payments/{booked['payment']['id']}/refund"
    page = await owner.read(action)
    refused = await owner.send(page, action, amount="500.00")
    assert refused.status_code == 422
    assert Page(refused.text).having("id", "refund-reason-error")
    for _ in range(2):
        answer = await owner.send(page, action, amount="500.00", reason="Shorter visit")
        assert answer.status_code == 303, Page(answer.text).text
    invoice = (await owner.read(answer.headers["location"])).text
    assert invoice.count("Shorter visit") == 1


async def test_the_front_desk_returns_no_money(front_desk: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    assert (await front_desk.http.get(f"/billing/payments/{booked['payment']['id']}/refund")).status_code == 403
    assert "Refund" not in (await front_desk.read(f"/billing/invoices/{booked['invoice']['id']}")).text


async def test_the_sums_are_those_of_the_day_the_week_or_the_month(front_desk: Desk, clinic: Clinic) -> None:
    await clinic.booked()
    for period, words in (("", "This month"), ("day", "Today"), ("week", "This week")):
        page = await front_desk.read(f"/billing?period={period}")
        assert page.having("aria-current", "true")
        assert words in page.text
        paid = re.search(r"Paid (LKR [\d,]+)", page.text)
        assert paid
        assert paid[1] != "LKR 0"


def test_what_is_on_its_way_back_is_not_offered_once_more() -> None:
    said = {"id": uuid7(), "method": "card", "status": "captured", "gateway": "sandbox", "created_at": clock.now()}
    unknown = ("invoice_id", "invoice_number", "appointment_id", "patient_id", "decline_code", "gateway_reference")
    said |= dict.fromkeys((*unknown, "captured_at"))
    amounts = {"amount": 350_000, "captured": 350_000, "refunded": 100_000, "refunding": 250_000}
    said |= {name: Money(amount=amount, currency="LKR") for name, amount in amounts.items()}
    shown = line(Payment.model_validate(said | {"version": 1}))
    assert (shown.refundable.amount, shown.refunded_in_full) == (0, False)
    assert "2,500.00 is on its way back" in shown.note


async def test_sums_and_lists_are_those_of_the_period_in_the_address(front_desk: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    invoice = "/billing/invoices/" + booked["invoice"]["id"]
    for show in ("payments", "invoices"):
        page = await front_desk.read(f"/billing?show={show}")
        assert invoice in page.links
        (before,) = [one["href"] for one in page.having("aria-label", "The period before")]
        assert "day=" in before
        earlier = await front_desk.read(before)
        assert "Nothing here yet" in earlier.text
        assert "Paid LKR 0" in earlier.text
        (again,) = [one["href"] for one in earlier.having("aria-label", "The period after")]
        assert "day=" not in again
    await front_desk.read("/billing?period=week&day=9999-99-99")


async def test_payments_of_which_money_went_back_are_found(owner: Desk, clinic: Clinic) -> None:
    booked = await clinic.booked()
    invoice = f"/billing/invoices/{booked['invoice']['id']}"
    assert invoice in (await owner.read("/billing")).links
    assert invoice not in (await owner.read("/billing?status=refunded")).links
    action = f"/billing/payments/{booked['payment']['id']}/refund"
    await owner.send(await owner.read(action), action, amount="500.00", reason="Shorter visit")
    assert invoice in (await owner.read("/billing?status=refunded")).links


async def test_billing_shows_one_currency_at_a_time_and_keeps_the_choice(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    clinic = await Clinic.begin(edge, http)
    desk = await Desk.open(edge, clinic, "front_desk")
    assert not [one for one in (await desk.read("/billing")).links if "currency=" in one]
    for currency, amount in (("LKR", 350_000), ("USD", 4_500)):
        money = {"amount": amount, "currency": currency}
        lines = [{"description": "Travel vaccination", "unit": money}]
        invoice = await clinic.made("/payments/invoices", {"patient_id": await clinic.patient(), "lines": lines})
        await clinic.made("/payments", {"invoice_id": invoice, "method": "cash", "amount": money})
    own = (await desk.read("/billing")).text
    assert "LKR 3,500" in own
    assert "45.00" not in own
    page = await desk.read("/billing?currency=USD")
    assert "Paid US$45 1 payment" in page.text
    assert "3,500" not in page.text
    kept = [one for one in page.links if one.startswith("/billing?")]
    assert len([one for one in kept if "currency=USD" in one]) >= 5
    assert page.form("/billing").fields["currency"] == "USD"
    invoices = (await desk.read("/billing?show=invoices&currency=USD")).text
    assert "US$45.00" in invoices
    assert "3,500" not in invoices
    assert (await desk.read("/billing?currency=EUR")).text == own


async def test_a_discount_is_typed_in_the_currency_of_its_invoice(owner: Desk, clinic: Clinic) -> None:
    lines = [{"description": "Travel vaccination", "unit": {"amount": 4_500, "currency": "USD"}}]
    invoice = await clinic.made("/payments/invoices", {"patient_id": await clinic.patient(), "lines": lines})
    action = f"/billing/invoices/{invoice}/discount"
    answer = await owner.send(await owner.read(action), action, kind="amount", amount="5.00", reason="Staff")
    assert answer.status_code == 303, Page(answer.text).text
    due = (await clinic.get(f"/payments/invoices/{invoice}")).json()["due"]
    assert due == {"amount": 4_000, "currency": "USD"}
