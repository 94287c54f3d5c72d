"""The gateways' side: their own lists, and the sandbox gateway's deliveries."""

import random
from collections import Counter
from typing import Annotated

import httpx
from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime

from careconnect import clock
from careconnect.pagination import Page, PagingQuery
from services.payments.api.asking import Operator, Reader
from services.payments.collection.till import TillOf
from services.payments.gateways import signatures
from services.payments.gateways.registry import Gateways
from services.payments.gateways.sandbox import events as sandbox
from services.payments.models import SandboxEvent
from services.payments.schemas import Deliveries, DeliveryWrite, GatewayCharge

router = APIRouter(tags=["gateways"])


@router.get("/gateway/charges", summary="List what the gateway charged and returned, as it says itself, in its order")
async def charges(
    _: Reader,
    till: TillOf,
    paging: PagingQuery,
    since: Annotated[AwareDatetime | None, Query()] = None,
    gateway: Annotated[str | None, Query(max_length=50)] = None,
) -> Page[GatewayCharge]:
    """List from the gateway's books, not from ours."""
    found = await (await till.gateway(gateway)).charges(since, paging.cursor, paging.limit)
    return Page[GatewayCharge](items=list(found.items), next_cursor=found.next_cursor)


@router.post("/gateway/sandbox/deliveries", summary="Let the sandbox gateway deliver its waiting events")
async def deliver(wanted: DeliveryWrite, request: Request, _: Operator, till: TillOf) -> Deliveries:
    """Post each waiting event to the webhook: late, several times and out of order, as is asked."""
    gateways: Gateways = request.app.state.gateways
    async with till.read() as session:
        waiting = list(await sandbox.waiting(session, wanted.limit))
    posts = waiting * wanted.duplicates
    if wanted.order == "shuffled":
        random.SystemRandom().shuffle(posts)
    if wanted.delay:
        await gateways.pause(wanted.delay)
    answers: Counter[int] = Counter()
    refused = set()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=request.app), base_url="http://payments") as http:
        for row in posts:
            status = await _post(http, row, gateways.sandbox_secrets[0])
            answers[status] += 1
            refused |= {row.id} if status != httpx.codes.OK else set()
    async with till.write() as session:
        await sandbox.delivered(session, [row.id for row in waiting if row.id not in refused])
    return Deliveries(events=len(waiting), sent=len(posts), answers=dict(answers))


async def _post(http: httpx.AsyncClient, row: SandboxEvent, secret: bytes) -> int:
    body = sandbox.body(row)
    headers = {"gateway-signature": signatures.sign(secret, body, clock.now())}
    return (await http.post("/webhooks/sandbox", content=body, headers=headers)).status_code
