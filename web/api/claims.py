"""`/claims`: what payers are asked for, what they answer and pay, and batches of it as files."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.payments.errors import (
    ClaimExceeded,
    ClaimNotFound,
    ClaimState,
    InvoiceNotFound,
    NothingToClaim,
    PayerNotFound,
)
from services.payments.insurance.schemas import (
    Acceptance,
    BatchWrite,
    Claim,
    ClaimBatch,
    ClaimFilter,
    ClaimWrite,
    PayerPayment,
    Rejection,
    Submission,
)
from web.api.etags import TAGGED, IfMatch, Tagged, as_seen
from web.api.keys import IdempotencyKey, minted
from web.api.ledger import Csv, attached
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(prefix="/claims", tags=["insurance"])
Reader = Annotated[Actor, may("payments:read")]
Writer = Annotated[Actor, may("payments:write")]
Clerk = Annotated[Actor, may("insurance:write")]
_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "comma-separated values (RFC 4180)", "content": {"text/csv": {}}}
}


def _step(*kinds: Any) -> dict[str, Any]:
    known = (ClaimNotFound, ClaimState, VersionConflict, IdempotencyConflict, *kinds)
    return {"responses": {200: TAGGED, **refusals(*known)}}


@router.get("", summary="List claims", **LIST)
async def search(
    actor: Reader, gateway: Door, paging: PagingQuery, wanted: Annotated[ClaimFilter, Query()]
) -> Page[Claim]:
    """List by status, payer, patient or invoice, the newest first, without their steps."""
    return listed(await gateway.insurance.claims(actor, wanted, **paging.model_dump()))


@router.post(
    "",
    summary="Draft a claim",
    status_code=201,
    responses={201: TAGGED, **refusals(InvoiceNotFound, NothingToClaim)},
)
async def draft(body: ClaimWrite, actor: Writer, gateway: Door, tag: Tagged) -> Claim:
    """Draft it for an invoice of which a payer owes a share, as it is done by itself once the visit took place.

    An invoice has one claim; a repeat answers with it.
    """
    return tag(await gateway.insurance.claim_for(actor, body.invoice_id))


@router.get("/batches", summary="List batches of claims", **LIST)
async def batches(actor: Reader, gateway: Door, paging: PagingQuery, payer_id: UUID | None = None) -> Page[ClaimBatch]:
    """List all, or those of one payer, the newest first."""
    return listed(await gateway.insurance.batches(actor, payer_id=payer_id, **paging.model_dump()))


@router.post(
    "/batches",
    summary="Submit all drafts of a payer",
    status_code=201,
    responses=refusals(PayerNotFound, NothingToClaim, IdempotencyConflict),
)
async def submit_all(body: BatchWrite, actor: Clerk, gateway: Door, key: IdempotencyKey = None) -> ClaimBatch:
    """Submit them together, each once; what they looked like then is kept as a file."""
    return await gateway.insurance.submit(actor, minted("claim batch", actor, key), body.payer_id)


@router.get(
    "/batches/{batch_id}.csv",
    summary="Export a batch of claims as CSV",
    response_class=Csv,
    responses={**_CSV, **refusals(ClaimNotFound)},
)
async def export(batch_id: UUID, actor: Clerk, gateway: Door) -> Response:
    """Give a line for each claim, the same each time; the audit notes who read."""
    batch, text = await gateway.insurance.file(actor, batch_id)
    return Csv(text, headers=attached(f"claims-{batch.payer_code}-{batch.number}"))


@router.get("/{claim_id}", summary="Read a claim with its steps", responses={200: TAGGED, **refusals(ClaimNotFound)})
async def read(claim_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Claim:
    """Read one: what happened to it, by whom and when."""
    return tag(await gateway.insurance.claim(actor, claim_id))


@router.post("/{claim_id}/submission", summary="Note that the payer was asked", **_step())
async def submit(
    claim_id: UUID,
    actor: Clerk,
    gateway: Door,
    tag: Tagged,
    body: Submission | None = None,
    key: IdempotencyKey = None,
    *,
    seen: IfMatch,
) -> Claim:
    """Note it; from now on the invoice keeps its shares until the payer has answered."""
    asked = as_seen(body or Submission(), seen)
    return tag(await gateway.insurance.step(actor, claim_id, minted("submission", actor, key), asked))


@router.post("/{claim_id}/acceptance", summary="Note that the payer agreed", **_step(ClaimExceeded))
async def accept(
    claim_id: UUID,
    actor: Clerk,
    gateway: Door,
    tag: Tagged,
    body: Acceptance | None = None,
    key: IdempotencyKey = None,
    *,
    seen: IfMatch,
) -> Claim:
    """Note it, for all or for `amount`; the rest falls to the patient, or is written off by who may."""
    asked = as_seen(body or Acceptance(), seen)
    return tag(await gateway.insurance.step(actor, claim_id, minted("acceptance", actor, key), asked))


@router.post("/{claim_id}/rejection", summary="Note that the payer will not pay, or not the rest", **_step())
async def reject(
    claim_id: UUID,
    body: Rejection,
    actor: Clerk,
    gateway: Door,
    tag: Tagged,
    key: IdempotencyKey = None,
    *,
    seen: IfMatch,
) -> Claim:
    """Note it with the reason; what is left falls to the patient, is written off, or is put right and sent again."""
    asked = as_seen(body, seen)
    return tag(await gateway.insurance.step(actor, claim_id, minted("rejection", actor, key), asked))


@router.post("/{claim_id}/payment", summary="Book the payer's transfer", **_step(ClaimExceeded))
async def pay(
    claim_id: UUID,
    actor: Clerk,
    gateway: Door,
    tag: Tagged,
    body: PayerPayment | None = None,
    key: IdempotencyKey = None,
    *,
    seen: IfMatch,
) -> Claim:
    """Book it, all that is left or `amount`; several transfers may come for one claim. Once per `Idempotency-Key`."""
    asked = as_seen(body or PayerPayment(), seen)
    return tag(await gateway.insurance.step(actor, claim_id, minted("payer payment", actor, key), asked))
