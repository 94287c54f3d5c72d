"""Refunds that Stripe does not settle at once. Localstripe settles each, so their state is put in its answers."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import stripe

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, money
from tests.services.payments.test_stripe import SECRET, localstripe, till

__all__ = ["localstripe", "till"]
# The SDK hands its form to httpx under the older of two names.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
Tell = Callable[[UUID, str], Any]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Say what Stripe tells of each refund: its `status`, and how many come `embedded` in their charge."""
    said: dict[str, Any] = {"status": "pending", "embedded": 10}
    plain = httpx.AsyncClient.request

    async def request(self: httpx.AsyncClient, method: str, url: str, **also: Any) -> httpx.Response:
        answer = await plain(self, method, url, **also)
        if "/v1/" not in str(url) or answer.status_code != httpx.codes.OK:
            return answer
        told = answer.json()
        for thing in _things(told):
            if thing.get("object") == "refund":
                thing["status"] = said["status"]
            if thing.get("object") == "charge":
                held = thing["refunds"]["data"]
                thing["refunds"] |= {"data": held[: said["embedded"]], "has_more": len(held) > said["embedded"]}
        return httpx.Response(200, content=json.dumps(told), headers={"content-type": "application/json"})

    monkeypatch.setattr(httpx.AsyncClient, "request", request)
    return said


def _things(told: Any) -> Iterator[dict[str, Any]]:
    if isinstance(told, dict):
        yield told
    for one in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from _things(one)


@pytest.fixture
def tell(http: httpx.AsyncClient, tenant_id: UUID) -> Tell:
    """Send the event that Stripe sends of a refund."""

    async def post(payment_id: UUID, kind: str) -> str:
        metadata = {"careconnect_payment": str(payment_id), "careconnect_tenant": str(tenant_id)}
        said = {
            "id": f"evt_{uuid7().hex}",
            "type": kind,
            "data": {"object": {"object": "refund", "metadata": metadata}},
        }
        body = str(stripe.Event.construct_from(said, None))
        header = stripe.WebhookSignature.generate_signature_header(body, SECRET)
        path = f"/webhooks/stripe/{tenant_id}"
        answer = await http.post(path, content=body, headers={"gateway-signature": header})
        outcome: str = answer.json()["outcome"]
        return outcome

    return post


async def test_a_refund_that_is_on_its_way_is_booked_when_it_has_arrived(
    till: Desk, says: dict[str, Any], tell: Tell
) -> None:
    payment_id, refund_id = await till.captured(), uuid7()
    for _ in range(2):
        assert (await till.refund(payment_id, 50_000, refund_id)).json()["status"] == "pending"
    payment = await till.payment(payment_id)
    assert (payment["refunding"], payment["refunded"]) == (money(50_000), money(0))
    assert await till.balances() == {"gateway_clearing:stripe": 350_000, "deposits": -350_000}
    [listed] = await till.charges()
    assert (listed["refunded"], listed["refunds"], len(listed["unsettled"])) == (money(0), [], 1)
    assert await tell(payment_id, "refund.updated") == "nothing"
    says["status"] = "succeeded"
    assert await tell(payment_id, "refund.updated") == "applied"
    assert (await till.payment(payment_id))["refunded"] == money(50_000)
    assert await till.balances() == {"gateway_clearing:stripe": 300_000, "refunds": 50_000, "deposits": -350_000}


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_a_refund_that_fails_on_its_way_is_no_money_back_and_may_be_made_again(
    till: Desk, says: dict[str, Any], tell: Tell, status: str
) -> None:
    payment_id, refund_id = await till.captured(), uuid7()
    await till.refund(payment_id, 350_000, refund_id)
    says["status"] = status
    assert await tell(payment_id, "refund.failed") == "applied"
    assert (await till.get(f"/payments/{payment_id}/refunds/{refund_id}"))["status"] == "failed"
    assert (await till.refund(payment_id, 350_000, refund_id)).json()["code"] == "refund_failed"
    [listed] = await till.charges()
    assert (listed["refunded"], listed["refunds"]) == (money(0), [])
    assert await till.balances() == {"gateway_clearing:stripe": 350_000, "deposits": -350_000}
    says["status"] = "succeeded"
    assert (await till.refund(payment_id, 350_000)).json()["status"] == "succeeded"


async def test_a_refund_that_fails_after_it_had_succeeded_is_reversed_and_waits_for_a_person(
    till: Desk, says: dict[str, Any], tell: Tell
) -> None:
    says["status"] = "succeeded"
    payment_id, refund_id = await till.captured(), uuid7()
    assert (await till.refund(payment_id, 50_000, refund_id)).json()["status"] == "succeeded"
    says["status"] = "failed"
    assert await tell(payment_id, "refund.failed") == "applied"
    assert await tell(payment_id, "refund.failed") == "nothing"
    assert await till.balances() == {"gateway_clearing:stripe": 350_000, "deposits": -350_000}
    [orphan] = (await till.get("/orphans"))["items"]
    assert (orphan["kind"], orphan["subject_id"], orphan["here"]) == ("refund_failed", str(refund_id), money(50_000))


async def test_all_refunds_of_a_charge_are_read_however_many_come_with_it(till: Desk, says: dict[str, Any]) -> None:
    says |= {"status": "succeeded", "embedded": 1}
    payment_id = await till.captured()
    for amount in (10_000, 20_000, 30_000):
        assert (await till.refund(payment_id, amount)).json()["status"] == "succeeded"
    [listed] = await till.charges()
    assert (len(listed["refunds"]), listed["refunded"]) == (3, money(60_000))
