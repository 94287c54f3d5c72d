"""The cash drawer at the desk: opened with a count, used, closed with a count, reviewed; in pages and over REST."""

import httpx
from fastapi import FastAPI

from tests.web.clinic import Clinic
from tests.web.conftest import problem
from tests.web.pages.desk import Desk, Page, id_in


async def _owed(clinic: Clinic, amount: int = 350_000, currency: str = "LKR") -> str:
    lines = [{"description": "Consultation", "unit": {"amount": amount, "currency": currency}}]
    return await clinic.made("/payments/invoices", {"patient_id": await clinic.patient(), "lines": lines})


async def test_a_receptionist_counts_takes_cash_and_closes_and_a_manager_reviews(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    clinic = await Clinic.begin(edge, http)
    desk, manager = await Desk.open(edge, clinic, "front_desk"), await Desk.open(edge, clinic, "billing")
    page = await manager.read("/billing/drawers")
    assert (await manager.send(page, "/billing/drawers/rule")).status_code == 303
    invoice = await _owed(clinic)
    take = await desk.read(f"/billing/payments/new?invoice_id={invoice}")
    assert "Open your cash drawer" in Page((await desk.send(take, "/billing/payments", method="cash")).text).text

    page = await desk.read("/billing/drawers/new")
    wrong = await desk.send(page, "/billing/drawers", {"pieces-100000": "10", "sum": "9000"})
    assert "come to" in Page(wrong.text).text
    assert (await desk.send(Page(wrong.text), "/billing/drawers", sum="")).status_code == 303
    take = await desk.read(f"/billing/payments/new?invoice_id={invoice}")
    assert (await desk.send(take, "/billing/payments", method="cash")).status_code == 303

    page = await desk.read("/billing/drawers")
    assert "13,500.00" in page.text
    address = next(one for one in page.links if one.endswith("/movements/new"))
    drawer = f"/billing/drawers/{id_in(address)}"
    form = await desk.read(address)
    assert (await desk.send(form, f"{drawer}/movements", amount="20000", reason="full")).status_code == 409
    moved = await desk.send(form, f"{drawer}/movements", amount="3500", reason="full")
    assert moved.headers["location"] == "/billing/drawers"
    closing = await desk.read(f"{drawer}/closing")
    asked = await desk.send(closing, f"{drawer}/closing", sum="9995")
    assert (asked.status_code, "5.00 short" in Page(asked.text).text) == (409, True)
    done = await desk.send(Page(asked.text), f"{drawer}/closing", reason="a coin is missing")
    assert done.headers["location"] == drawer
    assert "a coin is missing" in (await desk.read(drawer)).text

    page = await manager.read(drawer)
    assert (await manager.send(page, f"{drawer}/review", note="spoken about")).status_code == 303
    assert "spoken about" in (await manager.read(drawer)).text
    assert "Ishara Perera" in (await manager.read("/billing/drawers")).text
    colleague = await Desk.open(edge, clinic, "front_desk")
    await colleague.read(drawer, status=404)


async def test_an_api_client_keeps_a_drawer_and_repeats_are_harmless(edge: FastAPI, http: httpx.AsyncClient) -> None:
    clinic = await Clinic.begin(edge, http)
    body = {"location_id": clinic.location, "opening": {"sum": {"amount": 0, "currency": "LKR"}}}
    elsewhere = await clinic.post("/drawers", json=body | {"location_id": clinic.consultant})
    problem(elsewhere, 404, "location_not_found")
    opened = [(await clinic.post("/drawers", json=body, key="morning")).json()["id"] for _ in range(2)]
    assert opened[0] == opened[1]
    problem(await clinic.post("/drawers", json=body), 409, "drawer_open")
    assert (await clinic.put("/drawers/rule", json={"drawer_needed": True})).json() == {"drawer_needed": True}
    cash = {"method": "cash", "amount": {"amount": 350_000, "currency": "LKR"}}
    paid = await clinic.post("/payments", json=cash | {"invoice_id": await _owed(clinic)})
    assert paid.json()["drawer_id"] == opened[0]
    drop = {"kind": "bank_drop", "amount": {"amount": 100_000, "currency": "LKR"}, "reason": "full"}
    for _ in range(2):
        answer = await clinic.post(f"/drawers/{opened[0]}/movements", json=drop, key="noon")
        assert (answer.status_code, answer.json()["expected"]["amount"]) == (201, 250_000)
    kinds = [one["kind"] for one in (await clinic.get(f"/drawers/{opened[0]}/movements")).json()["items"]]
    assert kinds == ["bank_drop", "payment"]
    count = {"counted": {"sum": {"amount": 250_000, "currency": "LKR"}}}
    for _ in range(2):
        answer = await clinic.post(f"/drawers/{opened[0]}/closing", json=count)
        assert (answer.status_code, answer.json()["difference"]["amount"]) == (200, 0)
    assert (await clinic.post(f"/drawers/{opened[0]}/review", json={})).json()["reviewed_at"]
    assert (await clinic.get("/drawers")).json()["items"][0]["id"] == opened[0]
    refund = await clinic.post(f"/payments/{paid.json()['id']}/refunds", json={"reason": "moved away"})
    problem(refund, 409, "drawer_needed")
