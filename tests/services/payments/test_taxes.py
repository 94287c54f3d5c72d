"""Taxes by line, discounts with a reason, and money beyond what is due."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, invoice_body, money

CODE = "patient_credit_too_small"


def line(unit: int, quantity: int = 1, rate: int | None = None, *, inclusive: bool = True) -> dict[str, Any]:
    said: dict[str, Any] = {"description": "Consultation", "quantity": quantity, "unit": money(unit)}
    return said | ({} if rate is None else {"tax": {"name": "VAT", "rate": rate, "inclusive": inclusive}})


async def issue(desk: Desk, *lines: dict[str, Any], **also: Any) -> dict[str, Any]:
    answer = await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(1, lines=list(lines), **also))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def take_off(desk: Desk, invoice: dict[str, Any], how: dict[str, Any], key: UUID | None = None) -> httpx.Response:
    return await desk.ask(
        "PUT", f"/invoices/{invoice['id']}/discounts/{key or uuid7()}", {"reason": "Staff member"} | how
    )


async def pay(desk: Desk, invoice: dict[str, Any], amount: int, method: str = "cash", **also: Any) -> httpx.Response:
    body = {"invoice_id": invoice["id"], "method": method, "amount": money(amount)} | also
    return await desk.pay(uuid7(), body)


def amounts(invoice: dict[str, Any]) -> dict[str, int]:
    return {name: (invoice[name] or {"amount": 0})["amount"] for name in ("total", "tax", "paid", "due")}


async def test_each_line_has_its_tax_and_the_ledger_owes_it_to_the_state(desk: Desk) -> None:
    made = await issue(desk, line(118_00, rate=1800), line(33_33, 3, rate=750, inclusive=False), line(500))
    told = [
        (one["total"]["amount"], (one["tax"] or {"amount": {"amount": 0}})["amount"]["amount"]) for one in made["lines"]
    ]
    assert told == [(11800, 1800), (9999 + 750, 750), (500, 0)]
    assert amounts(made) == {"total": 23049, "tax": 2550, "paid": 0, "due": 23049}
    assert await desk.balances() == {"receivables": 23049, "deposits": -20499, "tax": -2550}
    await desk.ask("POST", f"/invoices/{made['id']}/cancellation", {"reason": "pat"})
    assert await desk.balances() == {}


async def test_a_discount_lowers_price_and_tax_and_is_told_with_its_reason(desk: Desk) -> None:
    made = await issue(desk, line(10_000, rate=1000, inclusive=False), line(3333))
    key = uuid7()
    answers = [await take_off(desk, made, {"percent": 25}, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    lower = answers[0].json()
    assert amounts(lower) == {"total": 8250 + 2500, "tax": 750, "paid": 0, "due": 10750}
    (told,) = lower["discounts"]
    assert (told["percent"], told["amount"]["amount"], told["reason"]) == (25, 14333 - 10750, "Staff member")
    assert (await take_off(desk, made, {"percent": 20}, key)).json()["code"] == "idempotency_conflict"
    assert await desk.balances() == {
        "receivables": 10750, "deposits": -13333, "discounts": 3333, "tax": -750,
    }  # fmt: skip
    await desk.ask("POST", f"/invoices/{made['id']}/cancellation", {"reason": "pat"})
    assert await desk.balances() == {}


async def test_a_discount_by_amount_is_shared_out_to_the_last_unit(desk: Desk) -> None:
    made = await issue(desk, line(100), line(100), line(101))
    lower = (await take_off(desk, made, {"amount": money(100)})).json()
    assert [one["discount"]["amount"] for one in lower["lines"]] == [33, 33, 34]
    assert amounts(lower)["total"] == 201


@pytest.mark.parametrize("how", [{"percent": 51}, {"amount": money(5001)}, {"amount": money(10_001)}])
async def test_a_discount_never_reaches_into_what_was_paid(desk: Desk, how: dict[str, Any]) -> None:
    made = await issue(desk, line(10_000))
    await pay(desk, made, 5000)
    refused = await take_off(desk, made, how)
    assert (refused.status_code, refused.json()["code"]) == (409, "discount_exceeds_due")
    balanced = (await take_off(desk, made, {"percent": 50})).json()
    assert (balanced["status"], amounts(balanced)["due"]) == ("balanced", 0)
    assert (await take_off(desk, made, {"percent": 1})).json()["code"] == "invoice_state"


async def test_more_than_is_due_is_refused_unless_it_becomes_credit(desk: Desk) -> None:
    made = await issue(desk, line(10_000))
    assert (await pay(desk, made, 12_500)).json()["code"] == "amount_exceeds_due"
    paid = (await pay(desk, made, 12_500, "bank_transfer", surplus="credit")).json()
    assert (paid["captured"]["amount"], paid["surplus"]["amount"]) == (12_500, 2500)
    assert await desk.balances() == {"bank": 12_500, "deposits": -10_000, "patient_credits": -2500}
    credit = await desk.get(f"/patients/{made['patient_id']}/credit")
    assert credit == [{"patient_id": made["patient_id"], "credit": money(2500)}]


async def test_a_credit_pays_a_later_invoice_and_no_more_than_there_is(desk: Desk) -> None:
    made = await issue(desk, line(10_000))
    first = (await pay(desk, made, 12_500, surplus="credit")).json()
    later = await issue(desk, line(4000), patient_id=made["patient_id"])
    refused = await pay(desk, later, 4000, "patient_credit")
    assert (refused.status_code, refused.json()["code"], refused.json()["credit"]) == (
        409,
        "patient_credit_too_small",
        2500,
    )
    spent = (await pay(desk, later, 2000, "patient_credit")).json()
    assert await desk.get(f"/patients/{made['patient_id']}/credit") == [
        {"patient_id": made["patient_id"], "credit": money(500)}
    ]
    # What was used is not returned as surplus; what was not used goes back before the price does.
    assert (await desk.refund(UUID(first["id"]), 10_501)).json()["code"] == "refund_exceeds_captured"
    assert (await desk.refund(UUID(first["id"]), 600)).status_code == 201
    assert (await desk.refund(UUID(spent["id"]))).status_code == 201
    assert await desk.get(f"/patients/{made['patient_id']}/credit") == [
        {"patient_id": made["patient_id"], "credit": money(2000)}
    ]
    assert (await desk.get(f"/invoices/{made['id']}"))["refunded"]["amount"] == 100
    assert (await desk.balances())["patient_credits"] == -2000


async def test_an_overpaid_payment_that_is_released_keeps_nothing(desk: Desk) -> None:
    made = await issue(desk, line(10_000))
    paid = (await pay(desk, made, 12_500, surplus="credit")).json()
    gone = (await desk.release(UUID(paid["id"]), cancel_invoice=True)).json()
    assert gone["refunded"]["amount"] == 12_500
    assert await desk.balances() == {}
    assert await desk.get(f"/patients/{made['patient_id']}/credit") == []


async def test_what_is_credited_takes_its_share_of_the_tax_with_it(desk: Desk) -> None:
    made = await issue(desk, line(10_001, rate=1800))
    for amount in (3333, 3333, 3335):
        path = f"/invoices/{made['id']}/credits/{uuid7()}"
        assert (await desk.ask("PUT", path, {"amount": money(amount), "reason": "pat"})).status_code == 200
    assert await desk.balances() == {}
