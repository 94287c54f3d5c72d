"""Collecting money by card and at the desk."""

import asyncio
import re

import pytest

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, invoice_body, money, payment_body


async def test_a_card_payment_issues_its_invoice_and_reserves_the_money(desk: Desk) -> None:
    payment_id, body = uuid7(), payment_body()
    answer = await desk.pay(payment_id, body)
    assert answer.status_code == 201
    payment = answer.json()
    assert payment["status"] == "authorised"
    assert payment["captured"] == money(0)
    assert re.fullmatch(r"INV-\d{4}-000001", payment["invoice_number"])
    invoice = await desk.get(f"/invoices/{payment['invoice_id']}")
    assert invoice["status"] == "issued"
    assert invoice["due"] == invoice["total"] == money(350_000)
    assert invoice["lines"][0]["description"] == "Consultation"
    (charge,) = await desk.charges()
    assert charge["reference"] == str(payment_id)
    assert charge["status"] == "authorised"


async def test_a_repeated_request_gives_the_same_answer_and_charges_once(desk: Desk) -> None:
    payment_id, body = uuid7(), payment_body()
    first, second = await desk.pay(payment_id, body), await desk.pay(payment_id, body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert len(await desk.charges()) == 1


async def test_the_same_id_with_another_request_is_refused(desk: Desk) -> None:
    payment_id = await desk.authorised()
    answer = await desk.pay(payment_id, payment_body(1_000))
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_conflict"


async def test_ten_parallel_identical_posts_charge_once_and_all_hear_the_same(desk: Desk) -> None:
    payment_id, body = uuid7(), payment_body()
    answers = await asyncio.gather(*(desk.pay(payment_id, body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert len(await desk.charges()) == 1
    assert await desk.balances() == {"receivables": 350_000, "deposits": -350_000}


async def test_ten_payments_of_one_invoice_never_reserve_more_than_it_asks(desk: Desk) -> None:
    invoice_id = uuid7()
    await desk.ask("PUT", f"/invoices/{invoice_id}", invoice_body(350_000))
    body = {"invoice_id": str(invoice_id), "method": "card", "token": "pm_card_visa", "amount": money(350_000)}
    answers = await asyncio.gather(*(desk.pay(uuid7(), body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    held = [charge for charge in await desk.charges() if charge["status"] == "authorised"]
    assert len(held) == 1


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ],
)
async def test_a_decline_is_recorded_answered_with_402_and_not_asked_for_again(
    desk: Desk, token: str, code: str
) -> None:
    payment_id, body = uuid7(), payment_body(card=token)
    first, second = await desk.pay(payment_id, body), await desk.pay(payment_id, body)
    assert first.status_code == second.status_code == 402
    assert first.json() == second.json()
    assert (first.json()["code"], first.json()["decline_code"]) == ("card_declined", code)
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["decline_code"]) == ("declined", code)
    (charge,) = await desk.charges()
    assert charge["status"] == "declined"


async def test_a_declined_invoice_can_be_paid_with_another_card(desk: Desk) -> None:
    body = payment_body(card="pm_card_chargeDeclined")
    await desk.pay(uuid7(), body)
    answer = await desk.pay(uuid7(), body | {"token": "pm_card_visa"})
    assert answer.status_code == 201
    assert answer.json()["invoice_id"] == body["invoice"]["id"]


async def test_an_invoice_is_numbered_once_even_when_two_cards_race_for_it(desk: Desk) -> None:
    body = payment_body(card="pm_card_chargeDeclined")
    ids = [uuid7() for _ in range(6)]
    answers = await asyncio.gather(*(desk.pay(one, body) for one in ids))
    assert {answer.status_code for answer in answers} == {402}
    following = (await desk.pay(uuid7(), payment_body())).json()
    assert following["invoice_number"].endswith("-000002")


@pytest.mark.parametrize("method", ["cash", "card_terminal", "bank_transfer", "insurance"])
async def test_money_at_the_desk_is_captured_at_once_without_a_gateway(desk: Desk, method: str) -> None:
    answer = await desk.pay(uuid7(), payment_body(method=method, card=None))
    assert answer.status_code == 201
    payment = answer.json()
    assert (payment["status"], payment["captured"], payment["gateway"]) == ("captured", money(350_000), "desk")
    assert (await desk.get(f"/invoices/{payment['invoice_id']}"))["status"] == "balanced"
    assert await desk.charges() == []


async def test_an_invoice_may_be_paid_in_parts_by_several_methods(desk: Desk) -> None:
    invoice_id = uuid7()
    await desk.ask("PUT", f"/invoices/{invoice_id}", invoice_body(100_000))
    cash = {"invoice_id": str(invoice_id), "method": "cash", "amount": money(40_000)}
    assert (await desk.pay(uuid7(), cash)).status_code == 201
    assert (await desk.get(f"/invoices/{invoice_id}"))["due"] == money(60_000)
    too_much = cash | {"amount": money(60_001)}
    assert (await desk.pay(uuid7(), too_much)).json()["code"] == "amount_exceeds_due"
    card = cash | {"method": "card", "token": "pm_card_visa", "amount": money(60_000)}
    payment_id = uuid7()
    await desk.pay(payment_id, card)
    await desk.capture(payment_id)
    invoice = await desk.get(f"/invoices/{invoice_id}")
    assert (invoice["status"], invoice["due"]) == ("balanced", money(0))
    accounts = await desk.balances()
    assert accounts == {"cash": 40_000, "gateway_clearing:sandbox": 60_000, "deposits": -100_000}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": money(350_001)}, "amount_exceeds_due"),
        ({"amount": money(350_000, "USD")}, "invalid_input"),
        ({"amount": money(0)}, "invalid_input"),
        ({"token": None}, "invalid_input"),
        ({"token": "pm_card_unheard_of"}, "invalid_input"),
        ({"method": "cash"}, "invalid_input"),
        ({"invoice": None}, "invalid_input"),
        ({"invoice": None, "invoice_id": str(uuid7())}, "invoice_not_found"),
        ({"surprise": 1}, "invalid_input"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_and_nobody_is_charged(
    desk: Desk, change: dict[str, object], code: str
) -> None:
    answer = await desk.pay(uuid7(), payment_body() | change)
    assert answer.status_code in {404, 409, 422}
    assert answer.json()["code"] == code
    assert await desk.charges() == []
