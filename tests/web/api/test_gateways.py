"""Card gateways at the edge: their settings, their events, and money that must be taken once and no more."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from careconnect import clock
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.ids import uuid7
from careconnect.money import Money
from services.appointments.schemas import Remark, RemarkDecision
from services.identity.roles import ALL
from services.payments import repository
from services.payments.errors import GatewayHeldOff
from services.payments.gateways import signatures
from services.payments.gateways.sandbox import SandboxGateway, events
from services.payments.schemas import GatewayAccountWrite, ReleaseWrite
from services.payments.states import GatewayKind
from tests.web.clinic import Clinic, eventually, visit_type
from tests.web.conftest import problem
from web.gateway import engine
from web.gateway.errors import EngineUnavailable

AMOUNT = {"amount": 120_000, "currency": "LKR"}


async def _invoice(clinic: Clinic) -> str:
    lines = [{"description": "X-ray", "unit": AMOUNT}]
    return await clinic.made("/payments/invoices", {"patient_id": await clinic.patient(), "lines": lines})


async def _charges(clinic: Clinic) -> dict[UUID, Any]:
    actor = Actor.system("payments:read", tenant_id=clinic.tenant_id)
    page = await clinic.gateway.payments.gateway_charges(actor, limit=200)
    return {one.reference: one for one in page.items}


async def test_ten_parallel_posts_with_one_key_charge_once_and_get_one_answer(clinic: Clinic) -> None:
    body = {"invoice_id": await _invoice(clinic), "method": "card", "token": "pm_card_visa", "amount": AMOUNT}
    before = set(await _charges(clinic))
    answers = await asyncio.gather(*(clinic.post("/payments", json=body, key="ten at once") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(set(await _charges(clinic)) - before) == 1


async def test_ten_parallel_posts_with_keys_of_their_own_take_no_more_than_is_due(clinic: Clinic) -> None:
    body = {"invoice_id": await _invoice(clinic), "method": "card", "token": "pm_card_visa", "amount": AMOUNT}
    before = set(await _charges(clinic))
    answers = await asyncio.gather(*(clinic.post("/payments", json=body, key=f"own {uuid7()}") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9, [one.text for one in answers]
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"amount_exceeds_due", "invoice_state"}
    fresh = [charge for reference, charge in (await _charges(clinic)).items() if reference not in before]
    assert sorted(charge.status for charge in fresh if charge.status != "voided") == ["captured"]


async def test_the_gateway_is_chosen_by_who_may_and_its_keys_are_never_told(
    edge: FastAPI, http: httpx.AsyncClient
) -> None:
    clinic = await Clinic.begin(edge, http)
    shown = (await clinic.get("/gateways")).json()["items"]
    assert [(one["kind"], one["active"]) for one in shown] == [("sandbox", True), ("stripe", False)]
    keys = {"secret_key": "sk_test_edge", "webhook_secret": "whsec_edge", "active": False}
    problem(await clinic.put("/gateways/stripe", json=keys), 403, "forbidden")
    owner = Actor(id=uuid7(), tenant_id=clinic.tenant_id, kind="staff", scopes=ALL)
    wanted = GatewayAccountWrite.model_validate(keys)
    await clinic.gateway.payments.change_gateway(owner, GatewayKind.stripe, wanted)
    told = await clinic.get("/gateways")
    assert told.json()["items"][1]["has_secret_key"]
    assert "_edge" not in told.text
    assert "sk_test_edge" not in repr(wanted)


@pytest.fixture
def secret(edge_settings: Settings) -> bytes:
    """Give what the sandbox gateway signs its events with."""
    return events.secrets(edge_settings.master_keys)[0]


async def _tell(http: httpx.AsyncClient, clinic: Clinic, secret: bytes, payment_id: UUID) -> Any:
    told = {"id": f"evt_{uuid7().hex}", "type": "charge.captured", "account": str(clinic.tenant_id), "created": 1}
    body = json.dumps(told | {"data": {"reference": str(payment_id)}}).encode()
    headers = {"gateway-signature": signatures.sign(secret, body, clock.now())}
    return (await http.post("/webhooks/payments/sandbox", content=body, headers=headers)).json()


async def _paid_too_late(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Have a payment that was released here, while the gateway took the money and nobody wrote that down."""
    actor = Actor.system("payments:read", "payments:write", "payments:refund", tenant_id=clinic.tenant_id)
    wanted = {"invoice_id": await _invoice(clinic), "method": "card", "token": "pm_card_visa", "amount": AMOUNT}
    payment_id = UUID((await clinic.post("/payments", json=wanted | {"capture": False})).json()["id"])

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dead:
        dead.setattr(repository, "lock_payment", die)
        dead.setattr(SandboxGateway, "void", die)
        with pytest.raises(Exception, match="does not answer"):
            await clinic.gateway.payments.release(actor, payment_id, ReleaseWrite(reason="cancelled"))
    gateways = clinic.gateway.services.apps["payments"].state.gateways
    await (await gateways.of(actor, "sandbox")).capture(payment_id, Money(**AMOUNT), f"{payment_id}:late")
    return payment_id


