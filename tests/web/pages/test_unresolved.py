"""A payment of which nobody knows whether money is held: it stands under Attention, and the gateway is asked again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from careconnect.ids import uuid7
from services.payments.errors import RefundFailed
from services.payments.gateways.sandbox import SandboxGateway
from tests.web.clinic import Clinic, eventually
from tests.web.conftest import problem
from tests.web.pages.desk import Desk

SAID = "It is not known whether a card was charged"


@contextmanager
def deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the gateway let nothing go for a while."""

    async def refuse(*_: object) -> None:
        raise RefundFailed

    with monkeypatch.context() as patched:
        patched.setattr(SandboxGateway, "void", refuse)
        yield


async def unresolved(clinic: Clinic) -> dict[str, Any]:
    """Have a payment of which nobody knows whether money is held, and give the refusal."""
    booked = await clinic.booked(card=None, visit_type_id=clinic.desk_visit)
    body = {
        "invoice_id": booked["invoice"]["id"], "method": "card", "token": "pm_sandbox_capture_fails",
        "amount": booked["invoice"]["due"],
    }  # fmt: skip
    return problem(await clinic.post("/payments", json=body), 409, "payment_unresolved")


async def test_it_stands_under_attention_until_the_gateway_was_asked_again(
    edge: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic = await Clinic.begin(edge, http)
    with deaf(monkeypatch):
        await unresolved(clinic)
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


async def test_over_rest_the_refusal_names_the_payment_and_whoever_may_return_money_has_it_asked_again(
    edge: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic, other = await Clinic.begin(edge, http), await Clinic.begin(edge, http)
    with deaf(monkeypatch):
        refused = await unresolved(clinic)
        path = f"/payments/{refused['payment_id']}/inquiry"
        for _ in range(2):
            asked = await clinic.post(path)
            assert asked.status_code == 202, asked.text
    problem(await other.post(path), 404, "workflow_not_found")
    problem(await clinic.post(f"/payments/{uuid7()}/inquiry"), 404, "workflow_not_found")
    problem(await clinic.ask("POST", path, scopes=("payments:read", "payments:write")), 403, "forbidden")
    where = asked.headers["Location"]
    assert where == f"/api/v1/workflows/{asked.json()['workflow_id']}"
    assert (await clinic.post(path)).status_code == 202
    payment = await eventually(
        lambda: clinic.get(f"/payments/{refused['payment_id']}"), lambda found: found.json()["status"] == "voided"
    )
    assert payment.json()["captured"]["amount"] == 0
    assert (await clinic.get(where.removeprefix("/api/v1"))).status_code == 200
