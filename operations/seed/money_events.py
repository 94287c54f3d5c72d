"""What the payments service would have told of the money of a visit."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from operations.seed.bulk import Event
from operations.seed.money import Account, Paid
from operations.seed.team import Hands
from services.payments.states import InvoiceStatus, PaymentStatus, RefundStatus


def events(hands: Hands, books: Account, number: str, *, brief: bool) -> Iterator[Event]:
    """Tell of an invoice, its payments, its refunds and its end; `brief` leaves out what a capture implies."""
    issued = _invoice(books, number, InvoiceStatus.issued, 0, 0)
    yield _event(books.issued_at, hands.process, "invoice.issued", books.id, issued)
    for paid in books.payments:
        yield from _payment(hands, books, paid, brief=brief)
    if books.ended and books.credited:
        said = _invoice(books, number, books.status, books.paid, books.refunded) | {"credited": books.credited}
        said |= {"invoice_id": str(books.id), "amount": books.credited, "returned": books.returned}
        yield _event(books.ended[0], hands.process, "invoice.credited", books.id, said)
    if books.cancelled:
        ended = _invoice(books, number, InvoiceStatus.cancelled, books.paid, books.refunded)
        yield _event(books.cancelled[0], hands.process, "invoice.cancelled", books.id, ended)


def _payment(hands: Hands, books: Account, paid: Paid, *, brief: bool) -> Iterator[Event]:
    online = paid.method.through_gateway
    who = hands.process if online else hands.desks[books.visit.place.location_id]

    def told(at: datetime, action: str, status: PaymentStatus) -> Event:
        captured = paid.captured if status == PaymentStatus.captured else 0
        return _event(at, who, f"payment.{action}", paid.id, _facts(books, paid, status, captured))

    if not paid.taken_at:
        yield told(paid.at, "declined", PaymentStatus.declined)
    elif online and not brief:
        yield told(paid.at, "authorised", PaymentStatus.authorised)
    if paid.taken_at:
        yield told(paid.taken_at, "captured", PaymentStatus.captured)
    if paid.released:
        yield told(paid.released[0], "released", paid.status)
    for back in paid.returns:
        for action, status in (("requested", RefundStatus.pending), ("succeeded", RefundStatus.succeeded)):
            said = {"payment_id": str(paid.id), "status": status, "amount": back.amount, "currency": books.currency}
            yield _event(back.at, who, f"refund.{action}", back.id, said)


def _invoice(books: Account, number: str, status: InvoiceStatus, paid: int, refunded: int) -> dict[str, Any]:
    return {
        "number": number,
        "status": status,
        "appointment_id": str(books.visit.id),
        "currency": books.currency,
        "total": books.total,
        "paid": paid,
        "refunded": refunded,
    }


def _facts(books: Account, paid: Paid, status: PaymentStatus, captured: int) -> dict[str, Any]:
    return {
        "invoice_id": str(books.id),
        "appointment_id": str(books.visit.id),
        "status": status,
        "method": paid.method,
        "decline_code": paid.decline,
        "currency": books.currency,
        "amount": paid.amount,
        "captured": captured,
        "refunded": 0,
    }


def _event(at: datetime, actor: Actor, action: str, key: UUID, data: dict[str, Any]) -> Event:
    return Event(at, actor, action, action.partition(".")[0], key, data)
