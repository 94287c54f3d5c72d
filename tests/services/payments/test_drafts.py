"""Drafts of invoices, which nobody owes yet, and invoices that should never have been."""

import asyncio
from typing import Any

import pytest

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, invoice_body, money, payment_body


async def drafted(desk: Desk, **also: Any) -> str:
    """Begin a draft, and give its address."""
    path = f"/invoice-drafts/{uuid7()}"
    answer = await desk.ask("PUT", path, invoice_body(**also))
    assert answer.status_code == 201, answer.text
    return path


async def test_a_draft_has_no_number_and_is_in_no_books(desk: Desk) -> None:
    tax = {"name": "VAT", "rate": 1_800, "inclusive": False}
    lines = [{"description": "Dressing", "quantity": 2, "unit": money(1_000), "tax": tax}]
    draft = await desk.get(await drafted(desk, lines=lines))
    assert (draft["status"], draft["total"], draft["tax"]) == ("draft", money(2_360), money(360))
    assert draft["lines"][0]["description"] == "Dressing"
    assert "number" not in draft
    assert (await desk.get("/invoices"))["items"] == []
    assert await desk.balances() == {}
    assert (await desk.ask("GET", f"/invoices/{draft['id']}")).status_code == 404


async def test_a_repeated_draft_is_the_same_one_and_another_body_is_refused(desk: Desk) -> None:
    path, body = f"/invoice-drafts/{uuid7()}", invoice_body()
    first, second = await desk.ask("PUT", path, body), await desk.ask("PUT", path, body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert (await desk.ask("PUT", path, invoice_body())).json()["code"] == "idempotency_conflict"


async def test_a_draft_is_changed_only_as_it_was_last_seen(desk: Desk) -> None:
    path = await drafted(desk)
    body = invoice_body(5_000) | {"version": 1}
    changed = await desk.ask("PUT", f"{path}/record", body)
    assert (changed.json()["total"], changed.json()["version"]) == (money(5_000), 2)
    assert (await desk.ask("PUT", f"{path}/record", body)).json()["version"] == 2, "a repeat changes nothing"
    other = invoice_body(6_000) | {"version": 1}
    assert (await desk.ask("PUT", f"{path}/record", other)).json()["code"] == "version_conflict"
    assert (await desk.get(path))["patient_id"] == body["patient_id"]
    stale = await desk.ask("PUT", f"{path}/issuance", None, version=1)
    assert stale.json()["code"] == "version_conflict"


async def test_a_draft_is_issued_once_with_the_next_number_however_often_it_is_asked(desk: Desk) -> None:
    path = await drafted(desk, appointment_id=None)
    await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(1_000, appointment_id=None))
    answers = await asyncio.gather(*(desk.ask("PUT", f"{path}/issuance") for _ in range(6)))
    assert {one.status_code for one in answers} == {200}
    numbers = {one.json()["number"] for one in answers}
    assert [one[-6:] for one in numbers] == ["000002"]
    issued = answers[0].json()
    assert (issued["status"], issued["id"]) == ("issued", path.rsplit("/", 1)[1])
    assert await desk.balances() == {"receivables": 351_000, "revenue": -351_000}
    assert (await desk.ask("GET", path)).json()["code"] == "invoice_draft_not_found"
    assert (await desk.ask("PUT", path, invoice_body())).json()["code"] == "invoice_state"
    for verb, place in (("PUT", f"{path}/record"), ("DELETE", path)):
        assert (await desk.ask(verb, place, invoice_body())).status_code == 404


async def test_a_discarded_draft_leaves_no_number_and_no_entry(desk: Desk) -> None:
    path = await drafted(desk)
    assert (await desk.ask("DELETE", path)).status_code == 204
    assert (await desk.ask("DELETE", path)).json()["code"] == "invoice_draft_not_found"
    assert (await desk.ask("PUT", f"{path}/issuance")).json()["code"] == "invoice_draft_not_found"
    assert (await desk.get("/invoice-drafts"))["items"] == []
    assert await desk.balances() == {}
    issued = (await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body())).json()
    assert issued["number"].endswith("-000001")


