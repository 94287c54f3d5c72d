from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload

from careconnect.db import ReadSession, WriteSession
from services.payments.errors import PaymentNotFound
from services.payments.models import Invoice, Payment
from services.payments.repository.rows import values


async def find_payment(session: ReadSession, payment_id: UUID) -> Payment | None:
    """Read a payment with its invoice."""
    statement = sa.select(Payment).where(Payment.id == payment_id).options(joinedload(Payment.invoice))
    return await session.scalar(statement)


async def find_together(
    session: ReadSession, payment_id: UUID, invoice_id: UUID
) -> tuple[Payment | None, Invoice | None]:
    """Read a payment, with its invoice, and the invoice `invoice_id`, in one statement."""
    nothing = sa.select(sa.literal(1)).subquery()
    statement = sa.select(Payment, Invoice).select_from(nothing).options(joinedload(Payment.invoice))
    statement = statement.outerjoin(Payment, Payment.id == payment_id).outerjoin(Invoice, Invoice.id == invoice_id)
    row = (await session.execute(statement)).one()
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
    statement = insert(Payment).values(values(row)).on_conflict_do_nothing(index_elements=["tenant_id", "id"])
    return await session.scalar(statement.returning(Payment.id)) is not None
