"""`/payers` and `/patients/{id}/coverages`: who pays for patients, and what they pay."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.patients.errors import PatientNotFound
from services.payments.errors import CoverageNotFound, PayerExists, PayerNotFound, PayerRetired
from services.payments.insurance.schemas import (
    Coverage,
    CoverageCreate,
    CoverageReplacement,
    CoverageWrite,
    Payer,
    PayerReplacement,
    PayerStatus,
    PayerWrite,
)
from web.api.etags import IfMatch, Tagged, as_seen, record
from web.api.fields import expect_patient
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed, whole
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(tags=["insurance"])
Reader = Annotated[Actor, may("payments:read")]
Writer = Annotated[Actor, may("payments:write")]
Keeper = Annotated[Actor, may("insurance:write")]


@router.get("/payers", summary="List payers", **LIST)
async def payers(actor: Reader, gateway: Door, paging: PagingQuery, status: PayerStatus | None = None) -> Page[Payer]:
    """List insurers, employers and schemes that pay for patients, by name."""
    return listed(await gateway.insurance.payers(actor, status=status, **paging.model_dump()))


@router.post("/payers", summary="Enter a payer", **record(PayerExists, IdempotencyConflict, status=201))
async def enter(body: PayerWrite, actor: Keeper, gateway: Door, tag: Tagged, key: IdempotencyKey = None) -> Payer:
    """Enter it with a code of its own. Price lists may name it, with prices that were agreed with it."""
    return tag(await gateway.insurance.enter_payer(actor, minted("payer", actor, key), body))


@router.get("/payers/{payer_id}", summary="Read a payer", **record(PayerNotFound))
async def read(payer_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Payer:
    """Read one."""
    return tag(await gateway.insurance.payer(actor, payer_id))


@router.put("/payers/{payer_id}", summary="Replace a payer", **record(PayerNotFound, PayerExists, VersionConflict))
async def replace(
    payer_id: UUID, body: PayerReplacement, actor: Keeper, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Payer:
    """Write all of it anew; a retired one covers no new visits, and its claims go on."""
    return tag(await gateway.insurance.change_payer(actor, payer_id, as_seen(body, seen)))


@router.get(
    "/patients/{patient_id}/coverages",
    summary="List a patient's coverages",
    responses=refusals(PatientNotFound),
    **LIST,
)
async def coverages(patient_id: UUID, actor: Reader, gateway: Door) -> Page[Coverage]:
    """List them, the newest first, with their policy numbers; the audit notes who read."""
    await expect_patient(gateway, actor, patient_id)
    return whole(await gateway.insurance.coverages(actor, patient_id))


@router.post(
    "/patients/{patient_id}/coverages",
    summary="Enter a patient's coverage",
    **record(PatientNotFound, PayerNotFound, PayerRetired, IdempotencyConflict, status=201),
)
async def cover(
    patient_id: UUID, body: CoverageCreate, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None
) -> Coverage:
    """Enter what a payer pays of the patient's visits: a rate of the price, or up to an amount per visit."""
    await expect_patient(gateway, actor, patient_id)
    wanted = CoverageWrite(patient_id=patient_id, **dict(body))
    return tag(await gateway.insurance.enter_coverage(actor, minted("coverage", actor, key), wanted))


@router.put(
    "/patients/{patient_id}/coverages/{coverage_id}",
    summary="Replace the terms of a coverage",
    **record(CoverageNotFound, VersionConflict),
)
async def change(
    patient_id: UUID,
    coverage_id: UUID,
    body: CoverageReplacement,
    actor: Writer,
    gateway: Door,
    tag: Tagged,
    *,
    seen: IfMatch,
) -> Coverage:
    """Write number, share and days anew; invoices keep the terms with which they were issued."""
    if (await gateway.insurance.coverage(actor, coverage_id)).patient_id != patient_id:
        raise CoverageNotFound
    return tag(await gateway.insurance.change_coverage(actor, coverage_id, as_seen(body, seen)))
