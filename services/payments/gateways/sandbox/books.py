"""The sandbox gateway's books: its rows, its idempotency keys, its events."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession, table_of
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
    fresh: dict[str, Any] | None = None,
) -> bool:
    """Keep the answer under its key, and the event that tells of it, in one statement.

    With `fresh`, a new charge is written too, and the rest only if there was none under its reference. False if there
    was, or if the key stands for another request.
    """
    charge = answer.reference if isinstance(answer, GatewayCharge) else answer.payment
    said = {
        "of_tenant": session.tenant_id,
        "of_moment": clock.now(),
        "event_id": uuid7(),
        "event_type": kind,
        "event_reference": charge,
        "said_key": key,
        "said_request_hash": request,
        "said_answer": answer.model_dump(mode="json"),
    }
    if fresh is None:
        return await session.scalar(_KEEP, said) is not None
    return await session.scalar(_KEEP_FRESH, said | {f"charge_{name}": one for name, one in fresh.items()}) is not None


def _keeping(after: sa.CTE | None) -> Any:
    happened = {"id": "event_id", "type": "event_type", "reference": "event_reference"}
    event = _insert_after(SandboxEvent, happened, after).cte("event")
    row = _insert_after(SandboxKey, {name: f"said_{name}" for name in ("key", "request_hash", "answer")}, after)
    known = table_of(SandboxKey).c
    row = row.on_conflict_do_update(
        index_elements=["tenant_id", "key"],
        set_={"answer": row.excluded.answer},
        where=sa.and_(known.request_hash == row.excluded.request_hash, known.answer.is_(None)),
    )
    return row.add_cte(event).returning(known.key)


def _insert_after(entity: type[Base], named: dict[str, str], after: sa.CTE | None) -> Insert:
    """Insert one row of parameters, if `after` changed a row."""
    kinds = sa.inspect(entity).columns
    named = {"tenant_id": "of_tenant", "created_at": "of_moment"} | named
    values = sa.select(*(sa.bindparam(said, type_=kinds[name].type).label(name) for name, said in named.items()))
    return insert(table_of(entity)).from_select(list(named), values if after is None else values.select_from(after))


def _fresh_charge() -> sa.CTE:
    given: dict[str, Any] = {
        column.key: sa.bindparam(f"charge_{column.key}") for column in sa.inspect(SandboxCharge).column_attrs
    }
    charges = table_of(SandboxCharge)
    return insert(charges).values(given).on_conflict_do_nothing().returning(charges.c.id).cte("fresh")


_KEEP, _KEEP_FRESH = _keeping(None), _keeping(_fresh_charge())


async def charge(session: ReadSession, reference: UUID, *, lock: bool = False) -> SandboxCharge | None:
    """Read a charge."""
    statement = sa.select(SandboxCharge).where(SandboxCharge.reference == reference)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def refunds(session: ReadSession, charges: Sequence[Any]) -> dict[UUID, list[SandboxRefund]]:
    """Read the refunds of charges, by charge; those that came back too."""
    returned: dict[UUID, list[SandboxRefund]] = {}
    if wanted := [one.id for one in charges if one.captured]:
        these = sa.any_(sa.bindparam(None, wanted, type_=ARRAY(sa.Uuid), unique=True))
        statement = sa.select(SandboxRefund).where(SandboxRefund.charge_id == these).order_by(SandboxRefund.id)
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
        refunds=[told_refund(one, row) for one in refunds if not one.failure],
        unsettled=[told_refund(one, row) for one in refunds if one.failure],
    )


def told_refund(row: SandboxRefund, charge: Any) -> GatewayRefund:
    """Write a refund as its owner sees it."""
    said: dict[str, Any] = {"id": f"re_{row.id.hex}", "reference": row.reference, "payment": charge.reference}
    said |= {"status": "failed", "failure": row.failure} if row.failure else {}
    return GatewayRefund(amount=Money(amount=row.amount, currency=charge.currency), **said)
