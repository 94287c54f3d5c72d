"""Reminding a patient of an invoice by hand, and paying by the link in the reminder."""

import asyncio
import re
from uuid import UUID

import httpx
from fastapi import FastAPI

from careconnect import clock
from careconnect.auth import Actor
from services.notifications.schemas import MessageFilter
from tests.web.clinic import Clinic
from tests.web.conftest import problem
from tests.web.pages.desk import Desk, Page, browser
from tests.web.pages.test_money import owed

READER = ("payments:read", "payments:write", "messages:read")


async def reminders(clinic: Clinic, invoice: str) -> list[str]:
    """Give the links in the reminders that a patient got."""
    reader = Actor.system(*READER, tenant_id=clinic.tenant_id)
    patient = (await clinic.gateway.payments.get_invoice(reader, UUID(invoice))).patient_id
    page = await clinic.gateway.messages.list(reader, MessageFilter(patient_id=patient))
    sent = [one for one in page.items if one.template == "payment_reminder"]
    letters = await asyncio.gather(*(clinic.gateway.messages.get(reader, one.id) for one in sent))
    return [re.findall(r"/p/pay/\S+", letter.body)[0] for letter in letters]


async def test_a_reminder_by_hand_goes_out_once_however_often_it_is_clicked_and_its_link_pays(
    edge: FastAPI, front_desk: Desk, clinic: Clinic
) -> None:
    invoice = await owed(clinic)
    action = f"/billing/invoices/{invoice}/reminders"
    page = await front_desk.read(f"/billing/invoices/{invoice}")
    answers = await asyncio.gather(*(front_desk.send(page, action) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {303}
    shown = (await front_desk.read(f"/billing/invoices/{invoice}")).text
    assert shown.count("Reminded on") == 1
    assert "Next on" in shown
    assert (await clinic.get(f"/payments/invoices/{invoice}/dunning")).json()["status"] == "running"
    (link,) = await reminders(clinic, invoice)
    phone = browser(edge)
    first = Page((await phone.get(link)).text)
    assert "3,500.00" in first.text
    led = [await phone.get(next(one for one in first.links if one.endswith("/gateway"))) for _ in range(2)]
    assert len({answer.headers["location"] for answer in led}) == 1
    checkout = httpx.URL(led[0].headers["location"]).path
    paid = await phone.post(checkout, data={"token": "pm_card_visa"})
    assert paid.status_code == 303
    assert "Nothing is to be paid" in Page((await phone.get(link)).text).text
    assert "no reminder follows" in (await front_desk.read(f"/billing/invoices/{invoice}")).text
    problem(await clinic.post(f"/payments/invoices/{invoice}/reminders"), 409, "nothing_due")


async def test_reminders_are_paused_and_resumed_and_the_last_one_leads_to_attention(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    clinic = await Clinic.begin(edge, http)
    billing = await Desk.open(edge, clinic, "billing")
    await clinic.put("/money-policy", json={"payment": {"kind": "full", "when": "desk"}, "dunning_days": [2, 5]})
    invoice = await owed(clinic)
    problem(await clinic.get(f"/payments/invoices/{invoice}/dunning"), 404, "dunning_not_found")
    path = f"/billing/invoices/{invoice}"
    told = [await clinic.post(f"/payments{path.removeprefix('/billing')}/reminders", key="twice") for _ in range(2)]
    assert [len(one.json()["reminders"]) for one in told] == [1, 1], told[0].text
    await billing.send(await billing.read(path), f"{path}/pause")
    assert "Paused" in (await billing.read(path)).text
    await billing.send(await billing.read(path), f"{path}/pause")
    resumed = (await clinic.get(f"/payments/invoices/{invoice}/dunning")).json()
    assert resumed["status"] == "running"
    assert resumed["next_at"] > clock.now().isoformat()
    assert "Not paid" not in (await billing.read("/attention")).text
    await billing.send(await billing.read(path), f"{path}/reminders")
    waiting = await billing.read("/attention")
    assert "Not paid after the last reminder" in waiting.text
    await billing.send(waiting, f"{path}/recall-dismissal")
    assert "Not paid" not in (await billing.read("/attention")).text
    assert len(await reminders(clinic, invoice)) == 2
