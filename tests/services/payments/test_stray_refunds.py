"""Money that nobody here asked for, and that a gateway fails to return later: the books turn round as with others."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.gateways.protocol import Order
from services.payments.gateways.sandbox import SandboxGateway
from services.payments.schemas import GatewayRefund
from tests.services.payments.conftest import Desk, money
from tests.services.payments.laws import Laws, laws
from tests.services.payments.test_money_check import check, gateway, mended, plant
from tests.services.payments.test_remedies import remedied
from tests.services.payments.test_webhooks import Send, send

__all__ = ["gateway", "laws", "plant", "send"]
CLOSED = "expired_or_canceled_card"
HELD = {"gateway_clearing:sandbox": 900, "suspense": -900}


async def charged(desk: Desk, gateway: Any) -> tuple[UUID, dict[str, Any]]:
    """Have a charge of which nothing is known here, as the money check finds it."""
    stray = uuid7()
    await gateway.authorise(Order(stray, Money(amount=900, currency="LKR"), "pm_card_visa"), "a")
    await gateway.capture(stray, Money(amount=900, currency="LKR"), "c")
    (orphan,) = (await check(desk))["charge_without_payment"]
    return stray, orphan


async def returned(desk: Desk, gateway: Any) -> tuple[UUID, UUID]:
    """Have one that the money check has sent back."""
    stray, orphan = await charged(desk, gateway)
    assert await mended(desk, orphan) == "mended"
    (refund,) = await desk.get(f"/payments/{stray}/refunds")
    assert (refund["status"], await desk.balances()) == ("succeeded", {})
    return stray, UUID(refund["id"])


async def test_an_event_reverses_it_once_and_a_person_sends_it_again(
    desk: Desk, gateway: Any, send: Send, laws: Laws
) -> None:
    stray, refund = await returned(desk, gateway)
    await gateway.take_back(refund, CLOSED)
    answers = await asyncio.gather(*(send(stray) for _ in range(5)))
    assert {one.status_code for one in answers} == {200}
    row = await desk.get(f"/payments/{stray}/refunds/{refund}")
    assert (row["status"], row["failure"], bool(row["reversed_at"])) == ("failed", CLOSED, True)
    assert (await desk.payment(stray))["refunded"] == money(0)
    assert await desk.balances() == HELD
    assert (await desk.charges())[0]["refunds"] == [], "it is not sent again by itself"
    (waits,) = (await check(desk))["refund_failed"]
    assert (waits["subject_id"], waits["here"], waits["remedies"]) == (str(refund), money(900), ["resend"])
    assert await laws(stray, refund) == []
    assert (await remedied(desk, waits, "resend"))["status"] == "mended"
    assert (await desk.charges())[0]["refunded"] == money(900)
    assert await desk.balances() == {}
    assert await check(desk) == {}
    assert await laws(stray, *(one["id"] for one in await desk.get(f"/payments/{stray}/refunds"))) == []


async def test_a_check_finds_it_where_no_event_told_of_it(desk: Desk, gateway: Any, laws: Laws) -> None:
    stray, refund = await returned(desk, gateway)
    await gateway.take_back(refund, CLOSED)
    (orphan,) = (await check(desk))["status_differs"]
    assert (orphan["detail"], orphan["here"], orphan["there"]) == ("refund:failed", money(900), money(0))
    assert await mended(desk, orphan) == "mended"
    assert await desk.balances() == HELD
    assert list(await check(desk)) == ["refund_failed"]
    assert await laws(stray, refund) == []


async def test_one_that_was_under_way_is_followed_to_its_end(
    desk: Desk, gateway: Any, send: Send, monkeypatch: pytest.MonkeyPatch, laws: Laws
) -> None:
    stray, orphan = await charged(desk, gateway)
    sent = SandboxGateway.refund

    async def accept(_: object, reference: UUID, refund: UUID, amount: Money, _key: str) -> GatewayRefund:
        return GatewayRefund(id="re_1", reference=refund, payment=reference, amount=amount, status="pending")

    with monkeypatch.context() as slow:
        slow.setattr(SandboxGateway, "refund", accept)
        assert await mended(desk, orphan) == "mended"
    (row,) = await desk.get(f"/payments/{stray}/refunds")
    assert (row["status"], await desk.balances()) == ("pending", HELD)
    await sent(gateway, stray, UUID(row["id"]), Money(amount=900, currency="LKR"), "later")
    await send(stray)
    (row,) = await desk.get(f"/payments/{stray}/refunds")
    assert (row["status"], await desk.balances()) == ("succeeded", {})
    assert await check(desk) == {}
    assert await laws(stray, row["id"]) == []


async def test_one_without_an_answer_is_asked_for_again(
    desk: Desk, gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray, orphan = await charged(desk, gateway)

    async def accept(_: object, reference: UUID, refund: UUID, amount: Money, _key: str) -> GatewayRefund:
        return GatewayRefund(id="re_1", reference=refund, payment=reference, amount=amount, status="pending")

    with monkeypatch.context() as slow:
        slow.setattr(SandboxGateway, "refund", accept)
        assert await mended(desk, orphan) == "mended"
    (stuck,) = (await check(desk))["refund_stuck"]
    assert await mended(desk, stuck) == "mended"
    assert (await desk.payment(stray))["refunded"] == money(900)
    assert (await check(desk), await desk.balances()) == ({}, {})


async def test_a_release_does_not_say_that_nothing_is_kept_where_it_failed(
    desk: Desk, gateway: Any, send: Send
) -> None:
    stray, refund = await returned(desk, gateway)
    assert (await desk.release(stray)).status_code == 200
    await gateway.take_back(refund, CLOSED)
    assert (await desk.release(stray)).json()["code"] == "refund_failed"
    await send(stray)
    assert await desk.balances() == HELD
    assert (await desk.refund(stray)).status_code == 201
    assert (await desk.release(stray)).status_code == 200
    assert await desk.balances() == {}
