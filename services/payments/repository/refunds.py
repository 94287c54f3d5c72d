from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession
from services.payments.errors import RefundNotFound
from services.payments.models import Refund


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
