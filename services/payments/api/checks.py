"""Money checks: each step of one, what it led to, and the orphans that wait."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.payments.api.asking import Manager, Reader, Refunder, Writer
from services.payments.checking import charges, mending, orphans, remedies, rules, runs, sums, visits
from services.payments.collection.till import Till, TillOf
from services.payments.schemas import (
    BooksAsk,
    BooksCompared,
    ChargesAsk,
    ChargesCompared,
    CheckBegin,
    CheckBegun,
    CheckEnd,
    Compared,
    Dismissal,
    KeptPage,
    MendingRule,
    MendingRuleWrite,
    MoneyCheck,
    MoneyChecks,
    Orphan,
    OrphanNotes,
    OrphanStatus,
    RemedyWrite,
    UnchargedAsk,
    UnchargedFound,
    VisitsAsk,
)

router = APIRouter(tags=["money checks"])


@router.get("/money-checks", summary="Read the newest money check that has ended, and the one that runs")
async def newest(_: Reader, session: Read) -> MoneyChecks:
    """Read both; null where there is none."""
    return await runs.newest(session)


@router.get("/money-checks/kept", summary="List what is held for appointments, by invoice")
async def kept(
    _: Reader, session: Read, after: UUID | None = None, limit: Annotated[int, Query(ge=1, le=5000)] = 2000
) -> KeptPage:
    """Give one page, to be compared with the appointments."""
    return await sums.kept(session, after, limit)


@router.put("/money-checks/{check_id}", summary="Begin a money check")
async def begin(check_id: UUID, wanted: CheckBegin, _: Writer, session: Write, till: TillOf) -> CheckBegun:
    """Begin it under an id of the caller's, and name the gateways whose lists have to be read."""
    return await runs.begin(session, check_id, wanted, (await till.gateway()).name)


@router.post("/money-checks/{check_id}/charges", summary="Compare a page of a gateway's list with the payments")
async def compare_charges(check_id: UUID, asked: ChargesAsk, _: Writer, till: TillOf) -> ChargesCompared:
    """Note what differs; a repeat notes nothing twice."""
    return await charges.compare(till, check_id, await _as_of(till, check_id), asked)


@router.post("/money-checks/{check_id}/uncharged", summary="Find payments that the gateway does not know")
async def compare_payments(check_id: UUID, asked: UnchargedAsk, _: Writer, till: TillOf) -> UnchargedFound:
    """Compare numbers, or, after a second pass over the list, each payment."""
    return await charges.uncharged(till, check_id, await _as_of(till, check_id), asked)


@router.post("/money-checks/{check_id}/books", summary="Compare a page of the books with each other")
async def compare_books(check_id: UUID, asked: BooksAsk, _: Writer, session: Write) -> BooksCompared:
    """Note where sums are not those of their parts, and where the ledger says something else."""
    return await sums.compare(session, check_id, asked)


@router.post("/money-checks/{check_id}/visits", summary="Find visits that have no invoice")
async def compare_visits(check_id: UUID, asked: VisitsAsk, _: Writer, session: Write) -> Compared:
    """Note each of a page of visits that cost something and for which none was issued."""
    return await visits.compare(session, check_id, asked)


@router.post(
    "/money-checks/{check_id}/orphans", summary="Note orphans that were found across services", status_code=204
)
async def note(check_id: UUID, found: OrphanNotes, _: Writer, session: Write) -> None:
    """Note each once."""
    await orphans.note(session, check_id, found.orphans)


@router.put("/money-checks/{check_id}/conclusion", summary="End a money check")
async def end(check_id: UUID, wanted: CheckEnd, _: Writer, session: Write) -> MoneyCheck:
    """Write down what was compared; what was not seen any more has gone. A repeat answers with what stands."""
    return await runs.end(session, check_id, wanted)


@router.get("/mending-rule", summary="Tell what a money check mends by itself")
async def rule(_: Reader, session: Read) -> MendingRule:
    """Tell it; until the organisation says something, everything that can be."""
    return await rules.read(session)


@router.put("/mending-rule", summary="Say what a money check mends by itself")
async def set_rule(wanted: MendingRuleWrite, _: Manager, session: Write) -> MendingRule:
    """Say it, from the next check on; the rest waits for a person."""
    return await rules.write(session, wanted)


@router.get("/orphans", summary="List orphans, the newest first")
async def listed(_: Reader, session: Read, paging: PagingQuery, status: OrphanStatus | None = None) -> Page[Orphan]:
    """List those that wait, or those of one status."""
    return await orphans.listed(session, status, paging, await session.tenant_keys())


@router.get("/orphans/{orphan_id}", summary="Read an orphan")
async def one(orphan_id: UUID, _: Reader, session: Read) -> Orphan:
    """Read one, however many wait."""
    return orphans.told(await orphans.find(session, orphan_id, lock=False), await session.tenant_keys())


@router.put("/orphans/{orphan_id}/mending", summary="Mend an orphan that only this service knows of")
async def mend(orphan_id: UUID, _: Refunder, till: TillOf) -> Orphan:
    """Let go, send back, or note what the gateway did; a repeat is harmless."""
    await mending.mend(till, orphan_id)
    keys = await till.keys()
    async with till.write() as session:
        return orphans.told(await orphans.find(session, orphan_id), keys)


@router.put("/orphans/{orphan_id}/asking", summary="Note that a process was asked to mend an orphan")
async def asked(orphan_id: UUID, _: Refunder, session: Write) -> Orphan:
    """Note it; the next check tells whether it was mended."""
    return orphans.told(await orphans.settle(session, orphan_id, "mending"), await session.tenant_keys())


@router.put("/orphans/{orphan_id}/remedy", summary="Do something about an orphan")
async def remedy(orphan_id: UUID, wanted: RemedyWrite, _: Refunder, till: TillOf) -> Orphan:
    """Do what is offered for its kind, with a reason; a repeat is harmless."""
    await remedies.apply(till, orphan_id, wanted)
    keys = await till.keys()
    async with till.read() as session:
        return orphans.told(await orphans.find(session, orphan_id, lock=False), keys)


@router.put("/orphans/{orphan_id}/dismissal", summary="Take an orphan from Attention as it is")
async def dismiss(orphan_id: UUID, wanted: Dismissal, _: Refunder, session: Write) -> Orphan:
    """Dismiss it with a reason; it comes back if its amounts change."""
    keys = await session.tenant_keys()
    row = await orphans.settle(session, orphan_id, "dismissed", keys.seal(wanted.reason))
    return orphans.told(row, keys)


async def _as_of(till: Till, check_id: UUID) -> datetime:
    async with till.read() as session:
        return (await runs.find(session, check_id)).as_of
