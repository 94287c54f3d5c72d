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
from services.payments.errors import InvoiceNotFound
from services.payments.models import Invoice, InvoiceCounter, InvoiceCredit, InvoiceLine, LedgerBooks
from services.payments.numbers import number_of
from services.payments.repository.rows import Doubled, many, values
from services.payments.schemas import InvoiceWrite, LineWrite

_NOWHERE = "UTC"


async def find_invoice(session: ReadSession, invoice_id: UUID) -> Invoice | None:
    """Read an invoice without its lines."""
    return await session.scalar(sa.select(Invoice).where(Invoice.id == invoice_id))


async def invoice(session: ReadSession, invoice_id: UUID) -> Invoice:
    """Read an invoice with its lines.

    Raises:
        InvoiceNotFound: there is none.
    """
    statement = (
        sa.select(Invoice)
        .where(Invoice.id == invoice_id)
        .options(selectinload(Invoice.lines), selectinload(Invoice.discounts), joinedload(Invoice.payer))
    )
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


async def find_credit(session: ReadSession, credit_id: UUID) -> InvoiceCredit | None:
    """Read a credit; whoever is to write one has its invoice locked."""
    return await session.scalar(sa.select(InvoiceCredit).where(InvoiceCredit.id == credit_id))


async def add_invoice(session: WriteSession, row: Invoice, wanted: InvoiceWrite, keys: TenantKeys) -> None:
    """Give an issued invoice its number and write it with its lines.

    Raises:
        Doubled: the same invoice was issued at this very moment.
    """
    row.number = await _next_number(session, wanted.zone)
    head = insert(Invoice).values(values(row)).cte("head")
    rows = [_line(row, position, line, keys) for position, line in enumerate(wanted.lines, 1)]
    try:
        await session.execute(many(InvoiceLine, rows).add_cte(head))
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
    issued = await session.execute(counter.add_cte(_books_in(session, zone)).returning(InvoiceCounter.last))
    return number_of(year, issued.scalar_one())


def _books_in(session: WriteSession, zone: str) -> sa.CTE:
    """Let the months of the ledger begin and end where the first invoice was issued that said where."""
    books = insert(LedgerBooks).values(tenant_id=session.tenant_id, zone=zone)
    named = sa.and_(LedgerBooks.zone == _NOWHERE, books.excluded.zone != _NOWHERE)
    said = books.on_conflict_do_update(index_elements=["tenant_id"], set_={"zone": books.excluded.zone}, where=named)
    return said.cte("books")


def _line(row: Invoice, position: int, line: LineWrite, keys: TenantKeys) -> dict[str, Any]:
    moment: datetime = row.issued_at
    sums = line.sums
    return {
        "tenant_id": row.tenant_id,
        "id": uuid7(),
        "invoice_id": row.id,
        "position": position,
        "description": keys.seal(line.description),
        "quantity": line.quantity,
        "unit": line.unit.amount,
        "discount": 0,
        "tax_name": line.tax.name if line.tax else None,
        "tax_rate": line.tax.rate if line.tax else 0,
        "tax_inclusive": line.tax is None or line.tax.inclusive,
        "tax": sums.tax.amount,
        "total": sums.gross.amount,
        "created_at": moment,
        "updated_at": moment,
    }
