"""The webhook storm: 2,000 events, each sent three times, all shuffled, one post in ten with a bad signature.

What the gateway did is made at the gateway itself, so that nobody here knows it before its events come. Afterwards each
payment has to stand as the gateway says, once, each bad post to be refused and counted, and the ledger to agree; where
that is not so, the measurement fails. Among them are refunds of which nobody here has heard the answer, and links that
were paid after what they were for was cancelled, whose money goes back.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
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
from services.payments.collection import refund
from services.payments.collection.till import Till
from services.payments.gateways import signatures
from services.payments.gateways.registry import Gateways
from services.payments.gateways.sandbox import SandboxGateway, events
from services.payments.schemas import InvoiceWrite, LineWrite, LinkWrite, NewInvoice, PaymentWrite, ReleaseWrite
from services.payments.states import Method

EVENTS, COPIES, BAD = 2_000, 3, 10
AT_ONCE = 24
_PRICE, _PART = Money(amount=350_000, currency="LKR"), Money(amount=100_000, currency="LKR")
_CARD = "pm_card_visa"
_ENDS = {"captured": 2, "voided": 2, "part back": 3, "late": 2}
"""How payments end, and how many events each has; a late one was paid by link after its invoice was cancelled."""
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
    """The posts of a storm, and how each payment has to stand after it, by the names of `_ENDS`."""

    posts: Sequence[Post]
    expected: dict[UUID, str]

    def number(self, end: str) -> int:
        """Count the payments that end so."""
        return sum(one == end for one in self.expected.values())

    @property
    def kept(self) -> int:
        """What the gateway owes us once all is over, in minor units."""
        return self.number("captured") * _PRICE.amount + self.number("part back") * (_PRICE - _PART).amount


async def brew(client: PaymentsClient, database: Database, gateways: Gateways, actor: Actor, count: int) -> Storm:
    """Let the gateway do what makes `count` events, and write down every post."""
    expected: dict[UUID, str] = {}
    for end in cycle(_ENDS):
        if count - sum(_ENDS[one] for one in expected.values()) < 2 * max(_ENDS.values()):
            break
        expected[uuid7()] = end
    while (left := count - sum(_ENDS[one] for one in expected.values())) > 0:
        expected[uuid7()] = "part back" if left % 2 else "captured"
    till = Till(database, gateways, actor)
    await _all([_live(client, till, *one) for one in expected.items()])
    async with database.read(actor) as session:
        waiting = [row for row in await events.waiting(session, 10 * count) if row.reference in expected]
    moment, chance, secret = clock.now(), random.Random(1), gateways.sandbox_secrets[0]  # noqa: S311 - the same storm each time
    posts = []
    for number, row in enumerate(waiting):
        body = events.body(row)
        header, forged = signatures.sign(secret, body, moment), signatures.sign(b"forged", body, moment)
        bad = number % BAD < COPIES  # three of ten events have one bad copy: one post in ten, and each event comes
        posts += [Post(body, forged if bad and copy == 0 else header, bad and copy == 0) for copy in range(COPIES)]
    chance.shuffle(posts)
    return Storm(posts, expected)


async def _live(client: PaymentsClient, till: Till, payment_id: UUID, end: str) -> None:
    """Let one payment come to its end at the gateway, unheard of here."""
    gateway = await till.gateway("sandbox")
    assert isinstance(gateway, SandboxGateway)  # noqa: S101 - it was asked for by name
    line = LineWrite(description="Storm", unit=_PRICE)
    invoice = NewInvoice(id=uuid7(), patient_id=uuid7(), lines=[line])
    if end == "late":
        wanted = InvoiceWrite.model_validate(invoice.model_dump(exclude={"id"}))
        await client.issue_invoice(till.actor, invoice.id, wanted)
        await client.offer_link(till.actor, payment_id, LinkWrite(invoice_id=invoice.id))
        await gateway.pay(payment_id, _CARD)
        await client.cancel_invoice(till.actor, invoice.id, "pat")
        return
    order = PaymentWrite(invoice=invoice, method=Method.card, token=_CARD, amount=_PRICE)
    await client.authorise(till.actor, payment_id, order)
    if end == "voided":
        await gateway.void(payment_id, f"{payment_id}:storm")
    elif end == "captured":
        await gateway.capture(payment_id, _PRICE, f"{payment_id}:storm")
    else:
        await client.capture(till.actor, payment_id)
        asked = refund.Request(uuid7(), _PART, (await till.keys()).seal("storm"), b"storm")
        await refund.ask(till, payment_id, asked)
        await gateway.refund(payment_id, asked.id, _PART, f"{payment_id}:refund:{asked.id}")


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
    """Count the payments that stand as the gateway says, and those that do not; what came late goes back before."""
    while late := (await client.finish_events(actor)).return_payments:
        await _all([client.release(actor, one, ReleaseWrite(reason="pat")) for one in late])
    found: Counter[str] = Counter()

    async def one(payment_id: UUID, end: str) -> None:
        payment = await client.get_payment(actor, payment_id)
        taken = 0 if end == "voided" else _PRICE.amount
        back = {"part back": _PART.amount, "late": _PRICE.amount}.get(end, 0)
        stands = (payment.status.value, payment.captured.amount, payment.refunded.amount)
        right = stands == ("voided" if end == "voided" else "captured", taken, back)
        found["right" if right else f"{stands}, not {end}"] += 1

    await _all([one(*pair) for pair in storm.expected.items()])
    return found


async def measure() -> bool:
    """Send the storm to a running instance, over HTTP; tell whether all stands as it should afterwards, and say so."""
    async with Services(Settings()) as services:
        client = services.client(PaymentsClient)
        database: Database = services.apps["payments"].state.database
        gateways: Gateways = services.apps["payments"].state.gateways
        actor = Actor.system(*_SCOPES, tenant_id=uuid7())
        storm = await brew(client, database, gateways, actor, EVENTS)
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
    wrong = amiss(storm, answers, found, balances, refused)
    for sentence in wrong:
        print(f"WRONG: {sentence}.")
    return not wrong


def amiss(
    storm: Storm, answers: Counter[tuple[bool, int]], found: Counter[str], balances: dict[str, int], refused: int
) -> list[str]:
    """Say what is not as it has to be after a storm; nothing where all is right."""
    bad = sum(post.bad for post in storm.posts)
    clearing = balances.get("gateway_clearing:sandbox", 0)
    checks = (
        (answers == {(False, 200): len(storm.posts) - bad, (True, 400): bad}, "some posts were answered otherwise"),
        (found == {"right": len(storm.expected)}, "some payments do not stand as the gateway says"),
        (refused == bad, f"{bad} posts were bad and {refused} are counted"),
        (sum(balances.values()) == 0, "the ledger does not balance"),
        (clearing == storm.kept, f"the gateway owes {storm.kept} and the ledger says {clearing}"),
    )
    return [sentence for right, sentence in checks if not right]


async def _post(http: httpx.AsyncClient, body: bytes, header: str) -> int:
    """Send one as a gateway does: when it is told to wait, it comes again."""
    while True:
        answer = await http.post("/webhooks/payments/sandbox", content=body, headers={"gateway-signature": header})
        if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return answer.status_code
        await asyncio.sleep(1)
