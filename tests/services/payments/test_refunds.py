"""Returning money."""

import asyncio

import pytest

from careconnect.ids import uuid7
from services.payments.gateways.sandbox import SandboxGateway
from tests.services.payments.conftest import Desk, money, payment_body


async def test_a_refund_without_an_amount_returns_all_that_is_left(desk: Desk) -> None:
    payment_id = await desk.captured()
    await desk.refund(payment_id, 50_000)
    answer = await desk.refund(payment_id)
    assert answer.status_code == 201
    refund = answer.json()
    assert (refund["status"], refund["amount"], refund["reason"]) == ("succeeded", money(300_000), "moved away")
    payment = await desk.payment(payment_id)
    assert (payment["status"], payment["refunded"]) == ("captured", money(350_000))
    (charge,) = await desk.charges()
    assert {one["reference"] for one in charge["refunds"]} == {
        one["id"] for one in await desk.get(f"/payments/{payment_id}/refunds")
    }


async def test_a_refund_is_a_credit_and_the_patient_does_not_owe_again(desk: Desk) -> None:
    payment_id = await desk.captured()
    await desk.refund(payment_id, 100_000)
    invoice_id = (await desk.payment(payment_id))["invoice_id"]
    invoice = await desk.get(f"/invoices/{invoice_id}")
    assert (invoice["status"], invoice["due"], invoice["refunded"]) == ("balanced", money(0), money(100_000))
    assert await desk.balances() == {"gateway_clearing:sandbox": 250_000, "refunds": 100_000, "deposits": -350_000}


async def test_a_repeated_refund_returns_the_money_once(desk: Desk) -> None:
    payment_id, refund_id = await desk.captured(), uuid7()
    first = await desk.refund(payment_id, 10_000, refund_id)
    second = await desk.refund(payment_id, 10_000, refund_id)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    other = await desk.refund(payment_id, 20_000, refund_id)
    assert other.json()["code"] == "idempotency_conflict"
    assert (await desk.payment(payment_id))["refunded"] == money(10_000)


async def test_parallel_refunds_never_return_more_than_was_captured(desk: Desk) -> None:
    payment_id = await desk.captured(100_000)
    answers = await asyncio.gather(*(desk.refund(payment_id, 30_000) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7
    assert {answer.json().get("code") for answer in answers} == {None, "refund_exceeds_captured"}
    (charge,) = await desk.charges()
    assert charge["refunded"] == (await desk.payment(payment_id))["refunded"] == money(90_000)


async def test_ten_parallel_posts_of_one_refund_return_the_money_once(desk: Desk) -> None:
    payment_id, refund_id = await desk.captured(100_000), uuid7()
    answers = await asyncio.gather(*(desk.refund(payment_id, 30_000, refund_id) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    (charge,) = await desk.charges()
    assert charge["refunded"] == money(30_000)


async def test_only_captured_money_can_be_returned(desk: Desk) -> None:
    answer = await desk.refund(await desk.authorised())
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_state")


async def test_cash_is_returned_without_a_gateway(desk: Desk) -> None:
    payment_id = uuid7()
    await desk.pay(payment_id, payment_body(method="cash", card=None))
    assert (await desk.refund(payment_id)).json()["status"] == "succeeded"
    assert await desk.balances() == {"refunds": 350_000, "deposits": -350_000}


async def test_a_refund_is_read_only_under_its_own_payment(desk: Desk) -> None:
    payment_id, other, refund_id = await desk.captured(), await desk.captured(), uuid7()
    await desk.refund(payment_id, 10_000, refund_id)
    assert (await desk.get(f"/payments/{payment_id}/refunds/{refund_id}"))["amount"] == money(10_000)
    assert (await desk.ask("GET", f"/payments/{other}/refunds/{refund_id}")).json()["code"] == "refund_not_found"
    stolen = await desk.refund(other, 10_000, refund_id)
    assert stolen.json()["code"] == "idempotency_conflict"


async def test_what_is_on_its_way_back_is_told_until_it_is_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    payment_id, refund_id = await desk.captured(), uuid7()

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dead:
        dead.setattr(SandboxGateway, "refund", die)
        assert (await desk.refund(payment_id, 50_000, refund_id)).status_code == 503
    payment = await desk.payment(payment_id)
    assert (payment["refunding"], payment["refunded"]) == (money(50_000), money(0))
    await desk.refund(payment_id, 50_000, refund_id)
    payment = await desk.payment(payment_id)
    assert (payment["refunding"], payment["refunded"]) == (None, money(50_000))


async def test_a_refund_says_why_in_so_many_words(desk: Desk) -> None:
    payment_id, refund_id = await desk.captured(), uuid7()
    path = f"/payments/{payment_id}/refunds/{refund_id}"
    for reason in ("", "  ", "\t"):
        answer = await desk.ask("PUT", path, {"amount": money(1_000), "reason": reason})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "reason")
    answer = await desk.ask("PUT", path, {"amount": money(1_000), "reason": " moved away "})
    assert answer.json()["reason"] == "moved away"
