"""The end of a visit as the books see it, and payouts of gateways."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.payments import payouts
from services.payments.api.asking import Reader, Writer
from services.payments.collection import earning
from services.payments.schemas import Earned, Payout, PayoutWrite, VisitEnd

router = APIRouter(tags=["ledger"])


@router.put("/appointments/{appointment_id}/end", summary="Let what is invoiced for a visit be earned")
async def end_visit(appointment_id: UUID, wanted: VisitEnd, _: Writer, session: Write) -> Earned:
    """Book it as revenue, or as a fee that is kept; a repeat changes nothing."""
    return Earned(invoices=await earning.end_visit(session, appointment_id, wanted))


@router.get("/payouts", summary="List the payouts of gateways, the newest first")
async def list_payouts(_: Reader, session: Read, paging: PagingQuery) -> Page[Payout]:
    """List them."""
    return await payouts.listed(session, paging)


@router.put("/payouts/{payout_id}", summary="Enter a payout of a gateway", status_code=201)
async def enter_payout(
    payout_id: UUID,
    wanted: PayoutWrite,
    response: Response,
    _: Annotated[Actor, require("ledger:close")],
    session: Write,
) -> Payout:
    """Book it under an id of the caller's: into the bank, less the fee; a repeat changes nothing."""
    entered, new = await payouts.enter(session, payout_id, wanted)
    response.status_code = 201 if new else 200
    return entered
