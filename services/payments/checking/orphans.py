"""Orphans: noted once, seen again, mended, gone by themselves, or dismissed by somebody who says why."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from careconnect import clock
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession
from careconnect.ids import uuid7
from careconnect.money import Money
from careconnect.pagination import Page, Paging, keyset
from services.payments import schemas
from services.payments.errors import OrphanNotFound, OrphanSettled
from services.payments.models import Orphan
from services.payments.repository.rows import columns, many
from services.payments.schemas import OrphanKind, OrphanNote

WAITING = ("open", "mending")
"""The statuses of what waits."""


async def note(session: WriteSession, check_id: UUID, found: Sequence[OrphanNote]) -> None:
    """Note what a check found.

    One that was mended or had gone is open again; one that was dismissed stays so, unless its amounts have changed.
    """
    unique = {(one.kind, one.subject_id): one for one in found}
    if not unique:
        return
    moment = clock.now()
    place = {"tenant_id": session.tenant_id, "check_id": check_id, "status": "open", "created_at": moment}
    fields = [place | {"id": uuid7(), "updated_at": moment} | one.model_dump(mode="python") for one in unique.values()]
    rows = [row | {"kind": str(row["kind"])} for row in fields]
    fresh = many(Orphan, list(rows[0]))
    new = fresh.excluded
    other = sa.or_(
        sa.func.coalesce(Orphan.here, 0) != sa.func.coalesce(new.here, 0),
        sa.func.coalesce(Orphan.there, 0) != sa.func.coalesce(new.there, 0),
    )
    stays = sa.or_(Orphan.status.in_(WAITING), sa.and_(Orphan.status == "dismissed", ~other))
    again: dict[str, Any] = {name: new[name] for name in ("check_id", "detail", "currency", "here", "there")}
    again |= {name: new[name] for name in ("payment_id", "invoice_id", "appointment_id", "gateway", "updated_at")}
    again |= {"status": sa.case((stays, Orphan.status), else_="open")}
    again |= {
        name: sa.case((stays, getattr(Orphan, name)), else_=None) for name in ("settled_at", "settled_by", "reason")
    }
    again |= {"created_at": sa.case((stays, Orphan.created_at), else_=new.created_at)}
    known = ["tenant_id", "kind", "subject_id"]
    await session.execute(fresh.on_conflict_do_update(index_elements=known, set_=again), columns(rows))


async def listed(session: ReadSession, status: str | None, paging: Paging, keys: TenantKeys) -> Page[schemas.Orphan]:
    """List orphans, those that wait first, or those of one status, the newest first."""
    statement = sa.select(Orphan).where(Orphan.status.in_(WAITING) if status is None else Orphan.status == status)
    page = await keyset(session, statement, [Orphan.created_at.desc(), Orphan.id.desc()], paging)
    return page.of(lambda row: told(row, keys))


async def find(session: ReadSession, orphan_id: UUID, *, lock: bool = True) -> Orphan:
    """Read an orphan, for a change unless it is not locked.

    Raises:
        OrphanNotFound: there is none.
    """
    statement = sa.select(Orphan).where(Orphan.id == orphan_id)
    found = await session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise OrphanNotFound
    return found


async def settle(
    session: WriteSession, orphan_id: UUID, status: str, reason: bytes | None = None, **how: str
) -> Orphan:
    """Mend it or dismiss it, and keep `how` in the audit; a repeat changes nothing.

    Raises:
        OrphanSettled: it was settled in another way.
    """
    row = await find(session, orphan_id)
    if row.status == status:
        return row
    if row.status not in WAITING:
        raise OrphanSettled(orphan_status=row.status)
    row.status = status
    if status not in WAITING:
        row.settled_at, row.settled_by, row.reason = clock.now(), session.actor.id, reason
    if status not in WAITING or how:
        said = {"kind": row.kind, "subject_id": str(row.subject_id)} | how
        session.record(f"orphan.{status}", "orphan", row.id, data=said)
    return row


def told(row: Orphan, keys: TenantKeys) -> schemas.Orphan:
    """Write an orphan for the wire."""

    def money(amount: int | None) -> Money | None:
        return None if amount is None or row.currency is None else Money(amount=amount, currency=row.currency)

    said = {name: getattr(row, name) for name in schemas.Orphan.model_fields if hasattr(row, name)}
    said |= {"here": money(row.here), "there": money(row.there), "found_at": row.created_at}
    said |= {"remedies": schemas.REMEDIES.get(OrphanKind(row.kind), ()) if row.status in WAITING else ()}
    return schemas.Orphan.model_validate(said | {"reason": keys.open(row.reason) if row.reason else None})
