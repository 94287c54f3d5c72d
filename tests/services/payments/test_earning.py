"""A price is a deposit until its visit took place or a fee is kept; and what gateways pay out."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect import clock
from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, ended, invoice_body, money, payment_body

CLEARING = "gateway_clearing:sandbox"


async def _invoice(desk: Desk, total: int = 1_000, **also: Any) -> tuple[UUID, str]:
    key, body = uuid7(), invoice_body(total, **also)
    assert (await desk.ask("PUT", f"/invoices/{key}", body)).status_code == 201
    return key, body["appointment_id"]


async def _end(desk: Desk, appointment_id: str, *, took_place: bool = True) -> int:
    answer = await desk.ask("PUT", f"/appointments/{appointment_id}/end", ended(took_place=took_place))
    assert answer.status_code == 200, answer.text
    count: int = answer.json()["invoices"]
    return count


async def _lines(desk: Desk, kind: str) -> list[tuple[str, int]]:
    found = await desk.get("/ledger/entries", period=f"{clock.now():%Y-%m}", kind=kind)
    found = found["items"] or (await desk.get("/ledger/entries", period="2026-01", kind=kind))["items"]
    (entry,) = found
    return [(line["account"], line["amount"]["amount"]) for line in entry["lines"]]


async def _paid(desk: Desk, total: int) -> tuple[str, str]:
    """Have a visit that was paid at once; tell its invoice and its appointment."""
    body = payment_body(total, method="cash", card=None)
    assert (await desk.pay(uuid7(), body)).status_code == 201
    return body["invoice"]["id"], body["invoice"]["appointment_id"]


async def test_a_price_is_a_deposit_until_the_visit_took_place_and_then_revenue_once(desk: Desk) -> None:
    invoice_id, visit = await _paid(desk, 1_000)
    assert await desk.balances() == {"cash": 1_000, "deposits": -1_000}
    assert [await _end(desk, visit), await _end(desk, visit)] == [1, 0]
    assert await desk.balances() == {"cash": 1_000, "revenue": -1_000}
    assert await _lines(desk, "invoice.earned") == [("deposits", 1_000), ("revenue", -1_000)]
    assert (await desk.get(f"/invoices/{invoice_id}"))["income"] == "revenue"


async def test_a_fee_that_is_kept_is_no_revenue(desk: Desk) -> None:
    body = payment_body(1_000, method="cash", card=None)
    payment_id, key = uuid7(), body["invoice"]["id"]
    await desk.pay(payment_id, body)
    await desk.refund(payment_id, 600)
    await desk.ask("PUT", f"/invoices/{key}/credits/{uuid7()}", {"amount": money(600), "reason": "late"})
    assert await desk.balances() == {"cash": 400, "deposits": -400}
    assert await _end(desk, body["invoice"]["appointment_id"], took_place=False) == 1
    assert await desk.balances() == {"cash": 400, "fees_kept": -400}
    # Somebody waives it after all: what goes, goes from the fees.
    await desk.refund(payment_id, 100)
    await desk.ask("PUT", f"/invoices/{key}/credits/{uuid7()}", {"amount": money(100), "reason": "waived"})
    assert await desk.balances() == {"cash": 300, "fees_kept": -300}


async def test_a_fee_is_kept_net_of_the_discount_that_was_given_before(desk: Desk) -> None:
    key, visit = await _invoice(desk)
    off = {"amount": money(200), "reason": "a colleague"}
    assert (await desk.ask("PUT", f"/invoices/{key}/discounts/{uuid7()}", off)).status_code == 201
    assert await desk.balances() == {"receivables": 800, "deposits": -1_000, "discounts": 200}
    await _end(desk, visit, took_place=False)
    assert await desk.balances() == {"receivables": 800, "fees_kept": -800}
    await desk.ask("POST", f"/invoices/{key}/cancellation", {"reason": "oth"})
    assert await desk.balances() == {}


async def test_what_is_cancelled_before_its_visit_was_never_earned(desk: Desk) -> None:
    key, visit = await _invoice(desk)
    await desk.ask("POST", f"/invoices/{key}/cancellation", {"reason": "pat"})
    assert await _end(desk, visit, took_place=False) == 0
    assert await desk.balances() == {}


async def test_what_is_invoiced_after_the_visit_or_without_one_is_revenue_at_once(desk: Desk) -> None:
    visit = str(uuid7())
    await _end(desk, visit)
    await _invoice(desk, 300, appointment_id=visit)
    await desk.ask("PUT", f"/invoices/{uuid7()}", invoice_body(200, appointment_id=None))
    assert await desk.balances() == {"receivables": 500, "revenue": -500}


async def test_a_visit_of_a_closed_month_is_earned_in_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 1, 10, 9, 0, tzinfo=UTC))
    _, visit = await _invoice(desk)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
    for month in ("2026-01", "2026-02"):
        await desk.ask("PUT", f"/ledger/periods/{month}", {"status": "closed", "reason": "it is over"})
    await _end(desk, visit)
    (earned,) = (await desk.get("/ledger/entries", period="2026-03", kind="invoice.earned"))["items"]
    assert earned["booked_at"] == "2026-01-10T09:00:00Z"


def _payout(**also: Any) -> dict[str, Any]:
    said = {"gateway": "sandbox", "gross": money(1_000), "fee": money(29), "paid_on": "2026-01-12", "reference": "po_1"}
    return said | also


async def test_a_payout_moves_what_a_gateway_held_into_the_bank_less_its_fee(desk: Desk) -> None:
    await desk.captured(1_000)
    key = uuid7()
    assert [(await desk.ask("PUT", f"/payouts/{key}", _payout())).status_code for _ in range(2)] == [201, 200]
    assert await desk.balances() == {"bank": 971, "gateway_fees": 29, "deposits": -1_000}
    assert await _lines(desk, "payout.received") == [("bank", 971), ("gateway_fees", 29), (CLEARING, -1_000)]
    (listed,) = (await desk.get("/payouts"))["items"]
    assert (listed["id"], listed["net"]["amount"], listed["paid_on"]) == (str(key), 971, "2026-01-12")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (_payout(gateway="desk"), 422),
        (_payout(fee=money(29, "EUR")), 422),
        (_payout(fee=money(-1)), 422),
        (_payout(gross=money(0), fee=money(0)), 422),
        (_payout(gross=money(-1_000), fee=money(-29), reference="po_1 undone"), 201),
        (_payout(gateway="card_terminal"), 201),
    ],
    ids=["no gateway", "another currency", "a negative fee", "nothing", "one that is undone", "card terminals"],
)
async def test_a_payout_has_a_gateway_and_amounts_that_agree(desk: Desk, body: dict[str, Any], status: int) -> None:
    assert (await desk.ask("PUT", f"/payouts/{uuid7()}", body)).status_code == status


async def test_a_payout_is_entered_once_under_its_reference_and_its_id(desk: Desk) -> None:
    key = uuid7()
    assert (await desk.ask("PUT", f"/payouts/{key}", _payout())).status_code == 201
    again = await desk.ask("PUT", f"/payouts/{uuid7()}", _payout())
    assert (again.status_code, again.json()["code"]) == (409, "payout_known")
    other = await desk.ask("PUT", f"/payouts/{key}", _payout(reference="po_2"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")


async def test_only_who_may_close_the_books_enters_a_payout(
    http: httpx.AsyncClient, act: Callable[..., dict[str, str]]
) -> None:
    assert (await http.put(f"/payouts/{uuid7()}", json=_payout())).status_code == 401
    clerk = Desk(http, act("payments:read", "payments:write"))
    assert (await clerk.ask("PUT", f"/payouts/{uuid7()}", _payout())).status_code == 403
