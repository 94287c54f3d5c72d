from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from careconnect import clock
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession, constraint, table_of
from careconnect.ids import uuid7
from services.payments.errors import InvoiceNotFound
from services.payments.models import Invoice, InvoiceCounter, InvoiceCredit, InvoiceLine, LedgerBooks
from services.payments.numbers import number_of
from services.payments.repository.rows import Doubled, columns, many, values
from services.payments.schemas import InvoiceWrite, LineWrite

_NOWHERE = "UTC"
_LINE = (
    "tenant_id", "id", "invoice_id", "position", "description", "quantity", "unit", "discount", "tax_name", "tax_rate",
    "tax_inclusive", "tax", "total", "created_at", "updated_at",
)  # fmt: skip
_HEAD: dict[str, Any] = {
    column.key: sa.bindparam(f"invoice_{column.key}") for column in sa.inspect(Invoice).column_attrs
}
_ADD = many(InvoiceLine, _LINE).add_cte(insert(table_of(Invoice)).values(_HEAD).cte("head"))


# An invoice has few lines and hardly ever a discount: one question brings them all.
_WHOLE = (
    sa.select(Invoice)
    .where(Invoice.id == sa.bindparam("invoice_id"))
    .options(joinedload(Invoice.lines), joinedload(Invoice.discounts), joinedload(Invoice.payer))
)


async def find_invoice(session: ReadSession, invoice_id: UUID) -> Invoice | None:
    """Read an invoice without its lines."""
    return await session.scalar(sa.select(Invoice).where(Invoice.id == invoice_id))


async def invoice(session: ReadSession, invoice_id: UUID) -> Invoice:
    """Read an invoice with its lines.

    Raises:
        InvoiceNotFound: there is none.
    """
    found = (await session.scalars(_WHOLE, {"invoice_id": invoice_id})).unique().one_or_none()
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
    row.authorisation = keys.seal(wanted.authorisation_number) if wanted.authorisation_number else None
    head = {f"invoice_{name}": value for name, value in values(row).items()}
    rows = [_line(row, position, line, keys) for position, line in enumerate(wanted.lines, 1)]
    try:
        await session.execute(_ADD, head | columns(rows))
    except IntegrityError as error:
        if constraint(error) in {"pk_invoices", "uq_invoice_lines_tenant_id_invoice_id_position"}:
            raise Doubled from error
        raise


async def _next_number(session: WriteSession, zone: str) -> str:
    # The counter's row stays locked until the commit, and a transaction that fails gives its number back: no gaps.
    year = clock.now().astimezone(ZoneInfo(zone)).year
    issued = await session.execute(_NUMBER, {"for_tenant": session.tenant_id, "for_year": year, "for_zone": zone})
    return number_of(year, issued.scalar_one())


def _numbering() -> Any:
    """Count on; the months of the ledger begin and end where the first invoice was issued that said where."""
    counters, known = table_of(InvoiceCounter), table_of(LedgerBooks)
    tenant: Any = sa.bindparam("for_tenant")
    books = insert(known).values(tenant_id=tenant, zone=sa.bindparam("for_zone"))
    named = sa.and_(known.c.zone == _NOWHERE, books.excluded.zone != _NOWHERE)
    said = books.on_conflict_do_update(index_elements=["tenant_id"], set_={"zone": books.excluded.zone}, where=named)
    counter = insert(counters).values(tenant_id=tenant, year=sa.bindparam("for_year"), last=1)
    counter = counter.on_conflict_do_update(index_elements=["tenant_id", "year"], set_={"last": counters.c.last + 1})
    return counter.add_cte(said.cte("books")).returning(counters.c.last)


_NUMBER = _numbering()


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
