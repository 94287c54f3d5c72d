"""The webhook storm, smaller: `careconnect bench webhooks` sends the whole of it to a running instance."""

from collections.abc import Callable
from typing import Any

import httpx

from bench import webhooks
from careconnect.auth import Actor
from services.payments.client import PaymentsClient
from tests.services.payments.conftest import SCOPES, Desk

EVENTS = 100


async def test_events_thrice_shuffled_and_some_forged_lead_to_the_right_end_and_forgeries_are_counted(
    desk: Desk,
    http: httpx.AsyncClient,
    apps: Callable[[str], Any],
    connect: Callable[[type[PaymentsClient]], PaymentsClient],
    actor: Callable[..., Actor],
) -> None:
    client, state, me = connect(PaymentsClient), apps("payments").state, actor(*SCOPES)
    gateway = await state.gateways.of(me, "sandbox")
    storm = await webhooks.brew(client, state.database, gateway, me, state.gateways.sandbox_secrets[0], EVENTS)

    async def send(body: bytes, header: str) -> int:
        return (await http.post("/webhooks/sandbox", content=body, headers={"gateway-signature": header})).status_code

    answers, _ = await webhooks.rage(storm, send)
    assert answers == {(False, 200): 270, (True, 400): 30}
    assert await webhooks.standing(client, me, storm) == {"right": EVENTS // 2}
    captured = sum(status == "captured" for status in storm.expected.values())
    assert (await desk.balances())["gateway_clearing:sandbox"] == captured * 350_000
    assert (await desk.get("/gateways"))[0]["refused_today"] == 30
    assert (await desk.get("/gateways"))[0]["events_today"] == EVENTS
