"""The sandbox gateway's books: its rows, its idempotency keys, its events."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from careconnect.errors import IdempotencyConflict
from careconnect.ids import uuid7
from careconnect.money import Money
from services.payments.models import Base, SandboxCharge, SandboxEvent, SandboxKey, SandboxRefund
from services.payments.schemas import GatewayCharge, GatewayRefund


def digest(**request: object) -> bytes:
    """Tell one request from another."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()


async def answered(session: ReadSession, key: str, request: bytes) -> dict[str, Any] | None:
    """Give the answer that a key already had, or None.

    Raises:
        IdempotencyConflict: the key stands for another request.
    """
    known = await session.scalar(sa.select(SandboxKey).where(SandboxKey.key == key))
    if known is None:
        return None
    if known.request_hash != request:
        raise IdempotencyConflict
    return known.answer


async def first_use(session: WriteSession, key: str, request: bytes) -> datetime:
    """Note a key without an answer, and tell when it was first used."""
    fresh = {"tenant_id": session.tenant_id, "key": key, "request_hash": request, "created_at": clock.now()}
    await session.execute(insert(SandboxKey).values(fresh).on_conflict_do_nothing())
    return (await session.scalars(sa.select(SandboxKey.created_at).where(SandboxKey.key == key))).one()


async def keep(
    session: WriteSession,
    key: str,
    request: bytes,
    answer: GatewayCharge | GatewayRefund,
    kind: str,
    after: sa.CTE | None = None,
) -> bool:
    """Keep the answer under its key, and the event that tells of it, in one statement.

    With `after`, only if that changed a row. False if it did not, or if the key stands for another request.
    """
    charge = answer.reference if isinstance(answer, GatewayCharge) else answer.payment
    place = {"tenant_id": session.tenant_id, "created_at": clock.now()}
    happened = place | {"id": uuid7(), "type": kind, "reference": charge}
    said = place | {"key": key, "request_hash": request, "answer": answer.model_dump(mode="json")}
    event = _insert_after(SandboxEvent, happened, after).cte("event")
    row = _insert_after(SandboxKey, said, after)
    row = row.on_conflict_do_update(
        index_elements=["tenant_id", "key"],
        set_={"answer": row.excluded.answer},
        where=sa.and_(SandboxKey.request_hash == row.excluded.request_hash, SandboxKey.answer.is_(None)),
    )
    return await session.scalar(row.add_cte(event).returning(SandboxKey.key)) is not None


def _insert_after(entity: type[Base], row: dict[str, Any], after: sa.CTE | None) -> Insert:
    columns = sa.inspect(entity).columns
    values = sa.select(*(sa.literal(value, columns[name].type).label(name) for name, value in row.items()))
    return insert(entity).from_select(list(row), values if after is None else values.select_from(after))


async def charge(session: ReadSession, reference: UUID, *, lock: bool = False) -> SandboxCharge | None:
    """Read a charge."""
    statement = sa.select(SandboxCharge).where(SandboxCharge.reference == reference)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def refunds(session: ReadSession, charges: Sequence[Any]) -> dict[UUID, list[SandboxRefund]]:
    """Read the refunds of charges, by charge."""
    returned: dict[UUID, list[SandboxRefund]] = {}
    if any(one.refunded for one in charges):
        wanted = [one.id for one in charges if one.refunded]
        statement = sa.select(SandboxRefund).where(SandboxRefund.charge_id.in_(wanted)).order_by(SandboxRefund.id)
        for row in await session.scalars(statement):
            returned.setdefault(row.charge_id, []).append(row)
    return returned


LISTED = [
    getattr(SandboxCharge, name)
    for name in (
        "id", "reference", "currency", "amount", "captured", "refunded", "status", "decline_code", "created_at",
    )
]  # fmt: skip
"""The columns of a charge that its owner sees: a list of thousands takes no more."""


def told(row: Any, refunds: Sequence[SandboxRefund] = ()) -> GatewayCharge:
    """Write a charge as its owner sees it."""
    amount = Money(amount=row.amount, currency=row.currency)
    return GatewayCharge(
        gateway="sandbox",
        id=f"ch_{row.id.hex}",
        reference=row.reference,
        amount=amount,
        # Most are captured in full: a list of thousands shares what is the same.
        captured=amount if row.captured == row.amount else Money(amount=row.captured, currency=row.currency),
        refunded=Money(amount=row.refunded, currency=row.currency),
        status=row.status,
        decline_code=row.decline_code,
        created_at=row.created_at,
        refunds=[told_refund(one, row) for one in refunds],
    )


def told_refund(row: SandboxRefund, charge: Any) -> GatewayRefund:
    """Write a refund as its owner sees it."""
    amount = Money(amount=row.amount, currency=charge.currency)
    return GatewayRefund(id=f"re_{row.id.hex}", reference=row.reference, payment=charge.reference, amount=amount)