async def test_money_that_comes_after_the_release_is_recorded_and_goes_back_by_the_payments_process(
    clinic: Clinic, http: httpx.AsyncClient, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await _paid_too_late(clinic, monkeypatch)
    told = await _tell(http, clinic, secret, payment_id)
    assert (told["outcome"], told["return_payment"]) == ("applied", str(payment_id))
    found = await eventually(
        lambda: clinic.get(f"/payments/{payment_id}"), lambda answer: answer.json()["refunded"] == AMOUNT, seconds=40
    )
    assert found.json()["captured"] == AMOUNT
    assert (await _charges(clinic))[payment_id].refunded == Money(**AMOUNT)


async def test_an_event_is_acknowledged_without_the_engine_and_the_sweep_finishes_it(
    clinic: Clinic, http: httpx.AsyncClient, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await _paid_too_late(clinic, monkeypatch)

    async def away(*_: object, **__: object) -> None:
        raise EngineUnavailable

    with monkeypatch.context() as dead:
        dead.setattr(engine.Engine, "signal", away)
        assert (await _tell(http, clinic, secret, payment_id))["outcome"] == "applied"
    await sweep(clinic)
    await eventually(
        lambda: clinic.get(f"/payments/{payment_id}"), lambda answer: answer.json()["refunded"] == AMOUNT, seconds=40
    )
    await sweep(clinic)
    actor = Actor.system("payments:refund", tenant_id=clinic.tenant_id)
    assert (await clinic.gateway.payments.finish_events(actor)).return_payments == []


async def sweep(clinic: Clinic) -> None:
    """Let the schedule's workflow run now."""
    from workflows import ids  # noqa: PLC0415 - only this test starts what its schedule starts
    from workflows.contracts import SweepRequest  # noqa: PLC0415 - the same
    from workflows.events import GatewayEvents  # noqa: PLC0415 - the same

    name = f"{ids.gateway_events(clinic.tenant_id)}-{uuid7()}"
    request = SweepRequest(tenant_id=clinic.tenant_id)
    await clinic.gateway.engine.client.execute_workflow(GatewayEvents.run, request, id=name, task_queue=ids.BOOKINGS)


async def test_the_sweep_drops_the_reasons_of_changes_that_were_never_asked_for(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked, appointments = await clinic.booked(), clinic.gateway.appointments
    chief = Actor.system("appointments:read", "appointments:write", tenant_id=clinic.tenant_id)
    visit, old, fresh = UUID(booked["id"]), uuid7(), uuid7()
    now = clock.now()
    with monkeypatch.context() as yesterday:
        yesterday.setattr(clock, "now", lambda: now - timedelta(days=1, minutes=1))
        await appointments.draft_remark(chief, visit, old, Remark(kind="overbook", text="Forgotten"))
    await appointments.draft_remark(chief, visit, fresh, Remark(kind="overbook", text="Asked for"))
    await sweep(clinic)
    await appointments.decide_remarks(chief, visit, RemarkDecision(ids=[old, fresh], stand=True))
    assert [one.text for one in (await appointments.get(chief, visit)).remarks] == ["Asked for"]


async def test_an_event_larger_than_any_gateways_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/webhooks/payments/sandbox", content=b"x" * (256 * 1024 + 1))
    problem(answer, 413, "too_large")


def _away(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Let nobody ask the gateway, for so many seconds at a time."""

    def hold_off(*_: object) -> None:
        raise GatewayHeldOff(retry_after=seconds)

    monkeypatch.setattr(SandboxGateway, "authorise", hold_off)


async def test_without_the_gateway_a_booking_gets_503_keeps_its_time_and_is_made_by_the_same_request_later(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = await clinic.wish()
    with monkeypatch.context() as down:
        _away(down, 1)
        answer = await clinic.post("/appointments", json=wish, key="gateway away")
        told = problem(answer, 503, "gateway_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert told["held_until"]
        other = wish | {"patient_id": await clinic.patient()}
        problem(await clinic.post("/appointments", json=other, key="somebody else"), 409, "slot_taken")
    made = await eventually(
        lambda: clinic.post("/appointments", json=wish, key="gateway away"), lambda answer: answer.status_code == 201
    )
    assert (made.json()["status"], made.json()["payment"]["status"]) == ("booked", "captured")
    again = await clinic.post("/appointments", json=wish, key="gateway away")
    assert (again.status_code, again.json()["id"]) == (201, made.json()["id"])


async def test_without_the_gateway_a_visit_that_may_be_owed_is_booked_and_due_at_the_desk(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = {"kind": "full", "when": "booking", "when_gateway_is_down": "due"}
    kind = await clinic.made("/visit-types", visit_type(payment_policy=policy))
    with monkeypatch.context() as down:
        _away(down, 30)
        made = await clinic.post("/appointments", json=await clinic.wish() | {"visit_type_id": kind})
    assert made.status_code == 201, made.text
    assert (made.json()["status"], made.json()["payment"]) == ("booked", None)
    assert made.json()["invoice"]["due"] == {"amount": 350_000, "currency": "LKR"}


async def test_a_payment_link_leads_to_the_sandboxs_page_until_the_visit_is_cancelled(
    clinic: Clinic, http: httpx.AsyncClient
) -> None:
    made = await clinic.booked(card=None, payment={"method": "at_desk"})
    body = {"invoice_id": made["invoice"]["id"]}
    link, again = [(await clinic.post("/payments/links", json=body, key="a link")).json() for _ in range(2)]
    assert (link, link["status"]) == (again, "open")
    page = await http.get(link["url"])
    assert (page.status_code, "3,500.00" in page.text) == (200, True)
    declined = await http.post(link["url"], data={"token": "pm_card_chargeDeclined"})
    assert declined.status_code == 402
    assert (await clinic.post(f"/appointments/{made['id']}/cancellation", json={"reason": "pat"})).status_code == 200
    listed = await eventually(
        lambda: clinic.get("/payments/links", params=body),
        lambda answer: answer.json()["items"][0]["status"] == "closed",
    )
    assert [one["id"] for one in listed.json()["items"]] == [link["id"]]
    assert (await http.post(link["url"], data={"token": "pm_card_visa"})).status_code == 409
    assert (await clinic.get(f"/payments/{link['id']}")).status_code == 404
