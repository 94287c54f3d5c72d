"""Messages, the waiting list, reports and the webhook over REST."""

import json
from datetime import timedelta

import httpx
import pytest

from careconnect import clock
from careconnect.config import Settings
from careconnect.ids import uuid7
from services.payments.gateways import signatures
from services.payments.gateways.sandbox import events
from tests.web.clinic import Clinic, eventually
from tests.web.conftest import problem
from workflows.schedules import ensure_dashboard

VALUES = {"starts_at": "2030-01-01T09:00:00Z", "zone": "Asia/Colombo"}


async def test_a_message_goes_where_the_record_says_once_per_key(clinic: Clinic) -> None:
    patient = await clinic.patient(email="nimal@example.com")
    body = {"patient_id": patient, "channel": "email", "template": "reminder", "values": VALUES}
    first, again = [await clinic.post("/messages", json=body, key="send once") for _ in range(2)]
    assert (first.status_code, first.json()["status"]) == (201, "sent"), first.text
    assert again.json() == first.json()
    other = body | {"template": "cancellation"}
    problem(await clinic.post("/messages", json=other, key="send once"), 422, "idempotency_conflict")
    read = (await clinic.get(f"/messages/{first.json()['id']}")).json()
    assert "nimal@example.com" in read["recipient"]
    listed = (await clinic.get("/messages", params={"patient_id": patient})).json()["items"]
    assert [one["id"] for one in listed] == [first.json()["id"]]
    assert "body" not in listed[0]


async def test_a_message_is_sent_once_more_on_request(clinic: Clinic) -> None:
    body = {"patient_id": await clinic.patient(), "channel": "email", "template": "reminder", "values": VALUES}
    place = f"/messages/{await clinic.made('/messages', body)}/resending"
    once_more = await clinic.post(place)
    assert (once_more.status_code, once_more.json()["status"]) == (200, "sent"), once_more.text
    elsewhere = {"recipient": {"name": "Sunila", "email": "sunila@example.com"}}
    assert (await clinic.post(place, json=elsewhere)).json()["status"] == "sent"


async def test_a_booking_is_confirmed_by_a_message(clinic: Clinic) -> None:
    booked = await clinic.booked()
    params = {"appointment_id": booked["id"], "status": "sent"}
    told = await eventually(lambda: clinic.get("/messages", params=params), lambda told: bool(told.json()["items"]))
    assert told.json()["items"][0]["template"] == "booking_confirmation"


@pytest.mark.parametrize("part", ["dashboard", "appointments", "revenue"])
@pytest.mark.parametrize("period", ["today", "week", "month"])
async def test_reports_are_there_before_the_first_figures(clinic: Clinic, part: str, period: str) -> None:
    answer = await clinic.get(f"/reports/{part}", params={"period": period})
    assert (answer.status_code, answer.json()["period"]) == (200, period)


async def test_reports_tell_what_the_last_snapshot_found(clinic: Clinic) -> None:
    await clinic.booked()
    await ensure_dashboard(clinic.gateway.engine.client, clinic.tenant_id, timedelta(hours=1))
    told = await eventually(
        lambda: clinic.get("/reports/dashboard", params={"period": "month"}),
        lambda told: told.json()["as_of"] is not None,
        seconds=40,
    )
    dashboard = told.json()
    appointments = (await clinic.get("/reports/appointments", params={"period": "month"})).json()
    revenue = (await clinic.get("/reports/revenue", params={"period": "month"})).json()
    assert dashboard["tiles"]["patients"]["value"] >= 1
    assert appointments["appointments"] == dashboard["tiles"]["appointments"]
    assert revenue["revenue"] == dashboard["tiles"]["revenue"]
    assert {appointments["from"], revenue["from"]} == {dashboard["from"]}
    problem(await clinic.get("/reports/dashboard", params={"period": "century"}), 422, "invalid_input")


async def test_an_event_of_the_gateway_is_taken_in_by_its_signature_alone(
    clinic: Clinic, http: httpx.AsyncClient, edge_settings: Settings
) -> None:
    payment = (await clinic.booked())["payment"]["id"]
    told = {"id": f"evt_{uuid7().hex}", "type": "charge.captured", "account": str(clinic.tenant_id), "created": 1}
    body = json.dumps(told | {"data": {"reference": payment}}).encode()
    secret = events.secrets(edge_settings.master_keys)[0]
    headers = {"gateway-signature": signatures.sign(secret, body, clock.now())}
    outcomes = [
        (await http.post("/webhooks/payments/sandbox", content=body, headers=headers)).json()["outcome"]
        for _ in range(2)
    ]
    assert outcomes == ["nothing", "duplicate"]


@pytest.mark.parametrize(
    ("gateway", "body", "signature", "status", "code"),
    [
        ("sandbox", b"{}", "", 400, "signature_invalid"),
        ("sandbox", b"{}", "t=1,v1=00", 400, "signature_invalid"),
        ("sandbox", b"\xff\xfe", "t=1,v1=\u00ff", 400, "signature_invalid"),
        ("nobody", b"{}", "", 404, "gateway_not_found"),
        ("..%2f..%2fpatients", b"{}", "", 404, "not_found"),
        ("SANDBOX", b"{}", "", 422, "invalid_input"),
        ("sandbox", b"x" * 1_000_001, "", 413, "too_large"),
    ],
)
async def test_an_event_that_nobody_signed_is_refused(
    http: httpx.AsyncClient, gateway: str, body: bytes, signature: str, status: int, code: str
) -> None:
    headers = [(b"gateway-signature", signature.encode("latin-1"))]
    problem(await http.post(f"/webhooks/payments/{gateway}", content=body, headers=headers), status, code)


async def test_reminders_of_a_visit_and_the_recall_of_an_invoice_tell_where_they_stand(
    clinic: Clinic, other_clinic: Clinic
) -> None:
    booked = await clinic.booked()
    place = f"/workflows/reminders-{booked['id']}"
    running = (await clinic.get(place)).json()
    assert (running["type"], running["state"], running["result"]) == ("AppointmentReminders", "running", None)
    problem(await other_clinic.get(place), 404, "workflow_not_found")
    problem(await clinic.get(place, scopes=("payments:read",)), 403, "forbidden")
    assert (await clinic.post(f"/appointments/{booked['id']}/cancellation", json={"reason": "pat"})).status_code == 200
    ended = await eventually(lambda: clinic.get(place), lambda answer: answer.json()["state"] == "completed")
    assert ended.json()["refusal"] is None
    lines = [{"description": "X-ray", "unit": {"amount": 100_000, "currency": "LKR"}}]
    owed = await clinic.made("/payments/invoices", {"patient_id": booked["patient"]["id"], "lines": lines})
    assert (await clinic.post(f"/payments/invoices/{owed}/reminders")).status_code == 201
    recalled = await clinic.get(f"/workflows/dunning-{owed}", scopes=("payments:read",))
    assert (recalled.status_code, recalled.json()["type"]) == (200, "InvoiceDunning"), recalled.text


async def test_a_patient_can_wait_until_a_day_that_is_not_over_everywhere(clinic: Clinic) -> None:
    wanted = {"patient_id": await clinic.patient(), "visit_type_id": clinic.paid_visit}
    farthest_west = (clock.now() - timedelta(hours=12)).date()
    await clinic.made("/waitlist", wanted | {"latest": str(farthest_west)})
    over = await clinic.post("/waitlist", json=wanted | {"latest": str(farthest_west - timedelta(days=1))})
    assert [one["field"] for one in problem(over, 422, "invalid_input")["errors"]] == ["latest"]
