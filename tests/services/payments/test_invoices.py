"""Invoices: numbered without a gap, issued once, cancelled only when they hold no money."""

import asyncio
from datetime import UTC, datetime

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, invoice_body, money


async def test_an_invoice_adds_up_its_lines(desk: Desk) -> None:
    lines = [
        {"description": "Consultation", "quantity": 1, "unit": money(350_000)},
        {"description": "Dressing", "quantity": 3, "unit": money(1_250)},
    ]
    answer = await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(lines=lines))
    assert answer.status_code == 201
    invoice = answer.json()
    assert invoice["total"] == invoice["due"] == money(353_750)
    assert [line["total"]["amount"] for line in invoice["lines"]] == [350_000, 3_750]
    assert await desk.balances() == {"receivables": 353_750, "deposits": -353_750}


async def test_issuing_twice_gives_the_same_answer_and_another_body_is_refused(desk: Desk) -> None:
    path, body = f"/invoices/{uuid7()}", invoice_body()
    first, second = await desk.ask("PUT", path, body), await desk.ask("PUT", path, body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (await desk.ask("PUT", path, invoice_body())).json()["code"] == "idempotency_conflict"


async def test_numbers_follow_without_a_gap_however_many_are_issued_at_once_and_whatever_fails(desk: Desk) -> None:
    twice = f"/invoices/{uuid7()}"
    body = invoice_body()
    requests = [desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(total)) for total in range(1, 16)]
    requests += [desk.ask("PUT", twice, body) for _ in range(5)]
    answers = await asyncio.gather(*requests)
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201] * 16
    listed = (await desk.get("/invoices", limit=200))["items"]
    assert sorted(int(one["number"][-6:]) for one in listed) == list(range(1, 17))


@pytest.mark.parametrize(("zone", "year"), [("UTC", 2026), ("Asia/Colombo", 2027), ("America/New_York", 2026)])
async def test_the_year_of_a_number_is_the_clinics_year(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, zone: str, year: int
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 31, 19, 0, tzinfo=UTC))
    answer = await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(zone=zone))
    assert answer.json()["number"] == f"INV-{year}-000001"


@pytest.mark.parametrize("typed", ["INV-{0}-000002", "inv-{0}-2", "{0}-000002", "{0} 2", "inv{0}000002", "{0}000002"])
async def test_a_number_finds_its_invoice_alone_however_it_is_typed(desk: Desk, typed: str) -> None:
    made = [(await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body())).json() for _ in range(3)]
    year = made[0]["number"].split("-")[1]
    assert [one["id"] for one in (await desk.get("/invoices", number=typed.format(year)))["items"]] == [made[1]["id"]]


@pytest.mark.parametrize("typed", ["INV", "INV-17", "0771234567", "1999-000001", "perera", "2026-1-1"])
async def test_what_cannot_be_a_number_is_refused_with_how_one_reads(desk: Desk, typed: str) -> None:
    answer = await desk.ask("GET", "/invoices", number=typed)
    assert answer.status_code == 422
    assert "INV-2026-000017" in answer.text


async def test_an_unpaid_invoice_is_cancelled_once_keeps_its_number_and_takes_no_payment(desk: Desk) -> None:
    path = f"/invoices/{uuid7()}"
    await desk.ask("PUT", path, invoice_body())
    for _ in range(2):
        cancelled = await desk.ask("POST", f"{path}/cancellation", {"reason": "pat"})
        assert (cancelled.json()["status"], cancelled.json()["due"]) == ("cancelled", money(0))
    assert await desk.balances() == {}
    cash = {"invoice_id": path.split("/")[2], "method": "cash", "amount": money(350_000)}
    refused = await desk.pay(uuid7(), cash)
    assert (refused.json()["code"], refused.json()["invoice_status"]) == ("invoice_state", "cancelled")
    following = await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body())
    assert following.json()["number"].endswith("-000002")


async def test_an_invoice_that_holds_or_reserves_money_is_not_cancelled(desk: Desk) -> None:
    for payment_id in (await desk.authorised(), await desk.captured()):
        path = f"/invoices/{(await desk.payment(payment_id))['invoice_id']}/cancellation"
        answer = await desk.ask("POST", path, {"reason": "pat"})
        assert (answer.status_code, answer.json()["code"]) == (409, "invoice_holds_money")


