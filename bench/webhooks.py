"""The webhook storm: 2,000 events, each sent three times, all shuffled, one post in ten with a bad signature.

What the gateway did is made at the gateway itself, so that nobody here knows it before its events come. Afterwards each
payment has to stand as the gateway says, once, and each bad post to be refused and counted.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from bench import instance
from bench.table import Row, show, show_plain
from careconnect import clock
from careconnect.auth import Actor
from careconnect.config import Settings
from careconnect.db import Database
from careconnect.ids import uuid7
from careconnect.money import Money
from services.hosting import Services
from services.payments.client import PaymentsClient
from services.payments.gateways import signatures
from services.payments.gateways.protocol import Gateway
from services.payments.gateways.registry import Gateways
from services.payments.gateways.sandbox import events
from services.payments.schemas import LineWrite, NewInvoice, PaymentWrite
from services.payments.states import Method

EVENTS, COPIES, BAD = 2_000, 3, 10
AT_ONCE = 24
_PRICE = Money(amount=350_000, currency="LKR")
_SCOPES = ("payments:read", "payments:write", "payments:refund")
Send = Callable[[bytes, str], Awaitable[int]]


@dataclass(frozen=True)
class Post:
    """One delivery of one event; a bad one was signed by nobody we know."""

    body: bytes
    header: str
    bad: bool


@dataclass(frozen=True)
class Storm:
    """The posts of a storm, and how each payment has to stand after it."""

    posts: Sequence[Post]
    expected: dict[UUID, str]


async def brew(
    client: PaymentsClient, database: Database, gateway: Gateway, actor: Actor, secret: bytes, count: int
) -> Storm:
    """Let the gateway do what makes `count` events, two to a payment, and write down every post."""
    payments = [uuid7() for _ in range(count // 2)]
    await _all([_collect(client, actor, one) for one in payments])
    expected: dict[UUID, str] = {}
    for number, one in enumerate(payments):
        expected[one] = "voided" if number % 4 == 0 else "captured"
    await _all([_move(gateway, one, status) for one, status in expected.items()])
    async with database.read(actor) as session:
        known = set(payments)
        waiting = [row for row in await events.waiting(session, 10 * count) if row.reference in known]
    moment, chance = clock.now(), random.Random(1)  # noqa: S311 - the same storm each time
    posts = []
    for number, row in enumerate(waiting):
        body = events.body(row)
        header, forged = signatures.sign(secret, body, moment), signatures.sign(b"forged", body, moment)
        bad = number % BAD < COPIES  # three of ten events have one bad copy: one post in ten, and each event comes
        posts += [Post(body, forged if bad and copy == 0 else header, bad and copy == 0) for copy in range(COPIES)]
    chance.shuffle(posts)
    return Storm(posts, expected)


async def _collect(client: PaymentsClient, actor: Actor, payment_id: UUID) -> None:
    line = LineWrite(description="Storm", unit=_PRICE)
    invoice = NewInvoice(id=uuid7(), patient_id=uuid7(), lines=[line])
    wanted = PaymentWrite(invoice=invoice, method=Method.card, token="pm_card_visa", amount=_PRICE)  # noqa: S106
    await client.authorise(actor, payment_id, wanted)


async def _move(gateway: Gateway, payment_id: UUID, status: str) -> None:
    if status == "captured":
        await gateway.capture(payment_id, _PRICE, f"{payment_id}:storm")
    else:
        await gateway.void(payment_id, f"{payment_id}:storm")


async def _all(steps: Sequence[Awaitable[Any]]) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(step: Awaitable[Any]) -> None:
        async with places:
            await step

    await asyncio.gather(*map(one, steps))


async def rage(storm: Storm, send: Send) -> tuple[Counter[tuple[bool, int]], list[float]]:
    """Send all posts, many at once; count the answers by whether the post was bad, and time each."""
    answers: Counter[tuple[bool, int]] = Counter()
    seconds: list[float] = []

    async def one(post: Post) -> None:
        begun = time.perf_counter()
        answers[post.bad, await send(post.body, post.header)] += 1
        seconds.append(time.perf_counter() - begun)

    await _all([one(post) for post in storm.posts])
    return answers, seconds


async def standing(client: PaymentsClient, actor: Actor, storm: Storm) -> Counter[str]:
    """Count the payments that stand as the gateway says, and those that do not."""
    found: Counter[str] = Counter()

    async def one(payment_id: UUID, status: str) -> None:
        payment = await client.get_payment(actor, payment_id)
        taken = _PRICE.amount if status == "captured" else 0
        right = payment.status == status and payment.captured.amount == taken
        found["right" if right else f"{payment.status}, not {status}"] += 1

    await _all([one(*pair) for pair in storm.expected.items()])
    return found


async def measure() -> None:
    """Send the storm to a running instance, over HTTP, and say how it stands afterwards."""
    settings = Settings()
    async with Services(settings) as services:
        client = services.client(PaymentsClient)
        database: Database = services.apps["payments"].state.database
        gateways: Gateways = services.apps["payments"].state.gateways
        actor = Actor.system(*_SCOPES, tenant_id=uuid7())
        gateway = await gateways.of(actor, "sandbox")
        storm = await brew(client, database, gateway, actor, gateways.sandbox_secrets[0], EVENTS)
        async with httpx.AsyncClient(base_url=instance.credentials()["urls"]["web"], timeout=60) as http:
            begun = time.perf_counter()
            answers, seconds = await rage(storm, lambda body, header: _post(http, body, header))
            took = time.perf_counter() - begun
        found = await standing(client, actor, storm)
        refused = next(one.refused_today for one in await client.gateway_accounts(actor) if one.kind == "sandbox")
        balances = {one.account: one.balance.amount for one in await client.balances(actor)}
    show("Events", [Row("POST /webhooks/payments/sandbox", seconds)])
    rows: list[tuple[str, object]] = [("posts a second", f"{len(storm.posts) / took:.0f}")]
    rows += [(f"{'bad' if bad else 'good'} posts answered {status}", n) for (bad, status), n in sorted(answers.items())]
    rows += [(f"payments that stand {what}", n) for what, n in sorted(found.items())]
    rows += [("bad posts counted for the tenant", refused), ("ledger adds up to", sum(balances.values()))]
    show_plain("The storm", ("what", "how many"), rows)


async def _post(http: httpx.AsyncClient, body: bytes, header: str) -> int:
    """Send one as a gateway does: when it is told to wait, it comes again."""
    while True:
        answer = await http.post("/webhooks/payments/sandbox", content=body, headers={"gateway-signature": header})
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return answer.status_code
        await asyncio.sleep(1)
