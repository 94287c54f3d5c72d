"""Claims: drafted, submitted alone or in a batch, answered by the payer, paid."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from careconnect.errors import Forbidden
from careconnect.pagination import Page, PagingQuery
from services.payments.api.asking import Reader, Writer
from services.payments.insurance import batches, claiming, listing, schemas

router = APIRouter(tags=["insurance"])
Clerk = Annotated[Actor, require("insurance:write")]
WRITE_OFF = "insurance:write_off"


@router.get("/claims", summary="List claims, newest first")
async def list_claims(
    _: Reader, session: Read, paging: PagingQuery, wanted: Annotated[schemas.ClaimFilter, Query()]
) -> Page[schemas.Claim]:
    """List by status, payer, patient or invoice, without their steps."""
    return await listing.claims(session, wanted, paging, await session.tenant_keys())


@router.get("/claims/sums", summary="Count and add up claims by payer and state")
async def sums(_: Reader, session: Read) -> list[schemas.ClaimSum]:
    """Add them up."""
    return await listing.sums(session)


@router.get("/claims/{claim_id}", summary="Read a claim with its steps")
async def get_claim(claim_id: UUID, _: Reader, session: Read) -> schemas.Claim:
    """Read one."""
    return await listing.claim(session, claim_id, await session.tenant_keys())


@router.put("/claims/{claim_id}", summary="Draft the claim for an invoice", status_code=201)
async def draft(
    claim_id: UUID, wanted: schemas.ClaimWrite, response: Response, _: Writer, session: Write
) -> schemas.Claim:
    """Draft it under an id that follows from the invoice's; a repeat finds it, whatever has become of it."""
    response.status_code = 201 if await claiming.draft(session, claim_id, wanted.invoice_id) else 200
    return await listing.claim(session, claim_id, await session.tenant_keys())


@router.put("/claims/{claim_id}/submission/{step_id}", summary="Note that a payer was asked")
async def submit(claim_id: UUID, step_id: UUID, asked: schemas.Submission, _: Clerk, session: Write) -> schemas.Claim:
    """Note it once under an id of the caller's; from now on the invoice keeps its shares."""
    return await _take(session, claim_id, step_id, asked)


@router.put("/claims/{claim_id}/acceptance/{step_id}", summary="Note that a payer agreed")
async def accept(
    claim_id: UUID, step_id: UUID, asked: schemas.Acceptance, actor: Clerk, session: Write
) -> schemas.Claim:
    """Note it once; what it does not accept falls to the patient or is written off, which takes a right."""
    _may_let_go(actor, asked.rest)
    return await _take(session, claim_id, step_id, asked)


@router.put("/claims/{claim_id}/rejection/{step_id}", summary="Note that a payer will not pay, or not the rest")
async def reject(
    claim_id: UUID, step_id: UUID, asked: schemas.Rejection, actor: Clerk, session: Write
) -> schemas.Claim:
    """Note it once, with the reason; the rest falls to the patient, is written off, or is put right and sent again."""
    _may_let_go(actor, asked.rest)
    return await _take(session, claim_id, step_id, asked)


@router.put("/claims/{claim_id}/payment/{step_id}", summary="Book a payer's transfer")
async def pay(claim_id: UUID, step_id: UUID, asked: schemas.PayerPayment, _: Clerk, session: Write) -> schemas.Claim:
    """Book it once; several may come for one claim."""
    return await _take(session, claim_id, step_id, asked)


async def _take(session: Write, claim_id: UUID, step_id: UUID, asked: claiming.Asked) -> schemas.Claim:
    keys = await session.tenant_keys()
    await claiming.take(session, claim_id, step_id, asked, keys)
    await session.flush()
    return await listing.claim(session, claim_id, keys)


def _may_let_go(actor: Actor, rest: str) -> None:
    if rest == "write_off" and not actor.may(WRITE_OFF):
        raise Forbidden("Writing off what a payer refused needs the right insurance:write_off.", needed=WRITE_OFF)


@router.put("/invoices/{invoice_id}/authorisation", summary="Keep a payer's authorisation number", status_code=204)
async def authorise(invoice_id: UUID, wanted: schemas.AuthorisationWrite, _: Writer, session: Write) -> None:
    """Keep it, sealed; an empty one is none."""
    await claiming.authorise(session, invoice_id, wanted.number, await session.tenant_keys())


@router.get("/claim-batches", summary="List batches of claims, newest first")
async def list_batches(
    _: Reader, session: Read, paging: PagingQuery, payer_id: UUID | None = None
) -> Page[schemas.ClaimBatch]:
    """List all, or those of one payer."""
    return await batches.batches(session, paging, payer_id)


@router.put("/claim-batches/{batch_id}", summary="Submit all drafts of a payer", status_code=201)
async def submit_batch(
    batch_id: UUID, wanted: schemas.BatchWrite, response: Response, _: Clerk, session: Write
) -> schemas.BatchContent:
    """Submit them once under an id of the caller's; a repeat finds the same batch."""
    keys = await session.tenant_keys()
    response.status_code = 201 if await batches.submit(session, batch_id, wanted.payer_id, keys) else 200
    await session.flush()
    return await batches.content(session, batch_id, keys)


@router.get("/claim-batches/{batch_id}", summary="Read a batch with what the payer has to know")
async def get_batch(batch_id: UUID, _: Reader, session: Write) -> schemas.BatchContent:
    """Read it; the audit notes who read."""
    found = await batches.content(session, batch_id, await session.tenant_keys())
    session.record_access("claim_batch.read", "claim_batch", batch_id)
    return found


@router.put("/claim-batches/{batch_id}/file", summary="Keep what a batch looks like as a file")
async def keep_file(batch_id: UUID, wanted: schemas.BatchFile, _: Reader, session: Write) -> schemas.BatchFile:
    """Keep it sealed; the first stays, and is what is answered."""
    keys = await session.tenant_keys()
    return schemas.BatchFile(text=await batches.keep_file(session, batch_id, wanted.text, keys))