async def test_a_free_visit_is_balanced_at_once_and_books_nothing(desk: Desk) -> None:
    answer = await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(0))
    assert (answer.json()["status"], answer.json()["due"]) == ("balanced", money(0))
    assert await desk.get("/ledger/balances") == []
    assert (await desk.ask("POST", f"/invoices/{answer.json()['id']}/cancellation", {"reason": "x"})).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [{"description": "x", "unit": money(-1)}]},
        {"lines": [{"description": "x", "unit": money(1, "LKR")}, {"description": "y", "unit": money(1, "USD")}]},
        {"lines": [{"description": "x", "quantity": 1000, "unit": money(2**53)}]},
        {"lines": [{"description": "x", "quantity": 0, "unit": money(1)}]},
        {"lines": [{"description": "x", "unit": money(1, "XXQ")}]},
        {"lines": [{"description": "x", "unit": money(1, "XXX")}]},
        {"lines": [{"description": "", "unit": money(1)}]},
        {"zone": "Mars/Olympus"},
        {"zone": "../etc/passwd"},
        {"colour": "red"},
    ],
)
async def test_an_invoice_that_makes_no_sense_is_refused(desk: Desk, wrong: dict[str, object]) -> None:
    answer = await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body() | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("currency", ["JPY", "KWD", "EUR"])
async def test_currencies_are_kept_apart_and_counted_in_their_own_minor_units(desk: Desk, currency: str) -> None:
    lines = [{"description": "Consultation", "unit": money(3_500, currency)}]
    await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(lines=lines))
    await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(100))
    rows = {
        (row["account"], row["balance"]["currency"]): row["balance"]["amount"]
        for row in await desk.get("/ledger/balances")
    }
    assert rows[("receivables", currency)] == 3_500
    assert rows[("receivables", "LKR")] == 100


@pytest.mark.parametrize(("kept", "status"), [(100_000, "balanced"), (350_000, "balanced"), (0, "cancelled")])
async def test_what_is_not_owed_after_all_is_credited_and_the_invoice_balanced_by_what_is_kept(
    desk: Desk, kept: int, status: str
) -> None:
    payment_id = await desk.captured()
    path = f"/invoices/{(await desk.payment(payment_id))['invoice_id']}"
    if kept < 350_000:
        early = await desk.ask("PUT", f"{path}/credits/{uuid7()}", {"amount": money(350_000 - kept), "reason": "pat"})
        assert early.json()["code"] == "invoice_holds_money"
        await desk.refund(payment_id, 350_000 - kept)
        credit, body = f"{path}/credits/{uuid7()}", {"amount": money(350_000 - kept), "reason": "pat"}
        for _ in range(2):
            invoice = (await desk.ask("PUT", credit, body)).json()
            assert (invoice["credited"], invoice["due"]) == (money(350_000 - kept), money(0))
        again = body | {"amount": money(1)}
        assert (await desk.ask("PUT", credit, again)).json()["code"] == "idempotency_conflict"
        assert (await desk.ask("PUT", f"{path}/credits/{uuid7()}", body | {"amount": money(350_001)})).json()[
            "code"
        ] == "credit_exceeds_total"
    if not kept:
        await desk.ask("POST", f"{path}/cancellation", {"reason": "pat"})
    assert (await desk.get(path))["status"] == status
    expected = {"deposits": -kept, "gateway_clearing:sandbox": kept} if kept else {}
    assert await desk.balances() == expected


async def test_a_credit_of_what_was_not_paid_makes_less_due(desk: Desk) -> None:
    path = f"/invoices/{uuid7()}"
    await desk.ask("PUT", path, invoice_body())
    credited = await desk.ask("PUT", f"{path}/credits/{uuid7()}", {"amount": money(150_000), "reason": "cheaper"})
    assert (credited.json()["due"], credited.json()["status"]) == (money(200_000), "issued")
    body = {"invoice_id": path.split("/")[2], "method": "cash", "amount": money(200_001)}
    assert (await desk.pay(uuid7(), body)).json()["code"] == "amount_exceeds_due"
    assert (await desk.pay(uuid7(), body | {"amount": money(200_000)})).status_code == 201
    assert (await desk.get(path))["status"] == "balanced"
    assert await desk.balances() == {"deposits": -200_000, "cash": 200_000}
