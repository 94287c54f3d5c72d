"""Undoing a payment, whatever became of it: no money is kept."""

import asyncio
from typing import Any

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, money, payment_body


async def no_money_is_kept(desk: Desk) -> bool:
    """Tell whether the gateway holds nothing and the ledger is empty."""
    held = [one for one in await desk.charges() if one["status"] == "authorised"]
    kept = [one for one in await desk.charges() if one["captured"] != one["refunded"]]
    return not held and not kept and await desk.balances() == {}


async def test_releasing_an_authorised_payment_voids_it_and_cancels_its_invoice(desk: Desk) -> None:
    payment_id = await desk.authorised()
    for _ in range(2):
        answer = await desk.release(payment_id, cancel_invoice=True)
        assert (answer.status_code, answer.json()["status"]) == (200, "voided")
    assert (await desk.get(f"/invoices/{answer.json()['invoice_id']}"))["status"] == "cancelled"
    assert await no_money_is_kept(desk)


async def test_releasing_a_captured_payment_returns_all_that_is_left(desk: Desk) -> None:
    payment_id = await desk.captured()
    await desk.refund(payment_id, 50_000)
    for _ in range(2):
        answer = await desk.release(payment_id, cancel_invoice=True)
        assert answer.status_code == 200
    assert answer.json()["refunded"] == money(350_000)
    assert [one["amount"]["amount"] for one in await desk.get(f"/payments/{payment_id}/refunds")] == [50_000, 300_000]
    assert await no_money_is_kept(desk)


async def test_releasing_a_declined_payment_only_cancels_its_invoice(desk: Desk) -> None:
    payment_id = uuid7()
    await desk.pay(payment_id, payment_body(card="pm_card_chargeDeclined"))
    answer = await desk.release(payment_id, cancel_invoice=True)
    assert (answer.status_code, answer.json()["status"]) == (200, "declined")
    assert await no_money_is_kept(desk)


async def test_releasing_cash_writes_down_that_it_was_given_back(desk: Desk) -> None:
    payment_id = uuid7()
    await desk.pay(payment_id, payment_body(method="cash", card=None))
    assert (await desk.release(payment_id, cancel_invoice=True)).json()["refunded"] == money(350_000)
    assert await no_money_is_kept(desk)


async def test_releasing_what_never_happened_is_harmless_and_keeps_a_late_request_out(desk: Desk) -> None:
    payment_id = uuid7()
    for _ in range(2):
        assert (await desk.release(payment_id, cancel_invoice=True)).status_code == 200
    late = await desk.pay(payment_id, payment_body())
    assert (late.status_code, late.json()["code"]) == (409, "payment_released")
    assert await desk.charges() == []


async def test_a_charge_that_nobody_wrote_down_is_let_go_and_then_written_down(desk: Desk) -> None:
    payment_id = uuid7()
    # The connection drops after the charge, and the one who asked never comes back.
    assert (await desk.pay(payment_id, payment_body(card="pm_sandbox_flaky"))).status_code == 503
    assert (await desk.charges())[0]["status"] == "authorised"
    answer = await desk.release(payment_id, cancel_invoice=True)
    assert (answer.status_code, answer.json()["status"], answer.json()["amount"]) == (200, "voided", money(350_000))
    assert answer.json()["gateway_reference"] == (await desk.charges())[0]["id"]
    assert await no_money_is_kept(desk)


async def test_a_request_that_is_still_at_the_gateway_while_it_is_released_keeps_nothing(
    desk: Desk, apps: Any, monkeypatch: Any
) -> None:
    payment_id, arrived, released = uuid7(), asyncio.Event(), asyncio.Event()

    async def pause(_: float) -> None:
        arrived.set()
        await released.wait()

    monkeypatch.setattr(apps("payments").state.gateways, "pause", pause)
    slow = asyncio.create_task(desk.pay(payment_id, payment_body(card="pm_sandbox_slow")))
    await arrived.wait()
    assert (await desk.release(payment_id)).status_code == 200
    released.set()
    answer = await slow
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_released")
    assert await no_money_is_kept(desk)
    assert (await desk.payment(payment_id))["status"] == "voided"


async def test_a_release_at_the_same_time_as_its_request_keeps_nothing(desk: Desk) -> None:
    for _ in range(6):
        payment_id = uuid7()
        paid, released = await asyncio.gather(desk.pay(payment_id, payment_body()), desk.release(payment_id))
        assert paid.status_code in {201, 200, 409}
        assert released.status_code == 200
        assert (await desk.payment(payment_id))["status"] == "voided"
    assert not [one for one in await desk.charges() if one["status"] != "voided"]


async def test_a_release_at_the_same_time_as_a_capture_keeps_nothing(desk: Desk) -> None:
    for _ in range(6):
        payment_id = await desk.authorised()
        answers = await asyncio.gather(
            desk.capture(payment_id), *(desk.release(payment_id, cancel_invoice=True) for _ in range(3))
        )
        assert {answer.status_code for answer in answers[1:]} == {200}
    assert await no_money_is_kept(desk)


async def test_an_invoice_that_another_payment_holds_money_for_is_not_cancelled(desk: Desk) -> None:
    body = payment_body(100_000) | {"amount": money(40_000)}
    first, second = uuid7(), uuid7()
    await desk.pay(first, body)
    cash = {"invoice_id": body["invoice"]["id"], "method": "cash", "amount": money(60_000)}
    await desk.pay(second, cash)
    answer = await desk.release(first, cancel_invoice=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "invoice_holds_money")
    assert (await desk.payment(first))["status"] == "voided"
    assert (await desk.payment(second))["refunded"] == money(0)
