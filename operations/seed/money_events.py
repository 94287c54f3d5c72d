"""What the payments service would have told of the money of a visit."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from operations.seed.bulk import Event
from operations.seed.money import Account, Paid
from operations.seed.team import Hands


def events(hands: Hands, books: Account, number: str, *, brief: bool) -> Iterator[Event]:
    """Tell of an invoice, its payments, its refunds and its end; `brief` leaves out what a capture implies."""
    place = {"currency": books.currency}
    issued = {"number": number, "total": books.total, **place}
    yield _event(books.issued_at, hands.process, "invoice.issued", books.id, issued)
    for paid in books.payments:
        yield from _payment(hands, books, paid, brief=brief)
    if books.cancelled:
        ended = {"number": number, "total": books.total}
        yield _event(books.cancelled[0], hands.process, "invoice.cancelled", books.id, ended)


def _payment(hands: Hands, books: Account, paid: Paid, *, brief: bool) -> Iterator[Event]:
    who = hands.process if paid.method.through_gateway else hands.desks[books.visit.place.location_id]
    known = {"currency": books.currency, "invoice_id": str(books.id)}
    authorised = "authorised" if paid.taken_at and paid.method.through_gateway else paid.status.value
    begun = {"status": authorised, "amount": paid.amount, "method": paid.method.value, "decline_code": paid.decline}
    if not brief or authorised != "authorised":
        yield _event(paid.at, who, f"payment.{authorised}", paid.id, begun | known)
    if paid.taken_at and paid.method.through_gateway:
        yield _event(paid.taken_at, who, "payment.captured", paid.id, {"captured": paid.captured, **known})
    if paid.released:
        yield _event(paid.released[0], who, "payment.released", paid.id, {"status": paid.status.value})
    for back in paid.returns:
        said = {"payment_id": str(paid.id), "amount": back.amount, "currency": books.currency}
        for verb in ("requested", "succeeded"):
            yield _event(back.at, who, f"refund.{verb}", back.id, said)


def _event(at: datetime, actor: Actor, action: str, key: UUID, data: dict[str, Any]) -> Event:
    return Event(at, actor, action, action.partition(".")[0], key, data)
