"""Records: found, locked and written, in as few statements as they need."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from careconnect import clock
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession, constraint
from careconnect.ids import uuid7
from services.payments.errors import InvoiceNotFound, PaymentNotFound, RefundNotFound
from services.payments.ledger import Booking
from services.payments.models import (
    Base,
    Invoice,
    InvoiceCounter,
    InvoiceLine,
    LedgerEntry,
    LedgerLine,
    Payment,
    Refund,
)
from services.payments.schemas import InvoiceWrite, LineWrite


class Doubled(Exception):  # noqa: N818 - a turn in the road, not an error
    """Somebody else wrote the same record at this very moment: start again, and find it."""


async def find_payment(session: ReadSession, payment_id: UUID) -> Payment | None:
    """Read a payment with its invoice."""
    statement = sa.select(Payment).where(Payment.id == payment_id).options(joinedload(Payment.invoice))
    return await session.scalar(statement)


async def payment(session: ReadSession, payment_id: UUID) -> Payment:
    """Read a payment with its invoice.

    Raises:
        PaymentNotFound: there is none.
    """
    found = await find_payment(session, payment_id)
    if found is None:
        raise PaymentNotFound
    return found


async def lock_payment(session: WriteSession, payment_id: UUID) -> tuple[Payment, Invoice]:
    """Read a payment and its invoice for a change; whoever changes either waits.

    Raises:
        PaymentNotFound: there is none, or only a closed door without an invoice.
    """
    together = sa.and_(Invoice.tenant_id == Payment.tenant_id, Invoice.id == Payment.invoice_id)
    statement = sa.select(Payment, Invoice).join(Invoice, together).where(Payment.id == payment_id).with_for_update()
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise PaymentNotFound
    return row[0], row[1]


async def lock_door(session: WriteSession, payment_id: UUID) -> Payment:
    """Read a payment that is known to be there for a change, whether or not it has an invoice."""
    statement = sa.select(Payment).where(Payment.id == payment_id).with_for_update()
    return (await session.scalars(statement)).one()


async def claim(session: WriteSession, row: Payment) -> bool:
    """Write a new payment; false if its id is taken. A double request waits here until the first has committed."""
    statement = insert(Payment).values(_values(row)).on_conflict_do_nothing(index_elements=["tenant_id", "id"])
    return await session.scalar(statement.returning(Payment.id)) is not None


async def find_invoice(session: ReadSession, invoice_id: UUID) -> Invoice | None:
    """Read an invoice without its lines."""
    return await session.scalar(sa.select(Invoice).where(Invoice.id == invoice_id))


async def invoice(session: ReadSession, invoice_id: UUID) -> Invoice:
    """Read an invoice with its lines.

    Raises:
        InvoiceNotFound: there is none.
    """
    statement = sa.select(Invoice).where(Invoice.id == invoice_id).options(selectinload(Invoice.lines))
    found = await session.scalar(statement)
    if found is None:
        raise InvoiceNotFound
    return found


async def lock_invoice(session: WriteSession, invoice_id: UUID) -> Invoice:
    """Read an invoice for a change.

    Raises:
        InvoiceNotFound: there is none.
    """
    found = await session.scalar(sa.select(Invoice).where(Invoice.id == invoice_id).with_for_update())
    if found is None:
        raise InvoiceNotFound
    return found


async def add_invoice(session: WriteSession, row: Invoice, wanted: InvoiceWrite, keys: TenantKeys) -> None:
    """Give an issued invoice its number and write it with its lines.

    Raises:
        Doubled: the same invoice was issued at this very moment.
    """
    row.number = await _next_number(session, wanted.zone)
    head = insert(Invoice).values(_values(row)).cte("head")
    rows = [_line(row, position, line, keys) for position, line in enumerate(wanted.lines, 1)]
    try:
        await session.execute(insert(InvoiceLine).values(rows).add_cte(head))
    except IntegrityError as error:
        if constraint(error) in {"pk_invoices", "uq_invoice_lines_tenant_id_invoice_id_position"}:
            raise Doubled from error
        raise


async def _next_number(session: WriteSession, zone: str) -> str:
    # The counter's row stays locked until the commit, and a transaction that fails gives its number back: no gaps.
    year = clock.now().astimezone(ZoneInfo(zone)).year
    counter = insert(InvoiceCounter).values(tenant_id=session.tenant_id, year=year, last=1)
    counter = counter.on_conflict_do_update(
        index_elements=["tenant_id", "year"], set_={"last": InvoiceCounter.last + 1}
    )
    last = await session.scalar(counter.returning(InvoiceCounter.last))
    return f"INV-{year}-{last:06}"


async def post(session: WriteSession, *bookings: Booking) -> None:
    """Book events in the ledger, all in one statement."""
    entries: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    place = {"tenant_id": session.tenant_id}
    for booking in bookings:
        if booking.lines:
            entry = uuid7()
            said = {"id": entry, "kind": booking.kind, "subject_id": booking.subject, "booked_at": clock.now()}
            entries.append(place | said)
            lines += (
                place | {"entry_id": entry, "account": account, "currency": booking.currency, "amount": amount}
                for account, amount in booking.lines
            )
    if entries:
        await session.execute(
            insert(LedgerLine).values(lines).add_cte(insert(LedgerEntry).values(entries).cte("entry"))
        )


async def refunds(session: ReadSession, payment_id: UUID) -> Sequence[Refund]:
    """Read a payment's refunds, oldest first."""
    statement = sa.select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.created_at, Refund.id)
    return (await session.scalars(statement)).all()


async def find_refund(session: ReadSession, refund_id: UUID) -> Refund | None:
    """Read a refund; whoever is to change it has its payment locked, which is enough."""
    return await session.scalar(sa.select(Refund).where(Refund.id == refund_id))


async def refund(session: ReadSession, refund_id: UUID) -> Refund:
    """Read a refund; see `find_refund`.

    Raises:
        RefundNotFound: there is none.
    """
    found = await find_refund(session, refund_id)
    if found is None:
        raise RefundNotFound
    return found


def _values(row: Base) -> dict[str, Any]:
    columns = sa.inspect(type(row)).column_attrs
    return {column.key: getattr(row, column.key) for column in columns}


def _line(row: Invoice, position: int, line: LineWrite, keys: TenantKeys) -> dict[str, Any]:
    moment: datetime = row.issued_at
    return {
        "tenant_id": row.tenant_id,
        "id": uuid7(),
        "invoice_id": row.id,
        "position": position,
        "description": keys.seal(line.description),
        "quantity": line.quantity,
        "unit": line.unit.amount,
        "created_at": moment,
        "updated_at": moment,
    }
