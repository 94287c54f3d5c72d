"""Invoices that are still being written."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.db import Read
from careconnect.pagination import Page, PagingQuery
from services.payments import repository, wire
from services.payments.api.asking import InCurrency, Reader, Since, Until, Writer
from services.payments.api.invoices import present
from services.payments.collection import drafting
from services.payments.collection.till import Till, TillOf
from services.payments.schemas import DraftReplacement, Invoice, InvoiceDraft, InvoiceWrite
from services.payments.states import DraftSort

router = APIRouter(tags=["invoices"])


@router.get("/invoice-drafts", summary="List drafts of invoices")
async def list_drafts(
    *,
    _: Reader,
    session: Read,
    paging: PagingQuery,
    since: Since = None,
    until: Until = None,
    patient_id: UUID | None = None,
    currency: InCurrency = None,
    sort: DraftSort = "-begun",
) -> Page[InvoiceDraft]:
    """List by patient, currency or when they were begun."""
    wanted = {"patient_id": patient_id, "currency": currency}
    page = await repository.drafts(session, paging, since, until, sort=sort, **wanted)
    keys = await session.tenant_keys()
    return page.of(lambda row: wire.draft(row, keys))


@router.put("/invoice-drafts/{draft_id}", summary="Begin a draft", status_code=201)
async def begin(draft_id: UUID, wanted: InvoiceWrite, response: Response, _: Writer, till: TillOf) -> InvoiceDraft:
    """Keep it under an id of the caller's, which becomes that of the invoice; a repeat answers with what stands."""
    if not await drafting.begin(till, draft_id, wanted):
        response.status_code = 200
    return await _present(till, draft_id)


@router.get("/invoice-drafts/{draft_id}", summary="Read a draft")
async def read(draft_id: UUID, _: Reader, till: TillOf) -> InvoiceDraft:
    """Read one."""
    return await _present(till, draft_id)


@router.put("/invoice-drafts/{draft_id}/record", summary="Replace a draft")
async def change(draft_id: UUID, wanted: DraftReplacement, _: Writer, till: TillOf) -> InvoiceDraft:
    """Write all of it anew."""
    await drafting.change(till, draft_id, wanted)
    return await _present(till, draft_id)


@router.delete("/invoice-drafts/{draft_id}", summary="Discard a draft", status_code=204)
async def discard(draft_id: UUID, _: Writer, till: TillOf) -> None:
    """Throw it away; the books never heard of it."""
    await drafting.discard(till, draft_id)


@router.put("/invoice-drafts/{draft_id}/issuance", summary="Issue a draft")
async def issue(draft_id: UUID, _: Writer, till: TillOf, version: Annotated[int | None, Query(ge=1)] = None) -> Invoice:
    """Have it owed from now on, numbered without a gap; a repeat answers with the invoice."""
    await drafting.issue(till, draft_id, version)
    return await present(till, draft_id)


async def _present(till: Till, draft_id: UUID) -> InvoiceDraft:
    keys = await till.keys()
    async with till.read() as session:
        return wire.draft(await repository.draft(session, draft_id), keys)
