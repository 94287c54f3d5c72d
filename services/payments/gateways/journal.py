"""What was sent to an outside gateway, written down before it is sent.

A call that was sent and never answered has an unknown outcome. Whoever repeats it sees that here, and asks the gateway
what became of it instead of sending it again. What was never sent needs no question.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.auth import Actor
from careconnect.db import Database
from careconnect.errors import IdempotencyConflict
from services.payments.models import GatewayCall


@dataclass(frozen=True)
class Trace:
    """What is known here of a reference: since when the gateway may know it, and what it calls it (None: unheard).

    Where several answers named something, as when money was reserved anew, the last one counts.
    """

    since: datetime
    gateway_id: str | None


class Journal:
    """The calls of one tenant to one gateway."""

    def __init__(self, database: Database, actor: Actor, gateway: str) -> None:
        self._database = database
        self._actor = actor
        self._gateway = gateway

    async def begin(self, key: str, reference: UUID, **request: object) -> bool:
        """Write a call down before it is sent; true if it was sent before, so that the gateway is to be asked first.

        Raises:
            IdempotencyConflict: the key stands for another request.
        """
        digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()
        row = {"tenant_id": self._actor.tenant_id, "gateway": self._gateway, "key": key, "reference": reference}
        fresh = insert(GatewayCall).values(row | {"request_hash": digest, "sent_at": clock.now()})
        async with self._database.write(self._actor) as session:
            new = await session.scalar(fresh.on_conflict_do_nothing().returning(GatewayCall.key))
            if new is not None:
                return False
            known = await session.scalar(sa.select(GatewayCall.request_hash).where(self._at(key)))
        if known != digest:
            raise IdempotencyConflict
        return True

    async def heard(self, key: str, gateway_id: str) -> None:
        """Note that the gateway answered, and what it calls what was made."""
        said = {"gateway_id": gateway_id, "answered_at": clock.now()}
        async with self._database.write(self._actor) as session:
            await session.execute(sa.update(GatewayCall).where(self._at(key)).values(said))

    async def unsent(self, key: str) -> None:
        """Strike a call out that did not reach the gateway: there is nothing to ask it about."""
        never = sa.delete(GatewayCall).where(self._at(key), GatewayCall.answered_at.is_(None))
        async with self._database.write(self._actor) as session:
            await session.execute(never)

    async def trace(self, reference: UUID) -> Trace | None:
        """Tell what was sent under `reference`; None if nothing ever was."""
        statement = sa.select(GatewayCall.sent_at, GatewayCall.gateway_id).where(
            GatewayCall.gateway == self._gateway, GatewayCall.reference == reference
        )
        async with self._database.read(self._actor) as session:
            rows = (await session.execute(statement.order_by(GatewayCall.sent_at))).all()
        if not rows:
            return None
        return Trace(rows[0][0], next((gateway_id for _, gateway_id in reversed(rows) if gateway_id), None))

    def _at(self, key: str) -> sa.ColumnElement[bool]:
        return sa.and_(GatewayCall.gateway == self._gateway, GatewayCall.key == key)
