"""`/payments/invoices/drafts`: invoices that staff write by hand, until they are issued or discarded."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.appointments.errors import AppointmentNotFound
from services.patients.errors import PatientNotFound
from services.payments.errors import CoverageNotFound, CoverageNotValid, DraftNotFound, InvoiceState
from services.payments.schemas import DraftReplacement, Invoice, InvoiceDraft, InvoiceWrite
from web.api.etags import IfMatch, Tagged, as_seen, record
from web.api.fields import expect_appointment, expect_patient
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.session import Door, may

router = APIRouter(prefix="/payments/invoices/drafts", tags=["payments"])
Reader = Annotated[Actor, may("payments:read")]
Writer = Annotated[Actor, may("payments:write")]


@router.get("", summary="List drafts of invoices", **LIST)
async def search(
    actor: Reader, gateway: Door, paging: PagingQuery, patient_id: UUID | None = None
) -> Page[InvoiceDraft]:
    """List all, or those of a patient, the newest first."""
    return listed(await gateway.payments.drafts(actor, patient_id=patient_id, **paging.model_dump()))


@router.post(
    "",
    summary="Begin a draft of an invoice",
    **record(PatientNotFound, AppointmentNotFound, IdempotencyConflict, InvoiceState, status=201),
)
async def begin(
    body: InvoiceWrite, actor: Writer, gateway: Door, tag: Tagged, key: IdempotencyKey = None
) -> InvoiceDraft:
    """Write down what is to be invoiced: not owed yet, without a number, and in no books."""
    await expect_patient(gateway, actor, body.patient_id)
    await expect_appointment(gateway, actor, body.appointment_id, body.patient_id)
    return tag(await gateway.payments.begin_draft(actor, minted("invoice", actor, key), body))


@router.get("/{draft_id}", summary="Read a draft of an invoice", **record(DraftNotFound))
async def read(draft_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> InvoiceDraft:
    """Read one, with what its lines come to."""
    return tag(await gateway.payments.draft(actor, draft_id))


@router.put(
    "/{draft_id}",
    summary="Replace a draft of an invoice",
    **record(DraftNotFound, PatientNotFound, AppointmentNotFound, VersionConflict),
)
async def replace(
    draft_id: UUID, body: DraftReplacement, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> InvoiceDraft:
    """Write all of it anew."""
    await expect_patient(gateway, actor, body.patient_id)
    await expect_appointment(gateway, actor, body.appointment_id, body.patient_id)
    return tag(await gateway.payments.change_draft(actor, draft_id, as_seen(body, seen)))


@router.delete(
    "/{draft_id}", summary="Discard a draft of an invoice", status_code=204, responses=refusals(DraftNotFound)
)
async def discard(draft_id: UUID, actor: Writer, gateway: Door) -> None:
    """Throw it away; the books never heard of it."""
    await gateway.payments.discard_draft(actor, draft_id)


@router.post(
    "/{draft_id}/issuance",
    summary="Issue a draft of an invoice",
    **record(DraftNotFound, VersionConflict, CoverageNotFound, CoverageNotValid, status=201),
)
async def issue(draft_id: UUID, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch) -> Invoice:
    """Have it owed from now on, under the same id and numbered without a gap; a repeat gives the same invoice."""
    return tag(await gateway.payments.issue_draft(actor, draft_id, seen))
