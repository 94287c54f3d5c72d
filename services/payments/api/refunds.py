"""Refunds of captured payments."""

from uuid import UUID

from fastapi import APIRouter, Response

from careconnect.db import Read
from careconnect.pagination import Page, PagingQuery
from services.payments import repository, wire
from services.payments.api.asking import Reader, Refunder, Until
from services.payments.collection import refund
from services.payments.collection.till import TillOf
from services.payments.errors import RefundNotFound
from services.payments.schemas import Refund, RefundWrite

router = APIRouter(tags=["refunds"])


@router.put("/payments/{payment_id}/refunds/{refund_id}", summary="Return money", status_code=201)
async def give_back(
    payment_id: UUID, refund_id: UUID, wanted: RefundWrite, response: Response, _: Refunder, till: TillOf
) -> Refund:
    """Return all that is left, or `amount`, under an id of the caller's; a repeat answers with what stands."""
    returned, new = await refund.refund(till, payment_id, refund_id, wanted)
    response.status_code = 201 if new else 200
    return returned


@router.get("/payments/{payment_id}/refunds", summary="List the refunds of a payment, oldest first")
async def list_refunds(payment_id: UUID, _: Reader, session: Read) -> list[Refund]:
    """List them."""
    await repository.payment(session, payment_id)
    rows = await repository.refunds(session, payment_id)
    keys = await session.tenant_keys()
    return [wire.refund(row, keys) for row in rows]


@router.get("/payments/{payment_id}/refunds/{refund_id}", summary="Read a refund")
async def get_refund(payment_id: UUID, refund_id: UUID, _: Reader, session: Read) -> Refund:
    """Read one."""
    row = await repository.refund(session, refund_id)
    if row.payment_id != payment_id:
        raise RefundNotFound
    return wire.refund(row, await session.tenant_keys())


@router.get("/patients/{patient_id}/refunds", summary="List the refunds of a patient, the newest first")
async def refunds_of_patient(
    patient_id: UUID, _: Reader, session: Read, paging: PagingQuery, until: Until = None
) -> Page[Refund]:
    """List those that were asked for before `to`."""
    page = await repository.refunds_of(session, patient_id, until, paging)
    keys = await session.tenant_keys()
    return page.of(lambda row: wire.refund(row, keys))
