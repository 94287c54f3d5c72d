"""Taking authorised money, and letting it go."""

import asyncio

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, money, payment_body


async def test_a_capture_takes_all_and_balances_the_invoice(desk: Desk) -> None:
    payment_id = await desk.authorised()
    answer = await desk.capture(payment_id)
    assert answer.status_code == 200
    payment = answer.json()
    assert (payment["status"], payment["captured"]) == ("captured", money(350_000))
    assert payment["captured_at"] is not None
    invoice = await desk.get(f"/invoices/{payment['invoice_id']}")
    assert (invoice["status"], invoice["paid"], invoice["due"]) == ("balanced", money(350_000), money(0))
    assert await desk.balances() == {"gateway_clearing:sandbox": 350_000, "deposits": -350_000}


async def test_ten_parallel_captures_take_the_money_once(desk: Desk) -> None:
    payment_id = await desk.authorised()
    answers = await asyncio.gather(*(desk.capture(payment_id) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["captured"]["amount"] for answer in answers} == {350_000}
    (charge,) = await desk.charges()
    assert charge["captured"] == money(350_000)
    assert await desk.balances() == {"gateway_clearing:sandbox": 350_000, "deposits": -350_000}


async def test_a_part_may_be_captured_and_the_rest_is_due_again(desk: Desk) -> None:
    payment_id = await desk.authorised(100_000)
    payment = (await desk.capture(payment_id, 30_000)).json()
    assert (payment["status"], payment["captured"]) == ("captured", money(30_000))
    invoice = await desk.get(f"/invoices/{payment['invoice_id']}")
    assert (invoice["status"], invoice["due"]) == ("issued", money(70_000))
    cash = {"invoice_id": payment["invoice_id"], "method": "cash", "amount": money(70_000)}
    assert (await desk.pay(uuid7(), cash)).status_code == 201


async def test_a_second_capture_of_another_amount_is_refused(desk: Desk) -> None:
    payment_id = await desk.authorised(100_000)
    await desk.capture(payment_id, 30_000)
    assert (await desk.capture(payment_id, 70_000)).json()["code"] == "payment_state"


async def test_no_more_is_captured_than_was_authorised(desk: Desk) -> None:
    payment_id = await desk.authorised(100_000)
    answer = await desk.capture(payment_id, 100_001)
    assert (answer.status_code, answer.json()["code"]) == (409, "amount_exceeds_authorised")


async def test_what_is_not_authorised_cannot_be_captured(desk: Desk) -> None:
    declined = uuid7()
    await desk.pay(declined, payment_body(card="pm_card_chargeDeclined"))
    assert (await desk.capture(declined)).json()["code"] == "payment_state"
    assert (await desk.capture(uuid7())).json()["code"] == "payment_not_found"


async def test_a_void_lets_the_money_go_and_the_invoice_is_open_again(desk: Desk) -> None:
    payment_id = await desk.authorised()
    for _ in range(2):
        answer = await desk.void(payment_id)
        assert (answer.status_code, answer.json()["status"]) == (200, "voided")
    (charge,) = await desk.charges()
    assert charge["status"] == "voided"
    again = {"invoice_id": answer.json()["invoice_id"], "method": "cash", "amount": money(350_000)}
    assert (await desk.pay(uuid7(), again)).status_code == 201
    assert (await desk.capture(payment_id)).json()["code"] == "payment_state"


async def test_captured_money_cannot_be_voided(desk: Desk) -> None:
    answer = await desk.void(await desk.captured())
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_state")


async def test_voiding_what_never_was_is_harmless_and_closes_the_door(desk: Desk) -> None:
    payment_id = uuid7()
    assert (await desk.void(payment_id)).json()["status"] == "voided"
    answer = await desk.pay(payment_id, payment_body())
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_released")
    assert await desk.charges() == []
    assert (await desk.get("/payments"))["items"] == []


async def test_of_a_void_and_a_capture_at_the_same_time_one_wins_and_the_books_agree(desk: Desk) -> None:
    for _ in range(5):
        payment_id = await desk.authorised()
        await asyncio.gather(desk.void(payment_id), desk.capture(payment_id))
        payment = await desk.payment(payment_id)
        (charge,) = [one for one in await desk.charges() if one["reference"] == str(payment_id)]
        assert payment["status"] == charge["status"] in {"voided", "captured"}
        assert payment["captured"] == charge["captured"]
