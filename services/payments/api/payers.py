"""Payers, and what they cover of whose visits."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.auth import Actor, require
from careconnect.db import Read, Write
from careconnect.pagination import Page, PagingQuery
from services.payments.api.asking import Reader, Writer
from services.payments.insurance import covering, keeping, schemas
from services.payments.models import Payer

router = APIRouter(tags=["insurance"])
Keeper = Annotated[Actor, require("insurance:write")]


@router.get("/payers", summary="List payers by name")
async def list_payers(
    _: Reader,
    session: Read,
    paging: PagingQuery,
    status: Annotated[schemas.PayerStatus | None, Query()] = None,
) -> Page[schemas.Payer]:
    """List all, or those of one status."""
    return (await keeping.payers(session, paging, status)).of(Payer.shown)


@router.get("/payers/{payer_id}", summary="Read a payer")
async def get_payer(payer_id: UUID, _: Reader, session: Read) -> schemas.Payer:
    """Read one."""
    return (await keeping.payer(session, payer_id)).shown()


@router.put("/payers/{payer_id}", summary="Enter a payer", status_code=201)
async def enter_payer(
    payer_id: UUID, wanted: schemas.PayerWrite, response: Response, _: Keeper, session: Write
) -> schemas.Payer:
    """Enter it under an id of the caller's; a repeat changes nothing."""
    row, new = await keeping.enter_payer(session, payer_id, wanted)
    response.status_code = 201 if new else 200
    return row.shown()


@router.put("/payers/{payer_id}/record", summary="Replace a payer")
async def change_payer(payer_id: UUID, wanted: schemas.PayerReplacement, _: Keeper, session: Write) -> schemas.Payer:
    """Change its name or code, or let it cover no new visits."""
    row = await keeping.change_payer(session, payer_id, wanted)
    return row.shown()


@router.get("/patients/{patient_id}/coverages", summary="List a patient's coverages, with their policy numbers")
async def list_coverages(patient_id: UUID, _: Reader, session: Write) -> list[schemas.Coverage]:
    """List them, the newest first; the audit notes who read."""
    return await keeping.coverages(session, patient_id, await session.tenant_keys())


@router.get("/coverages/{coverage_id}", summary="Read a coverage")
async def get_coverage(coverage_id: UUID, _: Reader, session: Write) -> schemas.Coverage:
    """Read one; the audit notes who read."""
    row, payer = await covering.find(session, coverage_id)
    session.record_access("coverage.read", "coverage", coverage_id)
    return row.shown(payer, await session.tenant_keys())


@router.put("/coverages/{coverage_id}", summary="Enter a patient's coverage", status_code=201)
async def enter_coverage(
    coverage_id: UUID, wanted: schemas.CoverageWrite, response: Response, _: Writer, session: Write
) -> schemas.Coverage:
    """Enter it under an id of the caller's; a repeat changes nothing."""
    shown, new = await keeping.enter_coverage(session, coverage_id, wanted, await session.tenant_keys())
    response.status_code = 201 if new else 200
    return shown


@router.put("/coverages/{coverage_id}/record", summary="Replace the terms of a coverage")
async def change_coverage(
    coverage_id: UUID, wanted: schemas.CoverageReplacement, _: Writer, session: Write
) -> schemas.Coverage:
    """Change number, share or days; what was invoiced keeps its terms."""
    return await keeping.change_coverage(session, coverage_id, wanted, await session.tenant_keys())


@router.post("/coverages/{coverage_id}/share", summary="Tell who would pay what of a visit")
async def share(coverage_id: UUID, asked: schemas.ShareAsk, _: Reader, session: Read) -> schemas.Share:
    """Tell it from the terms as they are now; nothing is written."""
    return await covering.share(session, coverage_id, asked)
