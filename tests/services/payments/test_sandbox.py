"""The sandbox gateway by itself: it keeps the promises that a real one makes."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.errors import PaymentState, RefundFailed
from services.payments.gateways.protocol import Gateway, Order

HUNDRED = Money(amount=100, currency="LKR")


@pytest.fixture
async def gateway(apps: Callable[[str], Any], actor: Callable[..., Actor]) -> Gateway:
    """Speak with the gateway as this test's tenant does."""
    found: Gateway = await apps("payments").state.gateways.of(actor(), "sandbox")
    return found


async def _captured(gateway: Gateway) -> UUID:
    reference = uuid7()
    await gateway.authorise(Order(reference, HUNDRED, "pm_card_visa"), f"{reference}:a")
    await gateway.capture(reference, HUNDRED, f"{reference}:c")
    return reference


async def test_the_same_key_with_the_same_request_gives_the_same_answer_for_every_verb(gateway: Gateway) -> None:
    reference, refund = uuid7(), uuid7()
    order = Order(reference, HUNDRED, "pm_card_visa")
    for verb in (
        lambda: gateway.authorise(order, "a"),
        lambda: gateway.capture(reference, HUNDRED, "c"),
        lambda: gateway.refund(reference, refund, HUNDRED, "r"),
    ):
        first, *others = await asyncio.gather(*(verb() for _ in range(5)))
        assert all(other == first for other in others)
    charge = await gateway.find(reference)
    assert charge
    assert charge.captured == charge.refunded == HUNDRED
    assert [one.reference for one in charge.refunds] == [refund]


async def test_a_key_is_bound_to_its_request(gateway: Gateway) -> None:
    reference = uuid7()
    await gateway.authorise(Order(reference, HUNDRED, "pm_card_visa"), "a")
    for order in (
        Order(reference, Money(amount=99, currency="LKR"), "pm_card_visa"),
        Order(uuid7(), HUNDRED, "pm_card_visa"),
        Order(reference, HUNDRED, "pm_sandbox_slow"),
    ):
        with pytest.raises(IdempotencyConflict):
            await gateway.authorise(order, "a")
    assert len((await gateway.charges(None, None, 10)).items) == 1
    await gateway.capture(reference, HUNDRED, "c")
    with pytest.raises(IdempotencyConflict):
        await gateway.refund(reference, uuid7(), HUNDRED, "c")
    charge = await gateway.find(reference)
    assert charge
    assert charge.refunded.amount == 0


async def test_a_reference_is_charged_once_whatever_the_key(gateway: Gateway) -> None:
    reference = await _captured(gateway)
    with pytest.raises(PaymentState):
        await gateway.authorise(Order(reference, HUNDRED, "pm_card_visa"), "another key")
    with pytest.raises(PaymentState):
        await gateway.capture(reference, HUNDRED, "another key")


async def test_a_void_lets_go_what_is_authorised_and_leaves_everything_else_as_it_is(gateway: Gateway) -> None:
    reference = uuid7()
    assert await gateway.void(reference, "v0") is None
    await gateway.authorise(Order(reference, HUNDRED, "pm_card_visa"), "a")
    assert [getattr(await gateway.void(reference, "v"), "status", None) for _ in range(2)] == ["voided", "voided"]
    captured = await _captured(gateway)
    assert getattr(await gateway.void(captured, "v2"), "status", None) == "captured"


async def test_no_more_is_taken_than_authorised_nor_returned_than_taken(gateway: Gateway) -> None:
    reference = uuid7()
    await gateway.authorise(Order(reference, HUNDRED, "pm_card_visa"), "a")
    for wrong in (Money(amount=101, currency="LKR"), Money(amount=100, currency="USD")):
        with pytest.raises(PaymentState):
            await gateway.capture(reference, wrong, "c")
    with pytest.raises(RefundFailed):
        await gateway.refund(reference, uuid7(), HUNDRED, "r")
    await gateway.capture(reference, Money(amount=60, currency="LKR"), "c")
    with pytest.raises(RefundFailed):
        await gateway.refund(reference, uuid7(), HUNDRED, "r2")
    with pytest.raises(RefundFailed):
        await gateway.refund(uuid7(), uuid7(), HUNDRED, "r3")
