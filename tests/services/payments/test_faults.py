"""The gateway in trouble, and a process that dies at the worst moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from careconnect import clock
from careconnect.ids import uuid7
from services.payments import repository
from services.payments.gateways.sandbox import SandboxGateway
from tests.services.payments.conftest import Desk, money, payment_body


async def test_a_dropped_connection_is_unknown_and_the_same_request_heals_it_with_one_charge(desk: Desk) -> None:
    payment_id, body = uuid7(), payment_body(card="pm_sandbox_flaky")
    first = await desk.pay(payment_id, body)
    assert (first.status_code, first.json()["code"]) == (503, "gateway_unknown")
    assert "retry-after" in first.headers
    second = await desk.pay(payment_id, body)
    assert (second.status_code, second.json()["status"]) == (201, "authorised")
    assert len(await desk.charges()) == 1


async def test_a_slow_card_is_charged_once_after_eight_seconds(desk: Desk, pauses: list[float]) -> None:
    payment_id, body = uuid7(), payment_body(card="pm_sandbox_slow")
    assert (await desk.pay(payment_id, body)).status_code == 201
    assert (await desk.pay(payment_id, body)).status_code == 200
    assert pauses == [8.0]
    assert len(await desk.charges()) == 1


async def test_a_gateway_that_is_down_says_when_to_come_back_and_works_a_minute_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id, body = uuid7(), payment_body(card="pm_sandbox_down")
    down = await desk.pay(payment_id, body)
    assert (down.status_code, down.json()["code"]) == (503, "gateway_unavailable")
    assert 0 < int(down.headers["retry-after"]) <= 60
    assert await desk.charges() == []
    assert (await desk.pay(payment_id, body)).status_code == 503
    later = clock.now() + timedelta(seconds=61)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (await desk.pay(payment_id, body)).status_code == 201
    assert len(await desk.charges()) == 1


async def test_a_capture_that_the_gateway_refuses_leaves_the_payment_authorised_until_it_is_released(
    desk: Desk,
) -> None:
    payment_id = await desk.authorised(card="pm_sandbox_capture_fails")
    for _ in range(2):
        answer = await desk.capture(payment_id)
        assert (answer.status_code, answer.json()["code"]) == (402, "capture_failed")
    assert (await desk.payment(payment_id))["status"] == "authorised"
    assert (await desk.release(payment_id, cancel_invoice=True)).json()["status"] == "voided"
    assert await desk.balances() == {}


class Died(ConnectionError):  # noqa: N818 - what happened, not an error of ours
    """Stands for a process that ends here; who asked sees a broken connection."""


def _dies(*_: object, **__: object) -> None:
    raise Died


@pytest.fixture
def die(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], pytest.MonkeyPatch]:
    """Let the process die when it comes to a function, until `undo` is called."""

    def at(place: Any, name: str) -> pytest.MonkeyPatch:
        monkeypatch.setattr(place, name, _dies)
        return monkeypatch

    return at


async def test_death_between_the_charge_and_our_record_is_healed_by_the_same_request(
    desk: Desk, die: Callable[[Any, str], pytest.MonkeyPatch]
) -> None:
    payment_id, body = uuid7(), payment_body()
    dead = die(repository, "post")
    assert (await desk.pay(payment_id, body)).status_code == 503
    assert len(await desk.charges()) == 1
    assert (await desk.ask("GET", f"/payments/{payment_id}")).status_code == 404
    dead.undo()
    healed = await desk.pay(payment_id, body)
    assert (healed.status_code, healed.json()["invoice_number"][-6:]) == (201, "000001")
    assert len(await desk.charges()) == 1


async def test_death_between_the_capture_and_our_record_is_healed_by_the_same_request(
    desk: Desk, die: Callable[[Any, str], pytest.MonkeyPatch]
) -> None:
    payment_id = await desk.authorised()
    dead = die(repository, "post")
    assert (await desk.capture(payment_id)).status_code == 503
    assert (await desk.charges())[0]["status"] == "captured"
    dead.undo()
    assert (await desk.capture(payment_id)).json()["captured"] == money(350_000)
    assert await desk.balances() == {"gateway_clearing:sandbox": 350_000, "deposits": -350_000}


async def test_death_between_the_capture_and_our_record_is_healed_by_a_release(
    desk: Desk, die: Callable[[Any, str], pytest.MonkeyPatch]
) -> None:
    payment_id = await desk.authorised()
    dead = die(repository, "post")
    await desk.capture(payment_id)
    dead.undo()
    answer = await desk.release(payment_id, cancel_invoice=True)
    assert (answer.json()["captured"], answer.json()["refunded"]) == (money(350_000), money(350_000))
    assert await desk.balances() == {}


async def test_death_between_the_return_and_our_record_is_healed_by_the_same_refund_and_by_a_release(
    desk: Desk, die: Callable[[Any, str], pytest.MonkeyPatch]
) -> None:
    for heal in ("refund", "release"):
        payment_id, refund_id = await desk.captured(), uuid7()
        dead = die(repository, "post")
        assert (await desk.refund(payment_id, 50_000, refund_id)).status_code == 503
        dead.undo()
        assert (await desk.get(f"/payments/{payment_id}/refunds"))[0]["status"] == "pending"
        answer = await (desk.refund(payment_id, 50_000, refund_id) if heal == "refund" else desk.release(payment_id))
        assert answer.status_code == 200
        assert (await desk.get(f"/payments/{payment_id}/refunds"))[0]["status"] == "succeeded"
        charge = next(one for one in await desk.charges() if one["reference"] == str(payment_id))
        assert charge["refunded"] == (await desk.payment(payment_id))["refunded"]


async def test_death_before_a_displaced_charge_is_let_go_is_healed_by_the_same_request(
    desk: Desk, die: Callable[[Any, str], pytest.MonkeyPatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    body, loser = payment_body(), uuid7()
    await desk.pay(uuid7(), body | {"token": "pm_card_chargeDeclined"})
    authorise = SandboxGateway.authorise

    async def overtaken(self: SandboxGateway, order: Any, key: str) -> Any:
        charge = await authorise(self, order, key)
        if order.reference == loser:
            cash = {"invoice_id": body["invoice"]["id"], "method": "cash", "amount": body["amount"]}
            assert (await desk.pay(uuid7(), cash)).status_code == 201
        return charge

    monkeypatch.setattr(SandboxGateway, "authorise", overtaken)
    die(SandboxGateway, "void")
    assert (await desk.pay(loser, body)).status_code == 503
    monkeypatch.undo()
    held = [one for one in await desk.charges() if one["status"] == "authorised"]
    assert len(held) == 1
    for _ in range(2):
        answer = await desk.pay(loser, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "invoice_state")
    assert not [one for one in await desk.charges() if one["status"] == "authorised"]
    assert (await desk.payment(loser))["status"] == "failed"


async def test_a_refund_that_the_gateway_refuses_is_recorded_and_may_be_tried_another_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.payments.errors import RefundFailed  # noqa: PLC0415 - only this test needs the class

    payment_id, refund_id = await desk.captured(), uuid7()

    async def refuse(*_: object) -> None:
        raise RefundFailed

    monkeypatch.setattr(SandboxGateway, "refund", refuse)
    for _ in range(2):
        answer = await desk.refund(payment_id, None, refund_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "refund_failed")
    assert (await desk.release(payment_id)).json()["code"] == "refund_failed"
    monkeypatch.undo()
    assert [one["status"] for one in await desk.get(f"/payments/{payment_id}/refunds")] == ["failed", "failed"]
    assert (await desk.release(payment_id)).json()["refunded"] == money(350_000)
