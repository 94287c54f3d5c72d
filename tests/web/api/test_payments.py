"""Invoices, payments and refunds over REST."""

from typing import Any

import pytest

from careconnect.ids import uuid7
from tests.web.clinic import Clinic, eventually
from tests.web.conftest import problem

AMOUNT = {"amount": 120_000, "currency": "LKR"}


def lkr(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "LKR"}


@pytest.fixture
async def invoice(clinic: Clinic) -> str:
    """Issue an invoice over 1,200 rupees."""
    lines = [{"description": "X-ray", "quantity": 2, "unit": lkr(60_000)}]
    body = {"patient_id": await clinic.patient(), "lines": lines, "zone": "Asia/Colombo"}
    return await clinic.made("/payments/invoices", body)


async def test_an_invoice_is_issued_once_per_key(clinic: Clinic) -> None:
    body = {"patient_id": await clinic.patient(), "lines": [{"description": "X-ray", "unit": AMOUNT}]}
    first, again = [await clinic.post("/payments/invoices", json=body, key="invoice once") for _ in range(2)]
    assert (first.status_code, again.json()) == (201, first.json()), first.text
    other = body | {"lines": [{"description": "Other", "unit": AMOUNT}]}
    problem(await clinic.post("/payments/invoices", json=other, key="invoice once"), 422, "idempotency_conflict")
    found = (await clinic.get("/payments/invoices", params={"patient_id": body["patient_id"]})).json()["items"]
    assert [one["id"] for one in found] == [first.json()["id"]]


async def test_an_invoice_of_an_appointment_is_of_one_that_is_there_and_of_its_own_patient(clinic: Clinic) -> None:
    booked = await clinic.booked()
    body = {"patient_id": booked["patient"]["id"], "lines": [{"description": "X-ray", "unit": AMOUNT}]}
    for path in ("/payments/invoices", "/payments/invoices/drafts"):
        problem(await clinic.post(path, json=body | {"appointment_id": str(uuid7())}), 404, "appointment_not_found")
        other = body | {"patient_id": await clinic.patient(), "appointment_id": booked["id"]}
        refused = problem(await clinic.post(path, json=other), 422, "invalid_input")
        assert [(one["field"], one["code"]) for one in refused["errors"]] == [("appointment_id", "of_another_patient")]
        made = await clinic.post(path, json=body | {"appointment_id": booked["id"]})
        assert (made.status_code, made.json()["appointment_id"]) == (201, booked["id"])


async def test_cash_balances_an_invoice_once_per_key(clinic: Clinic, invoice: str) -> None:
    body = {"invoice_id": invoice, "method": "cash", "amount": AMOUNT}
    first, again = [await clinic.post("/payments", json=body, key="cash once") for _ in range(2)]
    assert (first.status_code, first.json()["status"]) == (201, "captured"), first.text
    assert again.json() == first.json()
    assert first.headers["location"] == f"/api/v1/payments/{first.json()['id']}"
    other = body | {"amount": lkr(1)}
    problem(await clinic.post("/payments", json=other, key="cash once"), 422, "idempotency_conflict")
    assert (await clinic.get(f"/payments/invoices/{invoice}")).json()["status"] == "balanced"
    problem(await clinic.post("/payments", json=body), 409, "invoice_state")


async def test_a_card_is_reserved_then_taken_in_part_then_returned(clinic: Clinic, invoice: str) -> None:
    body = {"invoice_id": invoice, "method": "card", "token": "pm_card_visa", "amount": AMOUNT, "capture": False}
    reserved = (await clinic.post("/payments", json=body)).json()
    assert reserved["status"] == "authorised"
    place = f"/payments/{reserved['id']}"
    too_much = await clinic.post(f"{place}/capture", json={"amount": lkr(120_001)})
    problem(too_much, 409, "amount_exceeds_authorised")
    taken = await clinic.post(f"{place}/capture", json={"amount": lkr(100_000)})
    assert (taken.status_code, taken.json()["captured"]) == (200, lkr(100_000)), taken.text
    part = {"amount": lkr(30_000), "reason": "Shorter than planned"}
    first, again = [await clinic.post(f"{place}/refunds", json=part, key="refund once") for _ in range(2)]
    assert (first.status_code, first.json()["refunded"]) == (201, lkr(30_000)), first.text
    assert again.json() == first.json()
    other = part | {"amount": lkr(1)}
    problem(await clinic.post(f"{place}/refunds", json=other, key="refund once"), 422, "idempotency_conflict")
    problem(await clinic.post(f"{place}/refunds", json=part | {"amount": lkr(70_001)}), 409, "refund_exceeds_captured")
    rest = await clinic.post(f"{place}/refunds", json={"reason": "The rest"})
    assert rest.json()["refunded"] == lkr(100_000)
    refunds = (await clinic.get(f"{place}/refunds")).json()["items"]
    assert [one["amount"]["amount"] for one in refunds] == [30_000, 70_000]
    repeated = await clinic.post(f"{place}/refunds", json=part, key="refund once")
    assert repeated.status_code == 201, repeated.text
    assert (await clinic.get(place)).json()["refunded"] == lkr(100_000)


