"""The ledger as the billing clerk meets it: a month on a page, its file, and closing it."""

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from careconnect import clock
from tests.web.clinic import API, ZONE, Clinic
from tests.web.pages.desk import Desk


async def test_a_month_is_read_filed_and_closed(
    edge: FastAPI, owner: Desk, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await clinic.booked()
    month = f"{clock.now().astimezone(ZoneInfo(ZONE)):%Y-%m}"  # months begin where the clinic is
    page = await owner.read("/billing/ledger")
    assert "Owed by patients" in page.text
    assert "Payment taken" in page.text
    rows = list(csv.DictReader(io.StringIO((await owner.http.get(f"{API}/ledger/entries.csv?period={month}")).text)))
    sums = [sum(float(row[side] or 0) for row in rows) for side in ("debit", "credit")]
    assert sums[0] == sums[1] > 0
    assert {"3500.00", ""} <= {row["debit"] for row in rows if row["kind"] == "payment.captured"}

    later = clock.now() + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    owner = await Desk.open(edge, clinic, "owner")  # sessions do not last for a month
    ask = await owner.read(f"/billing/ledger/{month}/closing")
    action = f"/billing/ledger/{month}/closing"
    assert (await owner.send(ask, action)).status_code == 422
    assert (await owner.send(ask, action, {"reason": "reconciled"})).status_code == 303
    closed = await owner.read(f"/billing/ledger?period={month}")
    assert "takes no more entries" in closed.text
    again = await owner.read(action)
    assert (await owner.send(again, action, {"reason": "one was forgotten"})).status_code == 303
    assert "takes no more entries" not in (await owner.read(f"/billing/ledger?period={month}")).text


async def test_a_payout_is_entered_by_hand_and_leaves_the_clearing_account(owner: Desk, clinic: Clinic) -> None:
    await clinic.booked()
    before = await _held(clinic)
    ask = await owner.read("/billing/ledger/payouts/new")
    said = {"gateway": "sandbox", "gross": "3,500.00", "fee": "101.50", "reference": "po_7"}
    assert (await owner.send(ask, "/billing/ledger/payouts", said | {"fee": "a little"})).status_code == 422
    assert (await owner.send(ask, "/billing/ledger/payouts", said)).status_code == 303
    again = await owner.send(await owner.read("/billing/ledger/payouts/new"), "/billing/ledger/payouts", said)
    assert (again.status_code, "entered before" in again.text) == (409, True)
    page = (await owner.read("/billing/ledger")).text
    assert "Fees of gateways" in page
    assert page.count("Payout received") == 2  # the button, and one entry
    moved = {name: amount - before.get(name, 0) for name, amount in (await _held(clinic)).items()}
    assert {name: amount for name, amount in moved.items() if amount} == {
        "bank": 339_850, "gateway_fees": 10_150, "gateway_clearing:sandbox": -350_000
    }  # fmt: skip


async def _held(clinic: Clinic) -> dict[str, int]:
    return {one["account"]: one["balance"]["amount"] for one in (await clinic.get("/ledger/balances")).json()["items"]}
