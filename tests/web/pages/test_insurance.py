"""Payers, coverages, shares, claims and discounts through forms."""

import httpx
import pytest
from fastapi import FastAPI

from tests.web.clinic import Clinic, eventually
from tests.web.pages.desk import Desk, Page

MINUS = "\N{MINUS SIGN}"


@pytest.fixture
async def owner_of_one(edge: FastAPI, http: httpx.AsyncClient) -> Desk:
    """Sit the owner of an organisation of this test's own at a screen."""
    return await Desk.open(edge, await Clinic.begin(edge, http), "owner")


async def test_a_covered_visit_from_the_payer_to_its_transfer(owner_of_one: Desk, edge: FastAPI) -> None:
    owner, clinic = owner_of_one, owner_of_one.clinic
    page = await owner.read("/settings/payers")
    assert (await owner.send(page, "/settings/payers", name="Lanka Health", code="lhi")).status_code == 303
    (payer,) = (await clinic.get("/payers")).json()["items"]
    patient = await clinic.patient()
    here = f"/patients/{patient}/coverages"
    page = await owner.read(f"{here}/new")
    wrong = await owner.send(page, here, payer_id=payer["id"], policy_number="LHI-42", rate="180")
    assert wrong.status_code == 422
    assert "LHI-42" in wrong.text  # nothing typed is lost
    assert (await owner.send(page, here, payer_id=payer["id"], policy_number="LHI-42", rate="80")).status_code == 303
    assert "80% of each visit" in (await owner.read(f"/patients/{patient}")).text
    slot = await clinic.slot()
    chosen = f"{slot['consultant_id']}|{slot['location_id']}|{slot['start']}"
    asked = {"patient_id": patient, "visit_type_id": slot["visit_type_id"], "slot": chosen}
    offer = Page((await owner.http.get("/appointments/new/offer", params=asked)).text)
    assert "The patient pays LKR 700.00, Lanka Health LKR 2,800.00." in offer.text
    alone = Page((await owner.http.get("/appointments/new/offer", params=asked | {"coverage_id": ""})).text)
    assert "The patient pays LKR" not in alone.text
    booked = await clinic.expected(patient_id=patient, payer_id=payer["id"])
    invoice = await owner.read(f"/billing/invoices/{booked['invoice']['id']}")
    assert f"Lanka Health pays {MINUS}LKR 2,800.00" in invoice.text
    assert "The patient pays LKR 700.00" in invoice.text
    place = f"/billing/invoices/{booked['invoice']['id']}/authorisation"
    for number in ("LHI-AUTH-7", ""):
        assert (await owner.send(invoice, place, number=number)).status_code == 303
        invoice = await owner.read(f"/billing/invoices/{booked['invoice']['id']}")
        assert invoice.form(place).fields["number"] == number
    assert (await owner.send(invoice, place, number="LHI-AUTH-7")).status_code == 303
    for step in ("arrival", "check-in", "completion"):
        await clinic.post(f"/appointments/{booked['id']}/{step}")

    async def claims() -> Page:
        return await owner.read("/billing/claims")

    page = await eventually(claims, lambda page: "1 draft" in page.text)
    assert (await owner.send(page, "/billing/claims/batches")).status_code == 303
    page = await claims()
    (path,) = {link for link in page.links if link.startswith("/api/v1/claims/batches/")}
    file = (await owner.http.get(path)).text
    assert "LHI-42" in file
    assert "LHI-AUTH-7" in file
    (claim,) = {link for link in page.links if link.startswith("/billing/claims/") and len(link) > 40}
    page = await owner.read(f"{claim}/payment")
    assert page.form(f"{claim}/payment").fields["amount"] == "2800.00"
    too_much = await owner.send(page, f"{claim}/payment", amount="2800.01")
    assert too_much.status_code == 409
    assert (await owner.send(Page(too_much.text), f"{claim}/payment", amount="2800.00")).status_code == 303
    assert "Paid" in (await owner.read(claim)).text
    clerk = await Desk.open(edge, clinic, "front_desk")
    assert (await clerk.http.get(f"{claim}/payment")).status_code == 403


async def test_a_discount_is_given_by_who_may_with_a_reason(owner_of_one: Desk, edge: FastAPI) -> None:
    clinic = owner_of_one.clinic
    booked = await clinic.booked(card=None, payment={"method": "at_desk"})
    invoice = f"/billing/invoices/{booked['invoice']['id']}"
    page = await owner_of_one.read(f"{invoice}/discount")
    assert (await owner_of_one.send(page, f"{invoice}/discount", percent="10")).status_code == 422
    given = await owner_of_one.send(page, f"{invoice}/discount", percent="10", reason="Member of staff")
    assert given.status_code == 303
    shown = (await owner_of_one.read(invoice)).text
    assert f"Discount, taken off above Member of staff {MINUS}LKR 350.00" in shown
    assert "Due LKR 3,150.00" in shown
    front_desk = await Desk.open(edge, clinic, "front_desk")
    assert (await front_desk.http.get(f"{invoice}/discount")).status_code == 403