async def test_a_reserved_card_is_let_go(clinic: Clinic, invoice: str) -> None:
    body = {"invoice_id": invoice, "method": "card", "token": "pm_card_visa", "amount": AMOUNT, "capture": False}
    place = f"/payments/{(await clinic.post('/payments', json=body)).json()['id']}"
    for _ in range(2):
        gone = await clinic.post(f"{place}/void")
        assert (gone.status_code, gone.json()["status"]) == (200, "voided"), gone.text
    problem(await clinic.post(f"{place}/capture"), 409, "payment_state")


async def test_a_declined_card_is_402_and_the_same_again(clinic: Clinic, invoice: str) -> None:
    body = {"invoice_id": invoice, "method": "card", "token": "pm_card_chargeDeclinedExpiredCard", "amount": AMOUNT}
    first = problem(await clinic.post("/payments", json=body, key="expired"), 402, "card_declined")
    assert first["decline_code"] == "expired_card"
    assert problem(await clinic.post("/payments", json=body, key="expired"), 402, "card_declined") == first
    declined = (await clinic.get("/payments", params={"invoice_id": invoice, "status": "declined"})).json()["items"]
    assert len(declined) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "card"}, {"method": "cash", "token": "pm_card_visa"}, {"method": "shells"}, {"amount": lkr(0)},
        {"amount": lkr(-5)}, {"amount": 5}, {"amount": {"amount": 1.5, "currency": "LKR"}}, {"invoice_id": "x"},
        {"amount": {"amount": 100, "currency": "lkr"}}, {"tip": 1},
    ],
)  # fmt: skip
async def test_a_payment_that_cannot_be_is_refused(clinic: Clinic, invoice: str, changed: dict[str, Any]) -> None:
    body = {"invoice_id": invoice, "method": "cash", "amount": AMOUNT} | changed
    assert problem(await clinic.post("/payments", json=body), 422, "invalid_input")["errors"]


async def test_money_of_another_currency_is_refused(clinic: Clinic, invoice: str) -> None:
    body = {"invoice_id": invoice, "method": "cash", "amount": {"amount": 100, "currency": "JPY"}}
    problem(await clinic.post("/payments", json=body), 422, "invalid_input")


async def test_returning_money_takes_its_own_scope(clinic: Clinic, invoice: str) -> None:
    paid = await clinic.post("/payments", json={"invoice_id": invoice, "method": "cash", "amount": AMOUNT})
    place = f"/payments/{paid.json()['id']}/refunds"
    asked = await clinic.post(place, json={"reason": "x"}, scopes=("payments:read", "payments:write"))
    assert problem(asked, 403, "forbidden")["needed"] == "payments:refund"


async def test_the_summary_counts_and_adds_up(clinic: Clinic, invoice: str) -> None:
    before = (await clinic.get("/payments/summary")).json()["paid"]
    await clinic.made("/payments", {"invoice_id": invoice, "method": "cash", "amount": AMOUNT})
    after = (await clinic.get("/payments/summary")).json()["paid"]
    assert (after["count"], after["amount"]["amount"]) == (before["count"] + 1, before["amount"]["amount"] + 120_000)


