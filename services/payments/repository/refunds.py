from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession
from careconnect.pagination import Paging, Rows, keyset
from services.payments.errors import RefundNotFound
from services.payments.models import Payment, Refund


async def refunds(session: ReadSession, payment_id: UUID) -> Sequence[Refund]:
    """Read a payment's refunds, oldest first."""
    statement = sa.select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.created_at, Refund.id)
    return (await session.scalars(statement)).all()


async def refunds_of(session: ReadSession, patient_id: UUID, until: datetime | None, paging: Paging) -> Rows[Refund]:
    """Read a patient's refunds that were asked for before `until`, the newest first."""
    payment = sa.and_(Payment.tenant_id == Refund.tenant_id, Payment.id == Refund.payment_id)
    statement = sa.select(Refund).join(Payment, payment).where(Payment.patient_id == patient_id)
    if until:
        statement = statement.where(Refund.created_at < until)
    return await keyset(session, statement, [Refund.created_at.desc(), Refund.id.desc()], paging)


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
