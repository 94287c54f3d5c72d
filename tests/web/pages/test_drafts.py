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
