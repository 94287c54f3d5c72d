"""The ledger: balances, entries, and closing a month."""

from typing import Annotated

from fastapi import APIRouter, Query

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.payments import books
from services.payments.api.asking import Reader
from services.payments.schemas import Balance, Entry, EntryFilter, Month, Period, PeriodWrite

router = APIRouter(prefix="/ledger", tags=["ledger"])
Closer = Annotated[Actor, require("ledger:close")]


@router.get("/balances", summary="Add up every account of the ledger")
async def balances(
    _: Reader,
    session: Read,
    first: Annotated[Month | None, Query(alias="from")] = None,
    last: Annotated[Month | None, Query(alias="to")] = None,
    *,
    each_period: bool = False,
) -> list[Balance]:
    """Debits are positive, credits negative; all of one currency add up to zero."""
    return await books.balances(session, first, last, each=each_period)


@router.get("/entries", summary="List the entries of a month, the newest first")
async def entries(
    _: Reader, session: Read, paging: PagingQuery, wanted: Annotated[EntryFilter, Query()]
) -> Page[Entry]:
    """List them with their lines."""
    return await books.entries(session, wanted, paging)


@router.get("/periods", summary="List the months of the books, the newest first")
async def periods(_: Reader, session: Read) -> list[Period]:
    """List them, from the first with an entry to the present one."""
    return await books.periods(session, await session.tenant_keys())


@router.put("/periods/{period}", summary="Close a month, or open it again")
async def set_period(period: Month, wanted: PeriodWrite, _: Closer, session: Write) -> Period:
    """Close it to entries; a repeat changes nothing."""
    return await books.set_period(session, period, wanted, await session.tenant_keys())
