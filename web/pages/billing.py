"""Billing: what is paid, pending, failed and refunded; payments, invoices, and one invoice."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.pagination import Page
from services.payments.insurance.schemas import Claim, ClaimFilter
from services.payments.schemas import Invoice, Payment
from services.payments.states import ENDED, InvoiceStatus, PaymentStatus
from web.looks import state_label
from web.pages import naming
from web.pages.currencies import Currencies
from web.pages.days import day_of, today
from web.pages.links import link
from web.pages.paying import line, reason_words
from web.pages.paylinks import links_of
from web.pages.receipts import mails_of
from web.pages.reminding import told
from web.pages.screen import Screen, needs
from web.pages.sorting import Sorting
from web.pages.spans import PERIODS, USUAL, Span
from web.words import gettext

router = APIRouter(prefix="/billing", include_in_schema=False)
Reader = Annotated[Screen, needs("payments:read")]
_SHOWN = 30
_PAYMENTS = (PaymentStatus.captured, PaymentStatus.authorised, PaymentStatus.failed, PaymentStatus.voided)
_RETURNED = "refunded"
_ORDERS = {"payments": ("-made", "-amount"), "invoices": ("-issued", "number", "-total")}
_SHOWS = {"payments": "Payments", "invoices": "Invoices"}
_INVOICES = (
    InvoiceStatus.issued,
    InvoiceStatus.balanced,
    InvoiceStatus.cancelled,
    InvoiceStatus.entered_in_error,
)


@router.get("")
async def overview(
    screen: Reader,
    show: str = "",
    status: str = "",
    period: str = "",
    day: str = "",
    currency: str = "",
    sort: str = "",
    cursor: str | None = None,
) -> Response:
    """Show the sums of a day, week or month in one currency, and its payments or invoices, as the address says."""
    show = "invoices" if show == "invoices" else "payments"
    offered = _INVOICES if show == "invoices" else _PAYMENTS
    chosen = next((one for one in offered if one.value == status), None)
    of_today, returned = today(screen.frame), show == "payments" and status == _RETURNED
    span = Span.around(period, day_of(day, of_today))
    since, until = span.bounds(screen.frame.zone)
    money = Currencies.of(currency, screen.person.session.tenant.currency, await _currencies(screen))
    within: dict[str, Any] = {"since": since, "until": until, "currency": money.chosen}
    shown, status = "invoices" if show == "invoices" else "", _RETURNED if returned else chosen or ""
    named = {"currency": money.said}
    said = {"show": shown} | span.said(of_today) | named
    sorting = Sorting.of("/billing", _ORDERS[show], sort, **said, status=status)
    wanted = _said(chosen) | within | {"sort": sorting.sort} | ({"refunded": True} if returned else {})
    page, summary = await asyncio.gather(
        _page(screen, show, wanted, cursor), screen.gateway.payments.summary(screen.actor, **within)
    )
    rows = "billing/_invoice_rows.html" if show == "invoices" else "billing/_payment_rows.html"
    part = rows if cursor else "billing/_results.html"
    return screen.page(
        part if screen.targets("results") or (screen.htmx and cursor) else "billing/page.html",
        summary=summary,
        span=span,
        said=span.said(of_today) | named,
        before=link("/billing", **said | span.before.said(of_today), status=status),
        after=link("/billing", **said | span.after.said(of_today), status=status),
        periods=_segments(PERIODS, USUAL, "period", show=shown, **named),
        shows=_segments(_SHOWS, "payments", "show", **span.said(of_today), **named),
        currency=money.chosen,
        currencies=[(one, one, link("/billing", **said | {"currency": own}, status=status)) for one, own in money],
        show=show,
        status=status,
        statuses=[(one.value, _word(one)) for one in offered] + _returned(show),
        here=link("/billing", **sorting.here),
        sorting=sorting,
        page=page,
        next_href=page.next_cursor and link("/billing", **sorting.here, cursor=page.next_cursor),
    )


async def _currencies(screen: Screen) -> list[str]:
    return await screen.gateway.payments.currencies(screen.actor)


def _said(status: InvoiceStatus | PaymentStatus | None) -> dict[str, Any]:
    """Say which are wanted; to staff a payment has failed, whether the bank said no or the gateway did."""
    return {"failed": True} if status == PaymentStatus.failed else {"status": status}


def _returned(show: str) -> list[tuple[str, str]]:
    return [(_RETURNED, gettext("Refunded"))] if show == "payments" else []


def _segments(options: dict[str, str], usual: str, name: str, **kept: str) -> list[tuple[str, str, str]]:
    """Make choices that live in the address; the usual one is not named there."""
    return [
        (one, gettext(words), link("/billing", **{name: one if one != usual else ""}, **kept))
        for one, words in options.items()
    ]


@router.get("/invoices/{invoice_id}")
async def invoice(invoice_id: UUID, screen: Reader) -> Response:
    """Show one invoice as it is printed, with its payments and refunds."""
    found, paid, places, recalled = await asyncio.gather(
        screen.gateway.payments.get_invoice(screen.actor, invoice_id),
        screen.gateway.payments.list_payments(screen.actor, invoice_id=invoice_id),
        screen.known.locations(screen.actor),
        screen.gateway.dunning.of(screen.actor, invoice_id),
    )
    people, balance, mails, links, claim, refunds = await asyncio.gather(
        naming.patients(screen, [found.patient_id]),
        screen.gateway.money.balance(screen.actor, found.patient_id),
        mails_of(screen, invoice_id),
        links_of(screen, invoice_id),
        _claim(screen, found),
        asyncio.gather(*(screen.gateway.payments.list_refunds(screen.actor, one.id) for one in paid.items)),
    )
    return screen.page(
        "billing/invoice.html",
        invoice=found.model_dump() | _exact(found) | {"patient": people[found.patient_id]},
        payments=[line(one) for one in paid.items],
        credit=balance.credit_in(found.due.currency),
        mails=mails,
        links=links,
        form=screen.form("receipt"),
        step_form=screen.form("payment-step"),
        authorisation=screen.form("authorisation", number=found.payer.authorisation_number if found.payer else ""),
        refunds=[(one, reason_words(one.reason)) for some in refunds for one in some],
        reminders=told(recalled, screen.frame.zone) if recalled else None,
        reminder_form=screen.form("reminder"),
        location_words=", ".join(place.name for place in places if place.active),
        claim=claim,
        ended_why=reason_words(found.ended_why) if found.ended_why else "",
        mistakable=found.status not in ENDED
        and not found.paid
        and not any(one.status == PaymentStatus.authorised for one in paid.items),
    )


async def _claim(screen: Screen, invoice: Invoice) -> Claim | None:
    """Find the claim for an invoice of which a payer owed a share."""
    if invoice.payer is None:
        return None
    found = await screen.gateway.insurance.claims(screen.actor, ClaimFilter(invoice_id=invoice.id), limit=1)
    return found.items[0] if found.items else None


async def _page(screen: Screen, show: str, wanted: dict[str, Any], cursor: str | None) -> Page[Any]:
    read: Any = screen.gateway.payments.list_invoices if show == "invoices" else screen.gateway.payments.list_payments
    page: Page[Invoice] | Page[Payment] = await read(screen.actor, **wanted, limit=_SHOWN, cursor=cursor)
    people = await naming.patients(screen, (one.patient_id for one in page.items))
    items = [
        one.model_dump() | _exact(one) | {"patient": people[one.patient_id]}
        if isinstance(one, Invoice)
        else line(one, people.get(one.patient_id) if one.patient_id else None)
        for one in page.items
    ]
    return Page[Any](items=items, next_cursor=page.next_cursor)


def _exact(invoice: Invoice) -> dict[str, Any]:
    """Keep amounts as money rather than as dictionaries, so that an amount of nothing counts as nothing."""
    names = ("total", "paid", "refunded", "credited", "due", "lines", "tax", "discounts", "payer")
    return {name: getattr(invoice, name) for name in names} | {"status": invoice.status.value}


def _word(status: InvoiceStatus | PaymentStatus) -> str:
    return state_label(status, "invoice" if isinstance(status, InvoiceStatus) else "payment")
