"""The sandbox gateway's work: authorise, capture, void, refund, list. Each call is one transaction of its own."""

import math
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.auth import Actor
from careconnect.db import Database, ReadSession, WriteSession
from careconnect.errors import IdempotencyConflict
from careconnect.ids import uuid7
from careconnect.money import Money
from careconnect.pagination import keyset_of_columns
from services.payments.errors import (
    CaptureFailed,
    CardDeclined,
    GatewayUnavailable,
    GatewayUnknown,
    LinkNotFound,
    LinkOver,
    PaymentState,
    RefundFailed,
    RefundNotFound,
)
from services.payments.gateways.protocol import Charges, LinkOrder, Order
from services.payments.gateways.sandbox import books
from services.payments.gateways.sandbox.cards import DOWN, LIVES, SLOW, Card, card
from services.payments.models import SandboxCharge, SandboxCheckout, SandboxRefund
from services.payments.schemas import Checkout, GatewayCharge, GatewayRefund
from services.payments.states import DECLINES

Pause = Callable[[float], Awaitable[None]]


class SandboxGateway:
    """The sandbox gateway as one tenant speaks with it; `pause` waits for so many seconds."""

    name = "sandbox"

    def __init__(self, database: Database, actor: Actor, pause: Pause) -> None:
        self._database = database
        self._actor = actor
        self._pause = pause

    async def authorise(self, order: Order, key: str) -> GatewayCharge:
        """Reserve the money, unless the card says otherwise; see `Gateway`."""
        behaviour = card(order.token)
        request = books.digest(verb="authorise", **vars(order))
        if behaviour.breaks_gateway:
            await self._refuse_while_down(key, request)
        charge, known = await self._authorised(order, behaviour, key, request)
        if not known and behaviour.slow:
            await self._pause(SLOW)
        if not known and behaviour.drops_connection:
            raise GatewayUnknown
        return charge

    async def _refuse_while_down(self, key: str, request: bytes) -> None:
        async with self._write() as session:
            since = await books.first_use(session, key, request)
        if (left := DOWN - (clock.now() - since).total_seconds()) > 0:
            raise GatewayUnavailable(retry_after=math.ceil(left))

    async def _authorised(self, order: Order, behaviour: Card, key: str, request: bytes) -> tuple[GatewayCharge, bool]:
        row = SandboxCharge(
            tenant_id=self._actor.tenant_id,
            id=uuid7(),
            created_at=clock.now(),
            authorised_at=clock.now(),
            reference=order.reference,
            token=order.token,
            currency=order.amount.currency,
            amount=order.amount.amount,
            captured=0,
            refunded=0,
            status="declined" if behaviour.decline else "authorised",
            decline_code=behaviour.decline,
        )
        values = {column.key: getattr(row, column.key) for column in sa.inspect(SandboxCharge).column_attrs}
        async with self._write() as session:
            answer_now, kind = books.told(row), f"charge.{row.status}"
            if await books.keep(session, key, request, answer_now, kind, values):
                return answer_now, False
            if answer := await books.answered(session, key, request):
                return GatewayCharge.model_validate(answer), True
        raise PaymentState("The gateway has another charge under this reference.", payment_status="charged")

    async def keep(self, reference: UUID, token: str, key: str) -> str:
        """Keep a card: a test card is named by its token, now and later; see `Gateway`."""
        del reference, key
        behaviour = card(token)
        if behaviour.decline and behaviour.charges_later:
            raise CardDeclined(DECLINES[behaviour.decline], decline_code=behaviour.decline)
        return token

    async def renew(self, reference: UUID, key: str) -> GatewayCharge:
        """Reserve anew, if the card's bank lets it; see `Gateway`."""
        request = books.digest(verb="renew", reference=reference)
        async with self._write() as session:
            row = await books.charge(session, reference, lock=True)
            if row is None:
                raise PaymentState(payment_status="unknown")
            if row.status == "authorised" and await books.answered(session, key, request) is None:
                renewable = card(row.token).charges_later
                row.status = "authorised" if renewable else "voided"
                row.authorised_at = clock.now()
                await self._keep(session, key, request, books.told(row), f"charge.{row.status}")
            return books.told(row)

    async def payment_link(self, order: LinkOrder, key: str) -> str:
        """Make a page; its address is the edge's business, which serves it; see `Gateway`."""
        del key
        row = {
            "tenant_id": self._actor.tenant_id, "id": order.reference, "amount": order.amount.amount,
            "currency": order.amount.currency, "description": order.description, "expires_at": order.expires_at,
            "created_at": clock.now(),
        }  # fmt: skip
        async with self._write() as session:
            await session.execute(insert(SandboxCheckout).values(row).on_conflict_do_nothing())
        return ""

    async def close_link(self, reference: UUID) -> None:
        """Let the page run out now; see `Gateway`."""
        later = sa.and_(SandboxCheckout.id == reference, SandboxCheckout.expires_at > clock.now())
        async with self._write() as session:
            await session.execute(sa.update(SandboxCheckout).where(later).values(expires_at=clock.now()))

    async def checkout(self, reference: UUID) -> Checkout:
        """Read a page.

        Raises:
            LinkNotFound: there is none.
        """
        async with self._read() as session:
            row = await session.scalar(sa.select(SandboxCheckout).where(SandboxCheckout.id == reference))
            paid = await books.charge(session, reference) is not None
        if row is None:
            raise LinkNotFound
        amount = Money(amount=row.amount, currency=row.currency)
        return Checkout(id=row.id, amount=amount, description=row.description, expires_at=row.expires_at, paid=paid)

    async def pay(self, reference: UUID, token: str) -> None:
        """Pay at a page, as the cardholder does.

        Raises:
            LinkNotFound: there is no such page.
            LinkOver: it was paid, or its time has passed.
            CardDeclined: the bank said no; another card may be tried.
        """
        page, behaviour = await self.checkout(reference), card(token)
        if page.paid or page.expires_at <= clock.now():
            raise LinkOver
        if behaviour.decline:
            raise CardDeclined(DECLINES[behaviour.decline], decline_code=behaviour.decline)
        order, key = Order(reference, page.amount, token), f"{reference}:checkout"
        await self._authorised(order, Card(), key, books.digest(verb="pay", **vars(order)))
        await self.capture(reference, page.amount, f"{key}:capture")

    async def capture(self, reference: UUID, amount: Money, key: str) -> GatewayCharge:
        """Take the money; see `Gateway`."""
        request = books.digest(verb="capture", reference=reference, amount=amount)
        open_charge = sa.and_(
            SandboxCharge.reference == reference,
            SandboxCharge.status == "authorised",
            SandboxCharge.amount >= amount.amount,
            SandboxCharge.currency == amount.currency,
            SandboxCharge.authorised_at > clock.now() - LIVES,
        )
        taken = sa.update(SandboxCharge).where(open_charge).values(status="captured", captured=amount.amount)
        async with self._write() as session:
            row = await session.scalar(taken.returning(SandboxCharge))
            if row is not None:
                if card(row.token).capture_fails:
                    raise CaptureFailed
                await self._keep(session, key, request, books.told(row), "charge.captured")
                return books.told(row)
            if answer := await books.answered(session, key, request):
                return GatewayCharge.model_validate(answer)
            found = await books.charge(session, reference)
        if found and found.status == "authorised" and found.authorised_at <= clock.now() - LIVES:
            raise CaptureFailed("The reservation has lapsed.")
        raise PaymentState(payment_status=found.status if found else "unknown")

    async def void(self, reference: UUID, key: str) -> GatewayCharge | None:
        """Let an authorisation go; see `Gateway`."""
        request = books.digest(verb="void", reference=reference)
        held = sa.and_(SandboxCharge.reference == reference, SandboxCharge.status == "authorised")
        let_go = sa.update(SandboxCharge).where(held).values(status="voided").returning(SandboxCharge)
        async with self._write() as session:
            row = await session.scalar(let_go)
            if row is not None:
                await self._keep(session, key, request, books.told(row), "charge.voided")
                return books.told(row)
        return await self.find(reference)

    async def refund(self, reference: UUID, refund: UUID, amount: Money, key: str) -> GatewayRefund:
        """Return money; see `Gateway`."""
        request = books.digest(verb="refund", reference=reference, refund=refund, amount=amount)
        async with self._write() as session:
            charge = await books.charge(session, reference, lock=True)
            if answer := await books.answered(session, key, request):
                return GatewayRefund.model_validate(answer)
            if (
                charge is None
                or charge.currency != amount.currency
                or charge.refunded + amount.amount > charge.captured
            ):
                raise RefundFailed
            charge.refunded += amount.amount
            row = SandboxRefund(
                id=uuid7(), created_at=clock.now(), charge_id=charge.id, reference=refund, amount=amount.amount
            )
            session.add(row)
            answer_now = books.told_refund(row, charge)
            await self._keep(session, key, request, answer_now, "refund.succeeded")
        return answer_now

    async def take_back(self, refund: UUID, failure: str) -> None:
        """Let a refund that succeeded fail after all, as when the card's account was closed meanwhile; tell of it.

        Raises:
            RefundNotFound: there is no such refund, or it has failed already.
        """
        went = sa.select(SandboxRefund).where(SandboxRefund.reference == refund, SandboxRefund.failure.is_(None))
        async with self._write() as session:
            row = await session.scalar(went.with_for_update())
            if row is None:
                raise RefundNotFound
            charge = (await session.scalars(sa.select(SandboxCharge).where(SandboxCharge.id == row.charge_id))).one()
            row.failure = failure
            charge.refunded -= row.amount
            key, request = f"{refund}:failure", books.digest(verb="take_back", refund=refund)
            await self._keep(session, key, request, books.told_refund(row, charge), "refund.failed")

    async def may_know(self, reference: UUID) -> bool:
        """Tell whether there is a charge; see `Gateway`."""
        return await self.find(reference) is not None

    async def find(self, reference: UUID) -> GatewayCharge | None:
        """Look up a charge; see `Gateway`."""
        async with self._read() as session:
            row = await books.charge(session, reference)
            if row is None:
                return None
            returned = await books.refunds(session, [row])
        return books.told(row, returned.get(row.id, ()))

    async def charges(self, since: datetime | None, cursor: str | None, limit: int) -> Charges:
        """List charges, oldest first; see `Gateway`."""
        statement = sa.select(*books.LISTED)
        if since:
            statement = statement.where(SandboxCharge.created_at >= since)
        async with self._read() as session:
            order = [SandboxCharge.created_at, SandboxCharge.id]
            page = await keyset_of_columns(session, statement, order, limit=limit, cursor=cursor)
            returned = await books.refunds(session, page.items)
        return Charges([books.told(row, returned.get(row.id, ())) for row in page.items], page.next_cursor)

    async def _keep(
        self, session: WriteSession, key: str, request: bytes, answer: GatewayCharge | GatewayRefund, kind: str
    ) -> None:
        if not await books.keep(session, key, request, answer, kind):
            raise IdempotencyConflict

    def _read(self) -> AbstractAsyncContextManager[ReadSession]:
        return self._database.read(self._actor)

    def _write(self) -> AbstractAsyncContextManager[WriteSession]:
        return self._database.write(self._actor)
