"""`/payments/invoices`: what patients owe, and the receipt."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page, PagingQuery
from services.patients.errors import PatientNotFound
from services.payments.errors import InvoiceNotFound
from services.payments.schemas import Invoice, InvoiceWrite
from services.payments.states import InvoiceStatus
from web.api.etags import TAGGED, Tagged
from web.api.fields import expect_patient
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.gateway.receipts import receipt_of
from web.receipt import draw
from web.session import Door, may

router = APIRouter(prefix="/payments/invoices", tags=["payments"])
Reader = Annotated[Actor, may("payments:read")]


@router.get("", summary="List invoices", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    paging: PagingQuery,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    status: InvoiceStatus | None = None,
) -> Page[Invoice]:
    """List by patient, appointment or status, the newest first."""
    found = await gateway.payments.list_invoices(
        actor, patient_id=patient_id, appointment_id=appointment_id, status=status, **paging.model_dump()
    )
    return listed(found)


@router.post(
    "",
    summary="Issue an invoice",
    status_code=201,
    responses={201: TAGGED, **refusals(PatientNotFound, IdempotencyConflict)},
)
async def issue(
    body: InvoiceWrite,
    actor: Annotated[Actor, may("payments:write")],
    gateway: Door,
    tag: Tagged,
    key: IdempotencyKey = None,
) -> Invoice:
    """Issue it, numbered without a gap. The invoice of an appointment is issued by its booking."""
    await expect_patient(gateway, actor, body.patient_id)
    return tag(await gateway.payments.issue_invoice(actor, minted("invoice", actor, key), body))


@router.get(
    "/{invoice_id}", summary="Read an invoice with its lines", responses={200: TAGGED, **refusals(InvoiceNotFound)}
)
async def read(invoice_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Invoice:
    """Read one."""
    return tag(await gateway.payments.get_invoice(actor, invoice_id))


class Pdf(Response):
    """A PDF document."""

    media_type = "application/pdf"


@router.get(
    "/{invoice_id}/receipt.pdf",
    summary="Print an invoice with what was paid",
    response_class=Pdf,
    responses={200: {"description": "the receipt", "content": {"application/pdf": {}}}, **refusals(InvoiceNotFound)},
)
async def receipt(invoice_id: UUID, actor: Reader, gateway: Door) -> Response:
    """Give it as a PDF, with the payments that were taken."""
    found = await receipt_of(gateway, actor, invoice_id)
    named = {"Content-Disposition": f'inline; filename="{found.number}.pdf"', "Cache-Control": "private, no-store"}
    return Pdf(await asyncio.to_thread(draw, found), headers=named)
