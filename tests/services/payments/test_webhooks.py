"""Events of the gateway: signed, taken in once, harmless when late, twice or out of order."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments import repository
from services.payments.collection import events
from services.payments.errors import GatewayUnavailable, RefundFailed
from services.payments.gateways import signatures
from services.payments.gateways.sandbox import SandboxGateway
from tests.services.payments.conftest import Desk, invoice_body, money, payment_body
from tests.services.payments.test_money_check import gateway

__all__ = ["gateway"]
Send = Callable[..., Any]


@pytest.fixture
def send(http: httpx.AsyncClient, apps: Callable[[str], Any], tenant_id: UUID) -> Send:
    """Send an event as the sandbox gateway does, with what is to be wrong about it."""

    async def post(reference: UUID, event_id: str | None = None, **wrong: Any) -> httpx.Response:
        account, data = str(wrong.get("account", tenant_id)), {"reference": str(reference)}
        said = {"id": event_id or f"evt_{uuid7().hex}", "type": "charge.captured", "account": account}
        body = json.dumps(said | {"created": 1, "data": data}).encode()
        secret = wrong.get("secret", apps("payments").state.gateways.sandbox_secrets[0])
        header = signatures.sign(secret, body, clock.now() - wrong.get("age", timedelta()))
        path = f"/webhooks/{wrong.get('gateway', 'sandbox')}"
        return await http.post(path, content=wrong.get("body", body), headers={"gateway-signature": header})

    return post


async def _lose_the_record_of_a_capture(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> UUID:
    payment_id = await desk.authorised()

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dead:
        dead.setattr(repository, "post", die)
        await desk.capture(payment_id)
    assert (await desk.payment(payment_id))["status"] == "authorised"
    return payment_id


async def test_an_event_writes_down_what_the_gateway_did_and_we_did_not_see(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await _lose_the_record_of_a_capture(desk, monkeypatch)
    assert (await send(payment_id)).json()["outcome"] == "applied"
    assert (await desk.payment(payment_id))["captured"] == money(350_000)
    assert await desk.balances() == {"gateway_clearing:sandbox": 350_000, "deposits": -350_000}


async def test_an_event_that_comes_ten_times_at_once_has_one_effect(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await _lose_the_record_of_a_capture(desk, monkeypatch)
    answers = await asyncio.gather(*(send(payment_id, "evt_same") for _ in range(10)))
    assert sorted(answer.json()["outcome"] for answer in answers) == ["applied"] + ["duplicate"] * 9
    assert await desk.balances() == {"gateway_clearing:sandbox": 350_000, "deposits": -350_000}


async def test_an_event_is_acknowledged_only_when_its_effect_is_kept(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await _lose_the_record_of_a_capture(desk, monkeypatch)

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dead:
        dead.setattr(repository, "post", die)
        assert (await send(payment_id, "evt_again")).status_code == 503
    assert (await send(payment_id, "evt_again")).json()["outcome"] == "applied"


async def test_money_that_was_taken_for_a_released_payment_goes_back(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await _lose_the_record_of_a_capture(desk, monkeypatch)

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dead:
        dead.setattr(SandboxGateway, "void", die)
        assert (await desk.release(payment_id)).status_code == 503
    told = (await send(payment_id)).json()
    assert (told["outcome"], told["return_payment"]) == ("applied", str(payment_id))
    # Whoever hears that lets it go back; if nobody did, it is found again.
    unfinished = await desk.ask("POST", "/gateway/events/unfinished")
    assert unfinished.json() == {"return_payments": [str(payment_id)], "waiting": 0}
    assert (await desk.release(payment_id)).status_code == 200
    payment = await desk.payment(payment_id)
    assert payment["refunded"] == payment["captured"] == money(350_000)
    assert (await desk.ask("POST", "/gateway/events/unfinished")).json() == {"return_payments": [], "waiting": 0}


async def test_all_that_came_too_late_goes_back_however_many_events_told_of_it(
    desk: Desk, send: Send, gateway: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [uuid7() for _ in range(5)]
    for link in late:
        invoice = uuid7()
        await desk.ask("PUT", f"/invoices/{invoice}", invoice_body(1_000))
        await desk.ask("PUT", f"/links/{link}", {"invoice_id": str(invoice)})
        await gateway.pay(link, "pm_card_visa")
        await desk.ask("POST", f"/invoices/{invoice}/cancellation", {"reason": "pat"})
        for _ in range(3):
            await send(link)
    monkeypatch.setattr(events, "_AT_ONCE", 2)
    rounds = []
    while found := (await desk.ask("POST", "/gateway/events/unfinished")).json()["return_payments"]:
        rounds.append(len(found))
        for payment in found:
            assert (await desk.release(payment)).status_code == 200
    assert rounds == [2, 2, 1]
    assert {(await desk.payment(one))["refunded"]["amount"] for one in late} == {1_000}


async def test_an_event_whose_gateway_is_silent_is_kept_and_looked_into_later(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = await _lose_the_record_of_a_capture(desk, monkeypatch)

    def be_silent(*_: object) -> None:
        raise GatewayUnavailable

    with monkeypatch.context() as silent:
        silent.setattr(SandboxGateway, "find", be_silent)
        assert (await send(payment_id, "evt_kept")).json()["outcome"] == "accepted"
        assert (await send(payment_id, "evt_kept")).json()["outcome"] == "duplicate"
        assert (await desk.ask("POST", "/gateway/events/unfinished")).json()["waiting"] == 1
    assert (await desk.ask("POST", "/gateway/events/unfinished")).json()["waiting"] == 0
    assert (await desk.payment(payment_id))["status"] == "captured"


async def test_an_event_about_a_closed_door_lets_go_what_is_behind_it(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = uuid7()
    await desk.pay(payment_id, payment_body(card="pm_sandbox_flaky"))

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dead:
        dead.setattr(SandboxGateway, "void", die)
        assert (await desk.release(payment_id)).status_code == 503
    assert (await desk.charges())[0]["status"] == "authorised"
    assert (await send(payment_id)).status_code == 200
    assert (await desk.charges())[0]["status"] == "voided"


@pytest.fixture
async def stray(desk: Desk, apps: Callable[[str], Any], tenant_id: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Let the gateway take money under an id that was released, as somebody at its own console can."""
    payment_id = uuid7()
    await desk.pay(payment_id, payment_body(card="pm_sandbox_flaky"))

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dead:
        dead.setattr(SandboxGateway, "find", die)
        assert (await desk.release(payment_id)).status_code == 503
    gateway = await apps("payments").state.gateways.of(Actor.system(tenant_id=tenant_id))
    await gateway.capture(payment_id, Money(amount=350_000, currency="LKR"), f"{payment_id}:capture:1")
    return payment_id


