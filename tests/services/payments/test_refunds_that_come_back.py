"""Refunds that a gateway takes back: the books turn round once, and the patient's wait stands under Attention."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.errors import RefundFailed
from services.payments.gateways.sandbox import SandboxGateway
from services.payments.schemas import GatewayRefund
from tests.services.payments.conftest import Desk, money, payment_body
from tests.services.payments.laws import Laws, laws
from tests.services.payments.test_money_check import check, gateway, mended, plant
from tests.services.payments.test_webhooks import Send, send

__all__ = ["gateway", "laws", "plant", "send"]
CLOSED = "expired_or_canceled_card"


async def refunded(desk: Desk, amount: int = 1_000, back: int = 400) -> tuple[UUID, UUID]:
    """Have a payment of which a part went back."""
    payment, refund = await desk.captured(amount), uuid7()
    assert (await desk.refund(payment, back, refund)).json()["status"] == "succeeded"
    return payment, refund


async def test_a_refund_that_fails_after_it_succeeded_is_reversed_once_and_waits_for_a_person(
    desk: Desk, gateway: Any, send: Send, laws: Laws
) -> None:
    payment, refund = await refunded(desk)
    before = (await desk.payment(payment))["invoice_id"]
    await gateway.take_back(refund, CLOSED)
    answers = await asyncio.gather(*(send(payment) for _ in range(5)))
    assert sorted(one.json()["outcome"] for one in answers) == ["applied"] + ["nothing"] * 4
    row = await desk.get(f"/payments/{payment}/refunds/{refund}")
    assert (row["status"], row["failure"], bool(row["reversed_at"])) == ("failed", CLOSED, True)
    held = await desk.payment(payment)
    assert (held["refunded"], held["refunding"]) == (money(0), None)
    invoice = await desk.get(f"/invoices/{before}")
    assert (invoice["refunded"], invoice["status"], invoice["due"]) == (money(0), "balanced", money(0))
    assert await desk.balances() == {"gateway_clearing:sandbox": 1_000, "deposits": -1_000}
    (orphan,) = (await desk.get("/orphans"))["items"]
    assert (orphan["kind"], orphan["subject_id"], orphan["here"]) == ("refund_failed", str(refund), money(400))
    assert orphan["detail"] == CLOSED
    found = await check(desk)
    assert [one["id"] for one in found.pop("refund_failed")] == [orphan["id"]]
    assert found == {}
    assert await laws(payment, refund, before) == []


async def test_a_check_finds_a_refund_that_came_back_without_a_word(desk: Desk, gateway: Any) -> None:
    payment, refund = await refunded(desk)
    await gateway.take_back(refund, CLOSED)
    (orphan,) = (await check(desk))["status_differs"]
    assert (orphan["detail"], orphan["here"], orphan["there"]) == ("refund:failed", money(400), money(0))
    assert await mended(desk, orphan) == "mended"
    assert (await desk.payment(payment))["refunded"] == money(0)
    assert list(await check(desk)) == ["refund_failed"]


async def test_word_of_its_success_that_comes_behind_the_reversal_changes_nothing(
    desk: Desk, gateway: Any, send: Send, plant: Any
) -> None:
    payment, refund = await refunded(desk)
    await gateway.take_back(refund, CLOSED)
    await send(payment)
    await plant("UPDATE sandbox_refunds SET failure = NULL")
    assert (await send(payment)).json()["outcome"] == "nothing"
    assert (await desk.get(f"/payments/{payment}/refunds/{refund}"))["status"] == "failed"
    assert await desk.balances() == {"gateway_clearing:sandbox": 1_000, "deposits": -1_000}


async def test_money_that_goes_back_another_time_ends_the_wait(desk: Desk, gateway: Any, send: Send) -> None:
    payment, refund = await refunded(desk)
    await gateway.take_back(refund, CLOSED)
    await send(payment)
    assert (await desk.refund(payment, 399)).status_code == 201
    assert list(await check(desk)) == ["refund_failed"]
    assert (await desk.refund(payment, 1)).status_code == 201
    assert (await desk.get("/orphans"))["items"] == []
    assert await check(desk) == {}
    assert (await desk.balances())["refunds"] == 400


async def test_an_invoice_that_was_cancelled_since_holds_the_money_until_it_goes_back(
    desk: Desk, gateway: Any, send: Send, laws: Laws
) -> None:
    payment = await desk.captured(1_000)
    released = await desk.release(payment, cancel_invoice=True)
    (refund,) = await desk.get(f"/payments/{payment}/refunds")
    await gateway.take_back(UUID(refund["id"]), CLOSED)
    assert (await send(payment)).json()["outcome"] == "applied"
    invoice = await desk.get(f"/invoices/{released.json()['invoice_id']}")
    assert (invoice["status"], invoice["paid"], invoice["refunded"]) == ("cancelled", money(1_000), money(0))
    assert await desk.balances() == {"gateway_clearing:sandbox": 1_000, "refunds": -1_000}
    assert list(await check(desk)) == ["refund_failed"]
    assert await laws(payment, refund["id"], invoice["id"]) == []
    assert (await desk.refund(payment)).status_code == 201
    assert await desk.balances() == {}
    assert await laws(payment, refund["id"], invoice["id"]) == []
    assert await check(desk) == {}


async def test_a_credit_that_was_given_for_it_stays_and_the_next_one_counts_nothing_twice(
    desk: Desk, gateway: Any, send: Send
) -> None:
    payment, refund = await refunded(desk)
    path = f"/invoices/{(await desk.payment(payment))['invoice_id']}"
    credit = {"amount": money(400), "reason": "shorter"}
    assert (await desk.ask("PUT", f"{path}/credits/{uuid7()}", credit)).status_code == 200
    await gateway.take_back(refund, CLOSED)
    await send(payment)
    assert (await desk.refund(payment, 400)).status_code == 201
    assert await desk.balances() == {"gateway_clearing:sandbox": 600, "deposits": -600}
    assert await check(desk) == {}


async def test_what_came_off_the_patients_credit_is_there_again(
    desk: Desk, gateway: Any, send: Send, laws: Laws
) -> None:
    payment, refund = uuid7(), uuid7()
    body = payment_body(1_000, method="online_link") | {"amount": money(1_500), "surplus": "credit"}
    assert (await desk.pay(payment, body)).status_code == 201
    await desk.capture(payment)
    await desk.refund(payment, 700, refund)
    assert (await desk.balances())["refunds"] == 200
    await gateway.take_back(refund, CLOSED)
    await send(payment)
    (credit,) = await desk.get(f"/patients/{body['invoice']['patient_id']}/credit")
    assert credit["credit"] == money(500)
    assert await desk.balances() == {
        "gateway_clearing:sandbox": 1_500, "deposits": -1_000, "patient_credits": -500,
    }  # fmt: skip
    assert await laws(payment, refund) == []
    assert list(await check(desk)) == ["refund_failed"]


async def test_only_a_refusal_of_which_nobody_was_told_waits_under_attention(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, refund = await desk.captured(1_000), uuid7()

    async def refuse(*_: object) -> None:
        raise RefundFailed

    async def accept(_: object, reference: UUID, refund: UUID, amount: Money, _key: str) -> GatewayRefund:
        return GatewayRefund(id="re_1", reference=refund, payment=reference, amount=amount, status="pending")

    monkeypatch.setattr(SandboxGateway, "refund", refuse)
    assert (await desk.refund(payment, 400)).json()["code"] == "refund_failed"
    assert await check(desk) == {}
    monkeypatch.setattr(SandboxGateway, "refund", accept)
    assert (await desk.refund(payment, 300, refund)).json()["status"] == "pending"
    (stuck,) = (await check(desk))["refund_stuck"]
    monkeypatch.setattr(SandboxGateway, "refund", refuse)
    assert (await desk.ask("PUT", f"/orphans/{stuck['id']}/mending")).json()["code"] == "refund_failed"
    found = await check(desk)
    assert [(one["subject_id"], one["here"], one["detail"]) for one in found.pop("refund_failed")] == [
        (str(refund), money(300), "refused")
    ]
    assert found == {}
