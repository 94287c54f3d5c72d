from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from careconnect.db import ReadSession, WriteSession, table_of
from services.payments.errors import PaymentNotFound
from services.payments.models import Invoice, Payment
from services.payments.repository.rows import values

_BY_ID = sa.select(Payment).where(Payment.id == sa.bindparam("payment_id")).options(joinedload(Payment.invoice))
_TOGETHER = (
    sa.select(Payment, Invoice)
    .select_from(sa.select(sa.literal(1)).subquery())
    .options(joinedload(Payment.invoice))
    .outerjoin(Payment, Payment.id == sa.bindparam("payment_id"))
    .outerjoin(Invoice, Invoice.id == sa.bindparam("invoice_id"))
)
_LOCKED = (
    sa.select(Payment, Invoice)
    .join(Invoice, sa.and_(Invoice.tenant_id == Payment.tenant_id, Invoice.id == Payment.invoice_id))
    .where(Payment.id == sa.bindparam("payment_id"))
    .with_for_update()
)
_CLAIM = (
    insert(table_of(Payment))
    .on_conflict_do_nothing(index_elements=["tenant_id", "id"])
    .returning(table_of(Payment).c.id)
)


async def find_payment(session: ReadSession, payment_id: UUID) -> Payment | None:
    """Read a payment with its invoice."""
    return await session.scalar(_BY_ID, {"payment_id": payment_id})


async def find_together(
    session: ReadSession, payment_id: UUID, invoice_id: UUID
) -> tuple[Payment | None, Invoice | None]:
    """Read a payment, with its invoice, and the invoice `invoice_id`, in one statement."""
    row = (await session.execute(_TOGETHER, {"payment_id": payment_id, "invoice_id": invoice_id})).one()
    return row[0], row[1]


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
    row = (await session.execute(_LOCKED, {"payment_id": payment_id})).one_or_none()
    if row is None:
        raise PaymentNotFound
    return row[0], row[1]


async def lock_money(session: WriteSession, payment_id: UUID) -> tuple[Payment, Invoice | None]:
    """Read a payment for a change with its invoice, or without one where it is money that nobody here asked for.

    Raises:
        PaymentNotFound: there is none.
    """
    row = (await session.execute(_LOCKED, {"payment_id": payment_id})).one_or_none()
    if row:
        return row[0], row[1]
    alone = sa.select(Payment).where(Payment.id == payment_id, Payment.invoice_id.is_(None)).with_for_update()
    found = await session.scalar(alone)
    if found is None:
        raise PaymentNotFound
    return found, None


async def lock_door(session: WriteSession, payment_id: UUID) -> Payment:
    """Read a payment that is known to be there for a change, whether or not it has an invoice."""
    statement = sa.select(Payment).where(Payment.id == payment_id).with_for_update()
    return (await session.scalars(statement)).one()


async def claim(session: WriteSession, row: Payment) -> bool:
    """Write a new payment; false if its id is taken. A double request waits here until the first has committed."""
    return await session.scalar(_CLAIM, values(row)) is not None