async def test_money_that_was_taken_behind_a_closed_door_is_booked_and_goes_back_once(
    desk: Desk, send: Send, stray: UUID
) -> None:
    answers = await asyncio.gather(*(send(stray) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    [charge] = await desk.charges()
    assert (charge["captured"], charge["refunded"], len(charge["refunds"])) == (money(350_000), money(350_000), 1)
    assert (await desk.payment(stray))["refunded"] == money(350_000)
    assert await desk.balances() == {}
    assert (await desk.ask("POST", "/gateway/events/unfinished")).json() == {"return_payments": [], "waiting": 0}


async def test_the_release_of_money_that_was_taken_behind_a_closed_door_returns_it(desk: Desk, stray: UUID) -> None:
    for _ in range(2):
        assert (await desk.release(stray)).status_code == 200
    assert (await desk.charges())[0]["refunded"] == money(350_000)
    assert await desk.balances() == {}


async def test_an_event_whose_stray_money_cannot_go_back_yet_is_kept_until_it_has(
    desk: Desk, send: Send, stray: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RefundFailed

    with monkeypatch.context() as refusing:
        refusing.setattr(SandboxGateway, "refund", refuse)
        assert (await send(stray)).json()["outcome"] == "accepted"
        assert (await desk.ask("POST", "/gateway/events/unfinished")).json()["waiting"] == 1
    assert (await desk.ask("POST", "/gateway/events/unfinished")).json()["waiting"] == 0
    assert (await desk.charges())[0]["refunded"] == money(350_000)


async def test_an_event_that_tells_nothing_new_or_of_nobody_changes_nothing(desk: Desk, send: Send) -> None:
    payment_id = await desk.captured()
    before = await desk.payment(payment_id)
    assert (await send(payment_id)).json()["outcome"] == "nothing"
    assert (await send(uuid7())).json()["outcome"] == "unmatched"
    assert (await send(payment_id, account=uuid7())).json()["outcome"] == "unmatched"
    assert await desk.payment(payment_id) == before


@pytest.mark.parametrize(
    "wrong",
    [{"secret": b"guessed"}, {"age": timedelta(minutes=6)}, {"age": timedelta(minutes=-6)}, {"body": b"{}"}],
    ids=["signed by somebody else", "too old", "from the future", "changed on the way"],
)
async def test_an_event_that_is_not_surely_the_gateways_is_refused(
    desk: Desk, send: Send, wrong: dict[str, Any]
) -> None:
    answer = await send(await desk.captured(), **wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "signature_invalid")


async def test_a_signed_body_that_is_no_event_and_an_unknown_gateway_are_refused(
    http: httpx.AsyncClient, send: Send, apps: Callable[[str], Any]
) -> None:
    secret = apps("payments").state.gateways.sandbox_secrets[0]
    header = {"gateway-signature": signatures.sign(secret, b"[]", clock.now())}
    assert (await http.post("/webhooks/sandbox", content=b"[]", headers=header)).status_code == 400
    assert (await http.post("/webhooks/sandbox", content=b"[]")).status_code == 400
    assert (await send(uuid7(), gateway="elsewhere")).json()["code"] == "gateway_not_found"


async def test_the_sandbox_delivers_its_events_late_thrice_and_shuffled_and_the_books_stay_right(
    desk: Desk, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = [await _lose_the_record_of_a_capture(desk, monkeypatch) for _ in range(3)]
    voided, refunded = await desk.authorised(), await desk.captured()
    await desk.void(voided)
    await desk.refund(refunded, 50_000)
    wanted = {"order": "shuffled", "duplicates": 3, "delay": 5}
    answer = await desk.ask("POST", "/gateway/sandbox/deliveries", wanted)
    # An authorisation and a capture for each that was lost; authorised, voided; authorised, captured, refunded.
    assert answer.json() == {"events": 11, "sent": 33, "answers": {"200": 33}}
    assert pauses == [5]
    assert {(await desk.payment(one))["status"] for one in lost} == {"captured"}
    assert (await desk.payment(voided))["status"] == "voided"
    assert (await desk.payment(refunded))["refunded"] == money(50_000)
    again = await desk.ask("POST", "/gateway/sandbox/deliveries", wanted)
    assert again.json()["events"] == 0
