"""What a cancellation costs, as it is told before."""

import re
from datetime import UTC, datetime, timedelta

import httpx
from fastapi import FastAPI

from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk


async def test_what_a_cancellation_costs_is_told_in_each_currency_and_of_what_was_taken_alone(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    clinic = await Clinic.begin(edge, http)
    start = (datetime.now(UTC) + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    booked = await clinic.booked(start=start.isoformat())
    report = {"description": "Report", "quantity": 1, "unit": {"amount": 5_00, "currency": "USD"}}
    body = {"patient_id": booked["patient"]["id"], "appointment_id": booked["id"], "lines": [report]}
    extra = await clinic.made("/payments/invoices", body)
    paid = {"invoice_id": extra, "method": "card", "token": "pm_card_visa", "amount": report["unit"], "capture": False}
    part = {"amount": {"amount": 2_00, "currency": "USD"}}
    taken = await clinic.post(f"/payments/{await clinic.made('/payments', paid)}/capture", json=part)
    assert taken.status_code == 200, taken.text
    owner = await Desk.open(edge, clinic, "owner")
    page = await owner.read(f"/appointments/{booked['id']}/cancel")
    assert re.search(r"LKR 1,750.00 of LKR 3,500.00 \+ US\$2.00 stay as the fee", page.text), page.text
