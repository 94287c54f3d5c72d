"""Questions about the money."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from careconnect.db import Read
from careconnect.pagination import Page, PagingQuery
from services.payments import books, reading, repository, wire
from services.payments.api.asking import InCurrency, OneCurrency, Reader, Since, Until
from services.payments.collection.till import TillOf
from services.payments.schemas import AppointmentMoney, Figures, PatientCredit, Payment, Summary, Takings, Zone
from services.payments.states import Method, PaymentSort, PaymentStatus

router = APIRouter(tags=["payments"])


@router.get("/payments", summary="List payments")
async def list_payments(
    *,
    _: Reader,
    session: Read,
    paging: PagingQuery,
    since: Since = None,
    until: Until = None,
    status: Annotated[PaymentStatus | None, Query()] = None,
    method: Annotated[Method | None, Query()] = None,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    invoice_id: UUID | None = None,
    refunded: bool | None = None,
    failed: bool | None = None,
    currency: InCurrency = None,
    sort: PaymentSort = "-made",
) -> Page[Payment]:
    """List by when they were made, status, method, whose, for what, currency, whether money went back or none came."""
    wanted = {"status": status, "method": method, "patient_id": patient_id, "currency": currency}
    wanted |= {"appointment_id": appointment_id, "invoice_id": invoice_id}
    page = await reading.payments(session, paging, since, until, refunded=refunded, failed=failed, sort=sort, **wanted)
    return page.of(wire.listed)


@router.get("/payments/summary", summary="Count and add up: paid, pending, failed, refunded")
async def summary(
    _: Reader, session: Read, since: Since = None, until: Until = None, currency: OneCurrency = None
) -> Summary:
    """Sum up payments made, and refunds that arrived, in the span of time."""
    return await reading.summary(session, since, until, currency or await reading.main_currency(session))


@router.get("/payments/currencies", summary="List the currencies of the books")
async def currencies(_: Reader, session: Read) -> list[str]:
    """Name each currency in which anything was ever owed or taken, in the order of the alphabet."""
    return await books.currencies(session)


@router.get("/payments/{payment_id}", summary="Read a payment")
async def get_payment(payment_id: UUID, _: Reader, session: Read) -> Payment:
    """Read one."""
    return wire.listed(await repository.payment(session, payment_id))


@router.get("/appointments/{appointment_id}/money", summary="Read all the money of an appointment")
async def for_appointment(appointment_id: UUID, _: Reader, session: Read) -> AppointmentMoney:
    """Read its invoices, payments and refunds, oldest first."""
    invoices, payments, refunds = await reading.for_appointment(session, appointment_id)
    keys = await session.tenant_keys()
    return AppointmentMoney(
        invoices=[wire.invoice(row, keys) for row in invoices],
        payments=[wire.listed(row) for row in payments],
        refunds=[wire.refund(row, keys) for row in refunds],
    )


@router.get("/patients/{patient_id}/credit", summary="Read what the clinic holds for a patient")
async def patient_credit(patient_id: UUID, _: Reader, session: Read) -> list[PatientCredit]:
    """Tell what was paid and is not owed for anything yet, in each currency."""
    return await reading.credit_of(session, patient_id)


@router.get("/figures", summary="Numbers for the dashboard, all of one moment")
async def figures(
    _: Reader,
    till: TillOf,
    since: Annotated[AwareDatetime, Query(alias="from")],
    until: Annotated[AwareDatetime, Query(alias="to")],
    zone: Zone = "UTC",
    currency: OneCurrency = None,
) -> Figures:
    """Add up captured less refunded money by day of `zone`, and count what is pending or failed."""
    async with till.snapshot() as session:
        currency = currency or await reading.main_currency(session)
        return await reading.figures(session, since, until, zone, currency)


@router.get("/takings", summary="Add up by currency what came in and what went back")
async def takings(
    _: Reader,
    session: Read,
    since: Annotated[AwareDatetime, Query(alias="from")],
    until: Annotated[AwareDatetime, Query(alias="to")],
    zone: Zone = "UTC",
) -> list[Takings]:
    """Add up money captured and refunds that arrived, also by day of `zone`; currencies without either are left out."""
    return await reading.takings(session, since, until, zone)
