"""Invoices written by hand on the screens, and those that should never have been."""

import asyncio

from fastapi import FastAPI

from careconnect.ids import uuid7
from tests.web.clinic import Clinic
from tests.web.pages.desk import Desk, Page, id_in

HERE = "/billing/drafts"


async def kept(desk: Desk, clinic: Clinic) -> str:
    """Write a draft of two lines, and give its address."""
    page = await desk.read(f"{HERE}/new?patient_id={await clinic.patient()}")
    lines = {"description-0": "Certificate", "unit-0": "1,500.00", "description-2": "Dressing", "quantity-2": "3"}
    lines |= {"unit-2": "250", "tax-2": "18"}
    answer = await desk.send(page, HERE, lines)
    assert answer.status_code == 303, Page(answer.text).text
    return answer.headers["location"]


async def test_a_draft_is_written_kept_changed_and_issued_once(owner: Desk, clinic: Clinic) -> None:
    path = await kept(owner, clinic)
    page = await owner.read(path)
    assert "it comes to LKR 2,250.00" in page.text
    fields = page.form(path).fields
    assert (fields["description-1"], fields["quantity-1"], fields["unit-1"]) == ("Dressing", "3", "250.00")
    assert (fields["tax-1"], fields["tax_inclusive"]) == ("18", "true")
    assert "Certificate, Dressing" in (await owner.read(HERE)).text
    assert (await owner.send(page, path, {"unit-0": "2,000", "action": "save"})).status_code == 303
    page = await owner.read(path)
    answers = await asyncio.gather(*(owner.send(page, path, {"unit-0": "2,500", "action": "issue"}) for _ in range(3)))
    home = f"/billing/invoices/{id_in(path)}"
    assert {one.headers.get("location") for one in answers} == {home}
    invoice = (await clinic.get(f"/payments/invoices/{id_in(path)}")).json()
    assert (invoice["status"], invoice["total"]["amount"]) == ("issued", 325_000)
    assert path not in (await owner.read(HERE)).links
    assert invoice["number"] in (await owner.read(home)).text
    assert (await owner.http.get(path)).status_code == 404


async def test_what_was_said_over_rest_of_the_visit_and_its_payer_stays_when_the_page_keeps_the_draft(
    owner: Desk, clinic: Clinic
) -> None:
    patient = await clinic.patient()
    payer = await clinic.made("/payers", {"name": "Lanka Health", "code": f"P{uuid7().hex[-6:]}"})
    cover = {"payer_id": payer, "policy_number": "0042", "rate": 8000}
    said = {
        "appointment_id": (await clinic.booked(patient_id=patient))["id"],
        "coverage_id": await clinic.made(f"/patients/{patient}/coverages", cover),
        "visit_day": "2026-11-20", "authorisation_number": "AUTH-7", "zone": "Europe/Berlin",
    }  # fmt: skip
    line = {"description": "Certificate", "quantity": 1, "unit": {"amount": 100_000, "currency": "LKR"}}
    made = await clinic.made("/payments/invoices/drafts", {"patient_id": patient, "lines": [line], **said})
    path, rest = f"{HERE}/{made}", f"/payments/invoices/drafts/{made}"
    page = await owner.read(path)
    assert "Coverage by Lanka Health" in page.text
    assert f"/appointments/{said['appointment_id']}" in page.links
    assert (await owner.send(page, path, {"unit-0": "2,000", "action": "save"})).status_code == 303
    kept = (await clinic.get(rest)).json()
    assert {name: kept[name] for name in said} == said
    assert kept["total"]["amount"] == 200_000
    other = {"patient_id": await clinic.patient(), "action": "save"}
    assert (await owner.send(await owner.read(path), path, other)).status_code == 303
    moved = (await clinic.get(rest)).json()
    assert (moved["appointment_id"], moved["coverage_id"], moved["authorisation_number"]) == (None, None, "")


async def test_a_draft_that_makes_no_sense_comes_back_with_what_is_wrong(owner: Desk, clinic: Clinic) -> None:
    page = await owner.read(f"{HERE}/new?patient_id={await clinic.patient()}")
    wrong: list[tuple[dict[str, str], str]] = [
        ({}, "description-0"),
        ({"description-1": "Certificate"}, "unit-1"),
        ({"unit-3": "100"}, "description-3"),
        ({"description-0": "Certificate", "unit-0": "lots"}, "unit-0"),
        ({"description-2": "Certificate", "unit-2": "5", "quantity-2": "many"}, "quantity-2"),
        ({"description-0": "Certificate", "unit-0": "5", "tax-0": "180"}, "tax-0"),
        ({"description-0": "Certificate", "unit-0": "5", "patient_id": ""}, "patient_id"),
    ]
    for typed, field in wrong:
        answer = await owner.send(page, HERE, typed)
        assert answer.status_code == 422, typed
        assert Page(answer.text).having("id", f"draft-{field}-error"), typed
    nobody = {"description-0": "Certificate", "unit-0": "5", "patient_id": str(uuid7())}
    assert (await owner.send(page, HERE, nobody)).status_code == 404


async def test_a_discarded_draft_is_gone_and_was_never_in_the_books(owner: Desk, clinic: Clinic) -> None:
    path = await kept(owner, clinic)
    answer = await owner.send(await owner.read(path), f"{path}/discard")
    assert answer.headers["location"] == HERE
    assert (await clinic.get(f"/payments/invoices/{id_in(path)}")).status_code == 404


async def test_a_mistake_is_shown_as_such_with_its_reason(owner: Desk, clinic: Clinic) -> None:
    path = await kept(owner, clinic)
    await owner.send(await owner.read(path), path, {"action": "issue"})
    home = f"/billing/invoices/{id_in(path)}"
    action = f"{home}/entered-in-error"
    assert action in (await owner.read(home)).links
    page = await owner.read(action)
    silent = await owner.send(page, action, reason=" ")
    assert Page(silent.text).having("id", "mistake-reason-error")
    for _ in range(2):
        assert (await owner.send(page, action, reason="The wrong patient")).headers["location"] == home
    shown = await owner.read(home)
    assert "Entered in error The wrong patient" in shown.text
    assert action not in shown.links
    assert home in (await owner.read("/billing?show=invoices&status=entered_in_error")).links
    assert home not in (await owner.read("/billing?show=invoices&status=cancelled")).links


async def test_a_paid_invoice_is_no_mistake_and_the_front_desk_makes_none(
    owner: Desk, edge: FastAPI, clinic: Clinic
) -> None:
    booked = await clinic.booked()
    home = f"/billing/invoices/{booked['invoice']['id']}"
    action = f"{home}/entered-in-error"
    assert action not in (await owner.read(home)).links
    refused = await owner.send(await owner.read(action), action, reason="x")
    assert (refused.status_code, "Money came" in Page(refused.text).text) == (409, True)
    desk = await Desk.open(edge, clinic, "front_desk")
    assert (await desk.http.get(action)).status_code == 403
