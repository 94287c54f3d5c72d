"""The webhook storm; `careconnect bench webhooks` sends it to a running instance, over HTTP."""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

from bench import webhooks
from careconnect.auth import Actor
from services.payments.client import PaymentsClient
from tests.services.payments.conftest import SCOPES, Desk

EVENTS = int(os.environ.get("STORM_EVENTS", "500"))
"""Each comes thrice. The bench sends 2,000, and `STORM_EVENTS=2000` has this send as many, at four times the time."""


async def test_events_thrice_shuffled_and_some_forged_lead_to_the_right_end_and_forgeries_are_counted(
    desk: Desk,
    http: httpx.AsyncClient,
    apps: Callable[[str], Any],
    connect: Callable[[type[PaymentsClient]], PaymentsClient],
    actor: Callable[..., Actor],
) -> None:
    client, state, me = connect(PaymentsClient), apps("payments").state, actor(*SCOPES)
    storm = await webhooks.brew(client, state.database, state.gateways, me, EVENTS)
    assert (len(storm.posts), sum(post.bad for post in storm.posts)) == (3 * EVENTS, 3 * EVENTS // 10)
    assert all(storm.number(end) for end in ("captured", "voided", "part back", "late"))

    async def send(body: bytes, header: str) -> int:
        return (await http.post("/webhooks/sandbox", content=body, headers={"gateway-signature": header})).status_code

    answers, _ = await webhooks.rage(storm, send)
    found, balances = await webhooks.standing(client, me, storm), await desk.balances()
    known = (await desk.get("/gateways"))[0]
    refused, came = known["refused_today"], known["events_today"]
    assert webhooks.amiss(storm, answers, found, balances, refused) == [], (answers, found, balances)
    assert came == EVENTS
    assert webhooks.amiss(storm, answers + Counter({(True, 200): 1}), found, balances, refused - 1) == [
        "some posts were answered otherwise",
        f"{refused} posts were bad and {refused - 1} are counted",
    ]
