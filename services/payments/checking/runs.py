"""The checks themselves: begun, ended, and what stands now."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from services.payments import books, ledger, schemas
from services.payments.errors import MoneyCheckNotFound
from services.payments.models import MoneyCheck, Orphan, Payment
from services.payments.schemas import CheckBegin, CheckBegun, CheckEnd


async def begin(session: WriteSession, check_id: UUID, wanted: CheckBegin, default: str) -> CheckBegun:
    """Begin a check, or find it begun; name the gateways whose lists have to be read. The books are added up, too."""
    row: dict[str, Any] = {"tenant_id": session.tenant_id, "id": check_id, "cause": wanted.cause, "status": "running"}
    row |= {"as_of": clock.now(), "compared": {}, "found": 0, "mended": 0, "open": 0}
    await session.execute(insert(MoneyCheck).values(row).on_conflict_do_nothing())
    used = await session.scalars(sa.select(Payment.gateway).where(Payment.gateway != ledger.DESK).distinct())
    await books.keep_totals(session)
    return CheckBegun(as_of=(await find(session, check_id)).as_of, gateways=sorted({default, *used}))


async def find(session: ReadSession, check_id: UUID) -> MoneyCheck:
    """Read a check.

    Raises:
        MoneyCheckNotFound: there is none.
    """
    found = await session.scalar(sa.select(MoneyCheck).where(MoneyCheck.id == check_id))
    if found is None:
        raise MoneyCheckNotFound
    return found


async def end(session: WriteSession, check_id: UUID, wanted: CheckEnd) -> schemas.MoneyCheck:
    """Write down what a check compared. What it would have seen and did not see has gone, unless it missed a part."""
    row = await find(session, check_id)
    if row.status == "running":
        if not wanted.missing:
            await _let_go(session, row)
        row.status = "incomplete" if wanted.missing else "completed"
        row.finished_at = clock.now()
        row.compared = {name: said.model_dump() for name, said in wanted.compared.items()} | {
            "missing": list(wanted.missing)
        }
        seen = Orphan.check_id == check_id
        counts = [
            sa.func.count().filter(seen),
            sa.func.count().filter(seen, Orphan.status == "mended"),
            sa.func.count().filter(Orphan.status.in_(("open", "mending"))),
        ]
        numbers: Any = (await session.execute(sa.select(*counts))).one()
        row.found, row.mended, row.open = numbers
    return told(row)


async def _let_go(session: WriteSession, row: MoneyCheck) -> None:
    """Settle what was under Attention and is not seen any more."""
    unseen = sa.and_(Orphan.check_id != row.id, Orphan.status.in_(("open", "mending")), Orphan.updated_at < row.as_of)
    moment, by = clock.now(), session.actor.id
    gone = sa.case((Orphan.status == "mending", "mended"), else_="gone")
    await session.execute(sa.update(Orphan).where(unseen).values(status=gone, settled_at=moment, settled_by=by))


async def newest(session: ReadSession) -> schemas.MoneyChecks:
    """Give the newest check that has ended, and the one that runs."""
    statement = sa.select(MoneyCheck).order_by(MoneyCheck.as_of.desc(), MoneyCheck.id.desc()).limit(1)
    last = await session.scalar(statement.where(MoneyCheck.status != "running"))
    first = await session.scalar(statement)
    running = first if first and first.status == "running" else None
    return schemas.MoneyChecks(last=told(last) if last else None, running=told(running) if running else None)


def told(row: MoneyCheck) -> schemas.MoneyCheck:
    """Write a check for the wire."""
    said = {name: getattr(row, name) for name in schemas.MoneyCheck.model_fields if hasattr(row, name)}
    compared = dict(row.compared)
    return schemas.MoneyCheck.model_validate(said | {"missing": compared.pop("missing", []), "compared": compared})
