"""A payment of which nobody knows whether money is held: it stands under Attention, and the gateway is asked again."""

import httpx
import pytest
from fastapi import FastAPI

from services.payments.errors import RefundFailed
from services.payments.gateways.sandbox import SandboxGateway
from tests.web.clinic import Clinic, eventually
from tests.web.pages.desk import Desk

SAID = "It is not known whether a card was charged"


async def test_it_stands_under_attention_until_the_gateway_was_asked_again(
    edge: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = await Clinic.begin(edge, http)
    booked = await clinic.booked(card=None, visit_type_id=clinic.desk_visit)
    body = {
        "invoice_id": booked["invoice"]["id"], "method": "card", "token": "pm_sandbox_capture_fails",
        "amount": booked["invoice"]["due"],
    }  # fmt: skip

    async def refuse(*_: object) -> None:
        raise RefundFailed

    with monkeypatch.context() as deaf:
        deaf.setattr(SandboxGateway, "void", refuse)
        answer = await clinic.post("/payments", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "payment_unresolved")
        billing, front = await Desk.open(edge, clinic, "billing"), await Desk.open(edge, clinic, "front_desk")
        page = await eventually(lambda: billing.read("/attention"), lambda found: SAID in found.text)
    assert SAID in (await front.read("/attention")).text
    assert "Ask again" not in (await front.read("/attention")).text
    (action,) = [one.action for one in page.forms if one.action.endswith("/asking")]
    other = await Desk.open(edge, await Clinic.begin(edge, http), "billing")
    assert SAID not in (await other.read("/attention")).text
    assert (await other.post(action, {"csrf_token": await other.token()}, script=True)).status_code == 404
    assert (await billing.send(page, action)).status_code == 303
    await eventually(lambda: billing.read("/attention"), lambda found: SAID not in found.text)
    (payment,) = (await clinic.get("/payments")).json()["items"]
    assert payment["status"] == "voided"
