"""The money check from the button to the page: what policy allows is mended, the rest waits for a person."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.schemas import Hold
from services.identity.roles import ALL
from services.payments.gateways.protocol import Order
from services.payments.schemas import LineWrite, NewInvoice, PaymentWrite, RefundWrite
from services.payments.states import Method
from tests.web.clinic import Clinic, eventually
from tests.web.pages.desk import Desk, Page
from workflows import ids
from workflows.contracts import MoneyCheckRequest, MoneyCheckResult
from workflows.money_check import MoneyCheck
from workflows.schedules import ensure_money_check

PRICE = Money(amount=250_000, currency="LKR")


@pytest.fixture(scope="module")
async def edge_clinic(edge: FastAPI, http: httpx.AsyncClient) -> Clinic:
    """Begin an organisation whose money nobody else moves."""
    return await Clinic.begin(edge, http)


@pytest.fixture(scope="module")
async def clerk(edge: FastAPI, edge_clinic: Clinic) -> Desk:
    """Somebody who does the billing there."""
    return await Desk.open(edge, edge_clinic, "billing")


async def check_now(clinic: Clinic) -> MoneyCheckResult:
    """Check, and count nothing as under way."""
    return await clinic.gateway.engine.client.execute_workflow(
        MoneyCheck.run,
        MoneyCheckRequest(tenant_id=clinic.tenant_id, grace_seconds=0),
        id=f"{ids.money_check(clinic.tenant_id)}-{uuid7()}",
        task_queue=ids.BOOKINGS,
    )


async def test_orphans_are_mended_where_policy_allows_and_the_rest_waits(edge_clinic: Clinic, clerk: Desk) -> None:
    clinic, payments = edge_clinic, edge_clinic.gateway.payments
    actor = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    gateway = await clinic.gateway.services.apps["payments"].state.gateways.of(actor, "sandbox")
    await clinic.booked()
    assert (await check_now(clinic)).open == 0

    stray, visitless, twice = uuid7(), uuid7(), UUID((await clinic.booked())["payment"]["id"])
    await gateway.authorise(Order(stray, PRICE, "pm_card_visa"), "a")
    await gateway.capture(stray, PRICE, "c")
    invoice = NewInvoice(
        id=uuid7(), patient_id=uuid7(), appointment_id=uuid7(), lines=[LineWrite(description="X-ray", unit=PRICE)]
    )
    wanted = PaymentWrite(invoice=invoice, method=Method.card, token="pm_card_visa", amount=PRICE)
    await payments.authorise(actor, visitless, wanted)
    await payments.capture(actor, visitless)
    await gateway.refund(twice, uuid7(), Money(amount=1_000, currency="LKR"), "by hand")

    result = await check_now(clinic)
    assert (result.found, result.mended, result.open, result.missing) == (3, 2, 1, [])
    assert (await gateway.find(stray)).refunded == PRICE
    assert (await payments.get_payment(actor, visitless)).refunded == PRICE

    page = await clerk.read("/billing/money-check")
    assert "1 orphan as of" in page.text
    assert "A refund that nobody asked for" in page.text
    assert "Money kept without a visit" in page.text  # among those that were mended
    assert "A refund that nobody asked for" in (await clerk.read("/attention")).text
    action = next(link for link in page.links if link.endswith("/dismissal"))
    asked = await clerk.read(action)
    assert (await clerk.send(asked, action)).status_code == 422
    assert (await clerk.send(asked, action, {"reason": "the bank's own correction"})).status_code == 303
    assert "0 orphans as of" in (await clerk.read("/billing/money-check")).text, "nothing of that check is left"
    assert (await check_now(clinic)).open == 0
    assert "0 orphans as of" in (await clerk.read("/billing/money-check")).text


async def test_a_person_and_the_schedule_both_begin_checks(edge_clinic: Clinic, clerk: Desk) -> None:
    before = (await clerk.read("/billing/money-check")).text

    def ended(page: Page) -> bool:
        return "orphans as of" in page.text and "is running" not in page.text and page.text != before

    assert (await clerk.send(await clerk.read("/billing/money-check"), "/billing/money-check")).status_code == 303
    await eventually(lambda: clerk.read("/billing/money-check"), ended)
    answer = await edge_clinic.post("/payments/money-check")
    assert answer.status_code == 202
    process = f"/workflows/{answer.json()['workflow_id']}"
    done = await eventually(lambda: edge_clinic.get(process), lambda found: found.json()["state"] == "completed")
    assert done.json()["type"] == "MoneyCheck"
    client, name = edge_clinic.gateway.engine.client, ids.money_check(edge_clinic.tenant_id)
    await ensure_money_check(client, edge_clinic.tenant_id, timedelta(hours=1))
    handle = client.get_schedule_handle(name)
    try:
        runs = await eventually(handle.describe, lambda found: found.info.num_actions > 0)
        assert [one.every for one in runs.schedule.spec.intervals] == [timedelta(hours=1)]
    finally:
        await handle.delete()


async def test_a_refund_that_was_asked_for_here_is_no_orphan(edge_clinic: Clinic) -> None:
    actor = Actor(id=uuid7(), tenant_id=edge_clinic.tenant_id, kind="staff", scopes=ALL)
    payment = UUID((await edge_clinic.booked())["payment"]["id"])
    await edge_clinic.gateway.payments.refund(actor, payment, uuid7(), RefundWrite(reason="a favour"))
    assert (await check_now(edge_clinic)).open == 0


async def test_a_clerk_takes_the_gateways_own_refund_into_the_books(edge_clinic: Clinic, clerk: Desk) -> None:
    actor = Actor(id=uuid7(), tenant_id=edge_clinic.tenant_id, kind="staff", scopes=ALL)
    gateway = await edge_clinic.gateway.services.apps["payments"].state.gateways.of(actor, "sandbox")
    payment = UUID((await edge_clinic.booked())["payment"]["id"])
    await gateway.refund(payment, uuid7(), Money(amount=700, currency="LKR"), "adopted")
    assert (await check_now(edge_clinic)).open == 1
    page = await clerk.read("/billing/money-check")
    assert "Take it into the books" in page.text
    (action,) = (link for link in page.links if link.endswith("/remedies/adopt"))
    asked = await clerk.read(action)
    assert "becomes one of ours" in asked.text
    assert (await clerk.send(asked, action)).status_code == 422
    for _ in range(2):
        done = await clerk.send(asked, action, {"reason": "made on the gateway's own page"})
        assert done.status_code == 303
    assert (await edge_clinic.gateway.payments.get_payment(actor, payment)).refunded.amount == 700
    orphan = action.split("/")[-3]
    again = await edge_clinic.post(
        f"/payments/orphans/{orphan}/remedy", json={"remedy": "adopt", "reason": "once more"}
    )
    assert (again.status_code, again.json()["status"]) == (200, "mended")
    assert (await clerk.read(action, status=404)).text
    assert (await check_now(edge_clinic)).open == 0


async def test_who_returns_no_money_is_offered_nothing(edge: FastAPI, edge_clinic: Clinic) -> None:
    actor = Actor(id=uuid7(), tenant_id=edge_clinic.tenant_id, kind="staff", scopes=ALL)
    gateway = await edge_clinic.gateway.services.apps["payments"].state.gateways.of(actor, "sandbox")
    payment = UUID((await edge_clinic.booked())["payment"]["id"])
    await gateway.refund(payment, uuid7(), Money(amount=300, currency="LKR"), "not offered")
    await check_now(edge_clinic)
    (orphan,) = (await edge_clinic.gateway.payments.orphans(actor)).items
    front = await Desk.open(edge, edge_clinic, "front_desk")
    page = await front.read("/billing/money-check")
    assert not [link for link in page.links if "/remedies/" in link]
    assert (await front.read(f"/billing/money-check/orphans/{orphan.id}/remedies/adopt", status=403)).text
    await edge_clinic.gateway.checks.dismiss(actor, orphan.id, "of this test")


async def test_a_visit_whose_invoice_was_never_issued_gets_it_on_the_terms_of_its_booking(
    edge_clinic: Clinic, clerk: Desk
) -> None:
    clinic, appointments = edge_clinic, edge_clinic.gateway.appointments
    actor = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    booked = await appointments.get(actor, UUID((await clinic.booked())["id"]))
    told = await appointments.charged(actor, booked.id)
    assert told.price == Money(amount=350_000, currency="LKR")
    visit, start = uuid7(), booked.start + timedelta(days=200)
    wanted = Hold(
        patient_id=booked.patient_id, consultant_id=booked.consultant_id, visit_type_id=booked.visit_type_id,
        location_id=booked.location_id, zone=booked.zone, start=start, end=start + timedelta(minutes=30),
        occupied_from=start, occupied_to=start + timedelta(minutes=30), charged=told,
    )  # fmt: skip
    await appointments.hold(actor, visit, wanted)
    await appointments.confirm(actor, visit)
    assert (await check_now(clinic)).open == 1
    page = await clerk.read("/billing/money-check")
    assert "A visit without an invoice" in page.text
    (action,) = (link for link in page.links if link.endswith("/remedies/issue"))
    asked = await clerk.read(action)
    for _ in range(2):
        assert (await clerk.send(asked, action, {"reason": "the booking lost it"})).status_code == 303
    (invoice,) = (await clinic.gateway.payments.for_appointment(actor, visit)).invoices
    assert (invoice.total, invoice.income) == (told.price, "deposits")
    assert (await check_now(clinic)).open == 0


async def test_what_the_organisation_does_not_have_mended_by_itself_waits_for_a_person(
    edge: FastAPI, edge_clinic: Clinic, clerk: Desk
) -> None:
    clinic, owner = edge_clinic, await Desk.open(edge, edge_clinic, "owner")
    actor = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    gateway = await clinic.gateway.services.apps["payments"].state.gateways.of(actor, "sandbox")
    shown = await owner.read("/settings/payments")
    assert "What the money check mends by itself" in shown.text
    assert "Waits for a person" not in shown.text
    page, path = await owner.read("/settings/money-check/mending"), "/settings/money-check/mending"
    assert (await owner.send(page, path, charge_without_payment="")).status_code == 303
    stale = await owner.send(page, path)
    assert stale.status_code == 409
    assert "Waits for a person" in (await clerk.read("/settings/payments")).text
    await clerk.read(path, status=403)
    stray = uuid7()
    await gateway.authorise(Order(stray, PRICE, "pm_card_visa"), "waits a")
    await gateway.capture(stray, PRICE, "waits c")
    assert (await check_now(clinic)).open == 1
    assert (await gateway.find(stray)).refunded.amount == 0
    asked = await clerk.read("/billing/money-check")
    (action,) = (link for link in asked.links if link.endswith("/remedies/mend"))
    done = await clerk.send(await clerk.read(action), action, {"reason": "nobody knows this card"})
    assert (done.status_code, (await gateway.find(stray)).refunded) == (303, PRICE)
    assert (await check_now(clinic)).open == 0
