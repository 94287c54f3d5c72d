"""`/payments/invoices`: what patients owe, and the receipt."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.money import Currency
from careconnect.pagination import Page, PagingQuery
from services.appointments.errors import AppointmentNotFound
from services.notifications.errors import NoAddress, OptedOut
from services.patients.errors import PatientNotFound
from services.payments.errors import (
    ClaimUnderWay,
    CoverageNotFound,
    CoverageNotValid,
    DiscountExceedsDue,
    InvoiceNotFound,
    InvoiceState,
    InvoiceWasPaid,
    NothingPaid,
)
from services.payments.insurance.schemas import AuthorisationWrite
from services.payments.numbers import InvoiceNumber
from services.payments.schemas import CancellationWrite, DiscountWrite, Invoice, InvoiceDraft, InvoiceWrite
from services.payments.states import DraftSort, InvoiceSort, InvoiceStatus
from web.api.etags import TAGGED, Tagged
from web.api.fields import expect_appointment, expect_patient, wrong
from web.api.keys import IdempotencyKey, minted
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.gateway.errors import EngineUnavailable
from web.gateway.mails import Mailed
from web.session import Door, may
from web.words import locale

router = APIRouter(prefix="/payments/invoices", tags=["payments"])
Reader = Annotated[Actor, may("payments:read")]
From = Annotated[AwareDatetime | None, Query(alias="from", description="not before this instant")]
To = Annotated[AwareDatetime | None, Query(description="before this instant")]
_DRAFTS: dict[InvoiceSort, DraftSort] = {"issued": "begun", "-issued": "-begun", "total": "total", "-total": "-total"}
InCurrency = Annotated[Currency | None, Query(description="ISO 4217; without it, all of them")]


@router.get("", summary="List invoices", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    paging: PagingQuery,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    status: InvoiceStatus | None = None,
    number: Annotated[
        InvoiceNumber | None, Query(description="in any case, with or without prefix, dashes and leading zeros")
    ] = None,
    currency: InCurrency = None,
    from_: From = None,
    to: To = None,
    sort: Annotated[InvoiceSort, Query(description="totals by currency; a minus turns it round")] = "-issued",
) -> Page[Invoice] | Page[InvoiceDraft]:
    """List by patient, appointment, status, number, currency or when they were issued, in the order of `sort`.

    With `status=draft` those that are still being written, as `/payments/invoices/drafts` has them: by patient,
    currency, total, or when they were begun.
    """
    if status == InvoiceStatus.draft:
        order = _order_of_drafts(sort, number, appointment_id)
        drafts = await gateway.payments.drafts(
            actor,
            patient_id=patient_id,
            currency=currency,
            since=from_,
            until=to,
            sort=order,
            **paging.model_dump(),
        )
        return listed(drafts)
    found = await gateway.payments.list_invoices(
        actor,
        patient_id=patient_id,
        appointment_id=appointment_id,
        status=status,
        number=number,
        currency=currency,
        since=from_,
        until=to,
        sort=sort,
        **paging.model_dump(),
    )
    return listed(found)


def _order_of_drafts(sort: InvoiceSort, number: str | None, appointment_id: UUID | None) -> DraftSort:
    if number or sort not in _DRAFTS:
        raise wrong("number" if number else "sort", "not_of_drafts", "A draft has no number yet.")
    if appointment_id:
        message = "Drafts are found by patient, currency and when they were begun."
        raise wrong("appointment_id", "not_of_drafts", message)
    return _DRAFTS[sort]


@router.post(
    "",
    summary="Issue an invoice",
    status_code=201,
    responses={
        201: TAGGED,
        **refusals(PatientNotFound, AppointmentNotFound, CoverageNotFound, CoverageNotValid, IdempotencyConflict),
    },
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
    await expect_appointment(gateway, actor, body.appointment_id, body.patient_id)
    return tag(await gateway.payments.issue_invoice(actor, minted("invoice", actor, key), body))


@router.get(
    "/{invoice_id}", summary="Read an invoice with its lines", responses={200: TAGGED, **refusals(InvoiceNotFound)}
)
async def read(invoice_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Invoice:
    """Read one."""
    return tag(await gateway.payments.get_invoice(actor, invoice_id))


@router.post(
    "/{invoice_id}/discounts",
    summary="Give a discount",
    status_code=201,
    responses={
        201: TAGGED,
        **refusals(InvoiceNotFound, InvoiceState, DiscountExceedsDue, ClaimUnderWay, IdempotencyConflict),
    },
)
async def give_discount(
    invoice_id: UUID,
    body: DiscountWrite,
    actor: Annotated[Actor, may("payments:discount")],
    gateway: Door,
    tag: Tagged,
    key: IdempotencyKey = None,
) -> Invoice:
    """Take a percentage or an amount off an open invoice, with a reason. What is paid in full is refunded instead."""
    return tag(await gateway.payments.discount(actor, invoice_id, minted("discount", actor, key), body))


@router.post(
    "/{invoice_id}/entered-in-error",
    summary="Say that an invoice was a mistake",
    responses={200: TAGGED, **refusals(InvoiceNotFound, InvoiceState, InvoiceWasPaid, ClaimUnderWay)},
)
async def enter_in_error(
    invoice_id: UUID,
    body: CancellationWrite,
    actor: Annotated[Actor, may("payments:discount")],
    gateway: Door,
    tag: Tagged,
) -> Invoice:
    """Reverse an invoice for which no money came; it keeps its number, and says why. A repeat changes nothing."""
    return tag(await gateway.payments.enter_in_error(actor, invoice_id, body))


@router.put(
    "/{invoice_id}/authorisation",
    summary="Keep a payer's authorisation number",
    responses={200: TAGGED, **refusals(InvoiceNotFound)},
)
async def authorise(
    invoice_id: UUID,
    body: AuthorisationWrite,
    actor: Annotated[Actor, may("payments:write")],
    gateway: Door,
    tag: Tagged,
) -> Invoice:
    """Keep the number under which the payer agreed to pay for the visit; an empty one is none."""
    await gateway.insurance.authorise_invoice(actor, invoice_id, body.number)
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
    number, drawn = await gateway.receipt_pdf(actor, invoice_id, locale())
    named = {"Content-Disposition": f'inline; filename="{number}.pdf"', "Cache-Control": "private, no-store"}
    return Pdf(drawn, headers=named)


class ReceiptDelivery(BaseModel):
    """How the patient is to get the receipt."""

    model_config = ConfigDict(extra="forbid")

    delivery: Literal["email"] = "email"


@router.post(
    "/{invoice_id}/receipt",
    summary="Mail the receipt of an invoice to its patient",
    status_code=202,
    responses=refusals(InvoiceNotFound, NothingPaid, NoAddress, OptedOut, EngineUnavailable),
)
async def mail_receipt(
    invoice_id: UUID,
    _: ReceiptDelivery,
    actor: Annotated[Actor, may("payments:write")],
    gateway: Door,
    key: IdempotencyKey = None,
) -> Mailed:
    """Send it with the PDF, once per `Idempotency-Key`, and go on trying while the mail server is away.

    The message stands under `/messages`, by `message_id`, as soon as it is written.
    """
    return await gateway.mails.receipt(actor, invoice_id, key)