async def test_drafts_are_listed_by_patient_the_newest_first(desk: Desk) -> None:
    first = await desk.get(await drafted(desk))
    second = await desk.get(await drafted(desk, patient_id=first["patient_id"]))
    await drafted(desk)
    assert len((await desk.get("/invoice-drafts"))["items"]) == 3
    found = (await desk.get("/invoice-drafts", patient_id=first["patient_id"]))["items"]
    assert [one["id"] for one in found] == [second["id"], first["id"]]


async def test_drafts_are_listed_by_currency_and_when_they_were_begun_in_either_order(desk: Desk) -> None:
    dear, cheap = [await desk.get(await drafted(desk, total=total)) for total in (9_000, 1_000)]
    lines = [{"description": "Dressing", "quantity": 1, "unit": money(500, "USD")}]
    other = await desk.get(await drafted(desk, lines=lines))

    async def found(**wanted: Any) -> list[str]:
        return [one["id"] for one in (await desk.get("/invoice-drafts", **wanted))["items"]]

    assert await found(sort="begun") == [dear["id"], cheap["id"], other["id"]]
    assert await found(sort="total", currency="LKR") == [cheap["id"], dear["id"]]
    assert await found(**{"from": cheap["created_at"]}) == [other["id"], cheap["id"]]
    assert await found(to=cheap["created_at"]) == [dear["id"]]


async def test_a_draft_keeps_what_it_says_of_the_visit_and_the_payer(desk: Desk) -> None:
    said = {"coverage_id": str(uuid7()), "visit_day": "2026-01-10", "authorisation_number": "AUTH-7"}
    draft = await desk.get(await drafted(desk, **said))
    assert {name: draft[name] for name in said} == said


async def test_a_mistake_is_reversed_and_keeps_its_number_and_its_reason(desk: Desk) -> None:
    path, tax = f"/invoices/{uuid7()}", {"name": "VAT", "rate": 1_800, "inclusive": True}
    lines = [{"description": "Consultation", "quantity": 1, "unit": money(118_000), "tax": tax}]
    made = (await desk.ask("PUT", path, invoice_body(lines=lines))).json()
    discount = {"percent": 50, "reason": "Staff"}
    await desk.ask("PUT", f"{path}/discounts/{uuid7()}", discount)
    answers = [await desk.ask("PUT", f"{path}/entered-in-error", {"reason": "The wrong patient"}) for _ in range(2)]
    assert {one.status_code for one in answers} == {200}
    ended = answers[1].json()
    assert (ended["status"], ended["ended_why"], ended["number"]) == (
        "entered_in_error", "The wrong patient", made["number"],
    )  # fmt: skip
    assert (ended["due"], await desk.balances()) == (money(0), {})
    entries = (await desk.get("/ledger/entries", period=ended["issued_at"][:7]))["items"]
    assert [one["kind"] for one in entries].count("invoice.entered_in_error") == 1
    assert (await desk.ask("POST", f"{path}/cancellation", {"reason": "x"})).json()["code"] == "invoice_state"
    paid = {"invoice_id": made["id"], "method": "cash", "amount": money(1_000)}
    assert (await desk.pay(uuid7(), paid)).json()["code"] == "invoice_state"
    after = (await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body())).json()
    assert after["number"].endswith("-000002")


@pytest.mark.parametrize("path", ["reserved", "captured", "refunded"])
async def test_what_money_came_for_is_no_mistake(desk: Desk, path: str) -> None:
    payment = uuid7()
    body = payment_body()
    await desk.pay(payment, body)
    if path != "reserved":
        await desk.capture(payment)
    if path == "refunded":
        await desk.refund(payment)
    invoice = f"/invoices/{body['invoice']['id']}"
    refused = await desk.ask("PUT", f"{invoice}/entered-in-error", {"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "invoice_was_paid")
    assert (await desk.get(invoice))["status"] in {"issued", "balanced"}


async def test_a_cancelled_invoice_is_not_entered_in_error_as_well(desk: Desk) -> None:
    path = f"/invoices/{uuid7()}"
    await desk.ask("PUT", path, invoice_body())
    await desk.ask("POST", f"{path}/cancellation", {"reason": "pat"})
    assert (await desk.ask("PUT", f"{path}/entered-in-error", {"reason": "x"})).json()["code"] == "invoice_state"