async def test_a_draft_is_written_changed_issued_once_and_found_as_an_invoice(clinic: Clinic) -> None:
    drafts = "/payments/invoices/drafts"
    body = {"patient_id": await clinic.patient(), "lines": [{"description": "Certificate", "unit": AMOUNT}]}
    made = [await clinic.post(drafts, json=body, key="draft once") for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    draft = made[0].json()
    assert made[1].json() == draft
    path = f"{drafts}/{draft['id']}"
    lines = [{"description": "Certificate", "quantity": 2, "unit": AMOUNT}]
    changed = await clinic.put(path, json=body | {"lines": lines}, headers={"If-Match": made[0].headers["etag"]})
    assert changed.json()["total"]["amount"] == 240_000
    problem(await clinic.post(f"{path}/issuance", headers={"If-Match": '"1"'}), 409, "version_conflict")
    issued = [await clinic.post(f"{path}/issuance") for _ in range(2)]
    assert [one.json()["status"] for one in issued] == ["issued", "issued"]
    assert issued[0].json()["number"] == issued[1].json()["number"]
    problem(await clinic.get(path), 404, "invoice_draft_not_found")
    mistake = f"/payments/invoices/{draft['id']}/entered-in-error"
    ended = await clinic.post(mistake, json={"reason": "The wrong patient"})
    assert (ended.json()["status"], ended.json()["ended_why"]) == ("entered_in_error", "The wrong patient")
    without = await clinic.post(mistake, json={"reason": "x"}, scopes=("payments:read", "payments:write"))
    problem(without, 403, "forbidden")


async def test_drafts_are_listed_where_invoices_of_that_status_are_asked_for(clinic: Clinic) -> None:
    body = {"patient_id": await clinic.patient(), "lines": [{"description": "Certificate", "unit": AMOUNT}]}
    draft = (await clinic.post("/payments/invoices/drafts", json=body)).json()
    asked = {"status": "draft", "patient_id": draft["patient_id"], "sort": "total", "count": True}
    found = (await clinic.get("/payments/invoices", params=asked)).json()
    assert found == {"items": [draft], "next_cursor": None, "total": 1}
    for name, value in (("sort", "number"), ("number", "INV-2026-000001"), ("appointment_id", draft["id"])):
        refused = problem(await clinic.get("/payments/invoices", params=asked | {name: value}), 422, "invalid_input")
        assert [(one["field"], one["code"]) for one in refused["errors"]] == [(name, "not_of_drafts")]


async def test_a_discarded_draft_is_gone(clinic: Clinic) -> None:
    body = {"patient_id": await clinic.patient(), "lines": [{"description": "Certificate", "unit": AMOUNT}]}
    path = f"/payments/invoices/drafts/{await clinic.made('/payments/invoices/drafts', body)}"
    assert (await clinic.ask("DELETE", path)).status_code == 204
    problem(await clinic.get(path), 404, "invoice_draft_not_found")
    problem(await clinic.post(f"{path}/issuance"), 404, "invoice_draft_not_found")
    nobody = body | {"patient_id": str(uuid7())}
    problem(await clinic.post("/payments/invoices/drafts", json=nobody), 404, "patient_not_found")


async def test_lists_and_sums_are_those_of_one_currency(clinic: Clinic) -> None:
    lines = [{"description": "Travel vaccination", "unit": {"amount": 4_500, "currency": "USD"}}]
    invoice = await clinic.made("/payments/invoices", {"patient_id": await clinic.patient(), "lines": lines})
    amount = {"amount": 4_500, "currency": "USD"}
    payment = await clinic.made("/payments", {"invoice_id": invoice, "method": "cash", "amount": amount})
    used = (await clinic.get("/payments/currencies")).json()["items"]
    assert {"currency": "USD"} in used
    for path, key in (("/payments", payment), ("/payments/invoices", invoice)):
        found = (await clinic.get(path, params={"currency": "USD"})).json()["items"]
        assert [one["id"] for one in found] == [key]
    paid = (await clinic.get("/payments/summary", params={"currency": "USD"})).json()["paid"]
    assert paid == {"count": 1, "amount": amount}


async def test_a_receipt_is_a_pdf_that_names_the_patient_in_any_script(clinic: Clinic) -> None:
    patient = await clinic.patient(first_name="නිමල්", last_name="பெரேரா")
    body = {"patient_id": patient, "lines": [{"description": "X-ray, Zürich", "unit": AMOUNT}]}
    key = await clinic.made("/payments/invoices", body)
    await clinic.made("/payments", {"invoice_id": key, "method": "cash", "amount": AMOUNT})
    answer = await clinic.get(f"/payments/invoices/{key}/receipt.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.content.startswith(b"%PDF-")
    for font in (b"+NotoSans", b"+NotoSansSinhala", b"+NotoSansTamil"):
        assert font in answer.content


async def test_a_process_tells_how_it_stands_without_personal_data(clinic: Clinic) -> None:
    booked = await clinic.booked(reason="A cough that nobody else should know of")
    told = (await clinic.get(f"/workflows/{booked['workflow_id']}")).json()
    assert (told["type"], told["state"], told["step"]) == ("AppointmentBooking", "running", "waiting_for_visit")
    assert told["result"] == {
        "appointment_id": booked["id"],
        "reference": booked["reference"],
        "payment_id": booked["payment"]["id"],
        "status": "booked",
    }
    assert told["refusal"] is None
    assert "cough" not in str(told)
    await clinic.post(f"/appointments/{booked['id']}/cancellation", json={"reason": "pat"})
    ended = await eventually(
        lambda: clinic.get(f"/workflows/{booked['workflow_id']}"), lambda told: told.json()["state"] == "completed"
    )
    assert ended.json()["result"]["status"] == "cancelled"
    assert ended.json()["closed_at"]
    payment = await clinic.get(f"/workflows/payment-{booked['payment']['id']}")
    assert payment.json()["type"] == "PaymentCapture"


async def test_a_refused_process_tells_why(clinic: Clinic) -> None:
    wish = await clinic.wish(card="pm_card_chargeDeclined")
    problem(await clinic.post("/appointments", json=wish, key="told why"), 402, "card_declined")
    refused = (await clinic.get("/appointments", params={"patient_id": wish["patient_id"]})).json()["items"]
    told = await eventually(
        lambda: clinic.get(f"/workflows/appointment-{refused[0]['id']}"),
        lambda told: told.json()["state"] == "completed",
    )
    assert (told.json()["result"], told.json()["refusal"]["code"]) == (None, "card_declined")


@pytest.mark.parametrize(
    "name", ["x", "appointment-", "appointment-1", "reminders-x", "dashboard-x", "payment-'; --", "appointment-\u0dc3"]
)
async def test_a_name_of_no_process_is_not_found(clinic: Clinic, name: str) -> None:
    problem(await clinic.get(f"/workflows/{name}"), 404, "workflow_not_found")
