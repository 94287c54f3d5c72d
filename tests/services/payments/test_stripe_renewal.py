"""Reserving money anew at Stripe, by the adapter's own SDK against a running localstripe."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect.ids import uuid7
from tests.services.payments.conftest import Desk, money, payment_body
from tests.services.payments.test_stripe import Lost, localstripe, lost, till

__all__ = ["localstripe", "lost", "till"]
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


async def reserved(till: Desk) -> UUID:
    """Reserve 3,500 rupees on a card that is kept."""
    card, payment_id = uuid7(), uuid7()
    body = {"patient_id": str(uuid7()), "token": "pm_card_visa"}
    assert (await till.ask("PUT", f"/cards/{card}", body)).status_code == 204
    answer = await till.pay(payment_id, payment_body(card=None, card_id=str(card)))
    assert answer.status_code == 201, answer.text
    return payment_id


async def renew(till: Desk, payment_id: UUID, turn: int = 1) -> httpx.Response:
    """Reserve it anew."""
    return await till.ask("POST", f"/payments/{payment_id}/renewal", {"turn": turn})


async def intents(localstripe: str) -> dict[str, str]:
    """Tell how each intent stands at Stripe."""
    async with httpx.AsyncClient(auth=("sk_test_anybody", ""), base_url=localstripe) as http:
        listed = (await http.get("/v1/payment_intents", params={"limit": 1000})).json()["data"]
    return {one["id"]: one["status"] for one in listed}


async def ours(till: Desk, payment_id: UUID) -> list[tuple[str, str]]:
    """List the charges that the gateway names with our reference."""
    return [(one["id"], one["status"]) for one in await till.charges() if one["reference"] == str(payment_id)]


async def test_a_reservation_on_a_kept_card_is_made_anew_once_and_the_old_one_let_go(
    till: Desk, localstripe: str
) -> None:
    payment_id = await reserved(till)
    old = (await till.payment(payment_id))["gateway_reference"]
    answers = [(await renew(till, payment_id)).json() for _ in range(2)]
    new = answers[0]["gateway_reference"]
    assert ([one["status"] for one in answers], answers[1]["gateway_reference"]) == (["authorised"] * 2, new)
    held = await intents(localstripe)
    assert (new != old, held[old], held[new]) == (True, "canceled", "requires_capture")
    assert await ours(till, payment_id) == [(new, "authorised")]
    again = (await renew(till, payment_id, 2)).json()["gateway_reference"]
    assert await ours(till, payment_id) == [(again, "authorised")]
    assert (await till.capture(payment_id)).json()["captured"] == money(350_000)
    assert await ours(till, payment_id) == [(again, "captured")]
    assert (await till.refund(payment_id, 50_000)).status_code == 201


@pytest.mark.parametrize("path", ["/payment_intents", "/cancel"])
async def test_a_renewal_whose_answer_was_lost_leaves_one_reservation(
    till: Desk, localstripe: str, lost: Lost, path: str
) -> None:
    payment_id = await reserved(till)
    before = await intents(localstripe)
    lost(path)
    first = await renew(till, payment_id)
    answer = first if first.status_code == 200 else await renew(till, payment_id)
    assert answer.json()["status"] == "authorised"
    made = {key: status for key, status in (await intents(localstripe)).items() if key not in before}
    assert list(made.values()) == ["requires_capture"]
    assert await ours(till, payment_id) == [(*made, "authorised")]


async def test_where_the_bank_says_no_the_reservation_stands_until_it_lapses(
    till: Desk, localstripe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await reserved(till)
    plain = httpx.AsyncClient.request

    async def decline(self: httpx.AsyncClient, method: str, url: str, **also: Any) -> httpx.Response:
        if method.upper() == "POST" and str(url).endswith("/payment_intents"):
            said = {"type": "card_error", "code": "card_declined", "message": "Your card was declined."}
            return httpx.Response(402, json={"error": said}, request=httpx.Request(method, str(url)))
        return await plain(self, method, url, **also)

    before = await intents(localstripe)
    with monkeypatch.context() as during:
        during.setattr(httpx.AsyncClient, "request", decline)
        for _ in range(2):
            assert (await renew(till, payment_id)).json()["status"] == "authorised"
    assert await intents(localstripe) == before
    assert (await till.capture(payment_id)).json()["status"] == "captured"


async def test_a_renewed_reservation_is_let_go_with_the_payment(till: Desk, localstripe: str) -> None:
    payment_id = await reserved(till)
    new = (await renew(till, payment_id)).json()["gateway_reference"]
    assert (await till.void(payment_id)).json()["status"] == "voided"
    assert (await intents(localstripe))[new] == "canceled"


async def test_a_card_that_was_not_kept_is_not_charged_again_and_its_reservation_stands(
    till: Desk, localstripe: str
) -> None:
    payment_id = await till.authorised()
    before = await intents(localstripe)
    answer = (await renew(till, payment_id)).json()
    assert (answer["status"], await intents(localstripe)) == ("authorised", before)


async def test_a_reservation_that_lapsed_at_stripe_lets_the_payment_go(till: Desk, localstripe: str) -> None:
    payment_id = await reserved(till)
    intent = (await till.payment(payment_id))["gateway_reference"]
    async with httpx.AsyncClient(auth=("sk_test_anybody", ""), base_url=localstripe) as http:
        assert (await http.post(f"/v1/payment_intents/{intent}/cancel")).status_code == 200
    assert (await renew(till, payment_id)).json()["status"] == "voided"
