"""Invoices: issuing, reading and cancelling them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from careconnect.db import Read
from careconnect.pagination import Page, PagingQuery
from services.payments import reading, repository, wire
from services.payments.api.asking import Discounter, InCurrency, Reader, Since, Until, Writer
from services.payments.collection import discounting, invoicing, links
from services.payments.collection.till import Till, TillOf
from services.payments.numbers import InvoiceNumber
from services.payments.schemas import CancellationWrite, CreditWrite, DiscountWrite, Invoice, InvoiceWrite
from services.payments.states import InvoiceSort, InvoiceStatus

router = APIRouter(tags=["invoices"])


@router.get("/invoices", summary="List invoices")
async def list_invoices(
    _: Reader,
    session: Read,
    paging: PagingQuery,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    status: Annotated[InvoiceStatus | None, Query()] = None,
    number: InvoiceNumber | None = None,
    currency: InCurrency = None,
    since: Since = None,
    until: Until = None,
    sort: InvoiceSort = "-issued",
) -> Page[Invoice]:
    """List by patient, appointment, status, number, currency or when they were issued."""
    wanted = {"patient_id": patient_id, "appointment_id": appointment_id, "status": status, "number": number}
    wanted |= {"currency": currency}
    page = await reading.invoices(session, paging, since, until, sort=sort, **wanted)
    keys = await session.tenant_keys()
    return page.of(lambda row: wire.invoice(row, keys))


@router.put("/invoices/{invoice_id}", summary="Issue an invoice", status_code=201)
async def issue(invoice_id: UUID, wanted: InvoiceWrite, response: Response, _: Writer, till: TillOf) -> Invoice:
    """Issue it under an id of the caller's, numbered without a gap; a repeat answers with what stands."""
    if not await invoicing.issue(till, invoice_id, wanted):
        response.status_code = 200
    return await present(till, invoice_id)


@router.get("/invoices/{invoice_id}", summary="Read an invoice with its lines")
async def get_invoice(invoice_id: UUID, _: Reader, till: TillOf) -> Invoice:
    """Read one."""
    return await present(till, invoice_id)


@router.post("/invoices/{invoice_id}/cancellation", summary="Cancel an invoice that holds no money")
async def cancel(invoice_id: UUID, wanted: CancellationWrite, _: Writer, till: TillOf) -> Invoice:
    """Reverse it in the ledger; its number stays used. A repeat changes nothing."""
    keys = await till.keys()
    await invoicing.cancel_invoice(till, invoice_id, keys.seal(wanted.reason))
    await links.shut(till)
    return await present(till, invoice_id)


@router.put("/invoices/{invoice_id}/entered-in-error", summary="Say that an invoice was a mistake")
async def enter_in_error(invoice_id: UUID, wanted: CancellationWrite, _: Discounter, till: TillOf) -> Invoice:
    """Reverse in the ledger what should never have been there; its number stays used. A repeat changes nothing."""
    keys = await till.keys()
    await invoicing.cancel_invoice(till, invoice_id, keys.seal(wanted.reason), in_error=True)
    await links.shut(till)
    return await present(till, invoice_id)


@router.put("/invoices/{invoice_id}/credits/{credit_id}", summary="Let a part of an invoice go")
async def credit(invoice_id: UUID, credit_id: UUID, wanted: CreditWrite, _: Writer, till: TillOf) -> Invoice:
    """Credit it under an id of the caller's, for what is not owed after all; a repeat changes nothing."""
    keys = await till.keys()
    await invoicing.credit(till, invoice_id, credit_id, wanted.amount, keys.seal(wanted.reason), uncover=wanted.uncover)
    return await present(till, invoice_id)


@router.put("/invoices/{invoice_id}/discounts/{discount_id}", summary="Give a discount", status_code=201)
async def give_discount(
    invoice_id: UUID, discount_id: UUID, wanted: DiscountWrite, response: Response, _: Discounter, till: TillOf
) -> Invoice:
    """Take something off an open invoice, with a reason, under an id of the caller's; a repeat changes nothing."""
    if not await discounting.discount(till, invoice_id, discount_id, wanted):
        response.status_code = 200
    return await present(till, invoice_id)


async def present(till: Till, invoice_id: UUID) -> Invoice:
    """Show an invoice as it stands."""
    keys = await till.keys()
    async with till.read() as session:
        return wire.invoice(await repository.invoice(session, invoice_id), keys)
