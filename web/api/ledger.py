"""`/ledger`: balances and entries of the books, as JSON and as CSV, and closing a month."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page, PagingQuery
from services.payments.errors import EarlierPeriodOpen, LaterPeriodClosed, PayoutKnown, PeriodNotOver
from services.payments.schemas import Balance, Entry, EntryFilter, Month, Payout, PayoutWrite, Period, PeriodWrite
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed, whole
from web.api.openapi import refusals
from web.gateway.exports import balances_csv, entries_csv
from web.session import Door, may

router = APIRouter(prefix="/ledger", tags=["ledger"])
Reader = Annotated[Actor, may("payments:read")]
First = Annotated[Month | None, Query(alias="from", description="the first month, such as 2026-01")]
Last = Annotated[Month | None, Query(alias="to", description="the last month; without it, the present one")]
Wanted = Annotated[EntryFilter, Query()]


class Csv(Response):
    """Comma-separated values."""

    media_type = "text/csv"


_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "comma-separated values (RFC 4180)", "content": {"text/csv": {}}}
}


@router.get("/balances", summary="Add up every account of the ledger", **LIST)
async def balances(
    actor: Reader, gateway: Door, first: First = None, last: Last = None, *, each_period: bool = False
) -> Page[Balance]:
    """Give what each account held before, what moved it and what it holds, over the months or month by month."""
    return whole(await gateway.payments.balances(actor, first=first, last=last, each_period=each_period))


@router.get("/balances.csv", summary="Export the balances as CSV", response_class=Csv, responses=_CSV)
async def export_balances(
    actor: Reader, gateway: Door, first: First = None, last: Last = None, *, each_period: bool = True
) -> Response:
    """Give a line for each account, currency and month; amounts in whole units of their currency."""
    found = await gateway.payments.balances(actor, first=first, last=last, each_period=each_period)
    return Csv(balances_csv(found), headers=attached("balances"))


@router.get("/entries", summary="List the entries of a month", **LIST)
async def entries(actor: Reader, gateway: Door, paging: PagingQuery, wanted: Wanted) -> Page[Entry]:
    """List them with their lines, the newest first."""
    return listed(await gateway.payments.ledger_entries(actor, wanted, **paging.model_dump()))


@router.get("/entries.csv", summary="Export the entries of a month as CSV", response_class=Csv, responses=_CSV)
async def export_entries(actor: Reader, gateway: Door, wanted: Wanted) -> Response:
    """Give a line for each account that an entry moves, the newest first; it is written as it is read."""
    lines = await entries_csv(gateway.payments, actor, wanted)
    return StreamingResponse(lines, media_type="text/csv", headers=attached(f"ledger-{wanted.period}"))


@router.get("/periods", summary="List the months of the books", **LIST)
async def periods(actor: Reader, gateway: Door) -> Page[Period]:
    """List them, from the first with an entry to the present one, the newest first."""
    return whole(await gateway.payments.ledger_periods(actor))


@router.put(
    "/periods/{period}",
    summary="Close a month of the books, or open it again",
    responses=refusals(PeriodNotOver, EarlierPeriodOpen, LaterPeriodClosed),
)
async def set_period(
    period: Month, body: PeriodWrite, actor: Annotated[Actor, may("ledger:close")], gateway: Door
) -> Period:
    """Close it: what happens late is booked in the first open month, with its own date. A repeat is harmless."""
    return await gateway.payments.set_ledger_period(actor, period, body)


@router.get("/payouts", summary="List the payouts of gateways", **LIST)
async def payouts(actor: Reader, gateway: Door, paging: PagingQuery) -> Page[Payout]:
    """List what gateways paid into the bank, less their fees, the newest first."""
    return listed(await gateway.payments.payouts(actor, limit=paging.limit, cursor=paging.cursor))


@router.post(
    "/payouts",
    summary="Enter a payout of a gateway",
    status_code=201,
    responses=refusals(PayoutKnown, IdempotencyConflict),
)
async def enter_payout(
    body: PayoutWrite, actor: Annotated[Actor, may("ledger:close")], gateway: Door, *, key: IdempotencyKey = None
) -> Payout:
    """Book it from the gateway's clearing account into the bank, less the fee, on the day of the bank's statement.

    One that is wrong is undone by another with the same amounts below zero.
    """
    return await gateway.payments.enter_payout(actor, minted("payout", actor, key), body)


def attached(name: str) -> dict[str, str]:
    """Have the answer kept as a file of this name, and nowhere between."""
    return {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "private, no-store"}
