"""Refunds that failed when nobody looked any more: a patient waits for money, so each stands under Attention."""

from uuid import UUID

import sqlalchemy as sa

from careconnect import clock
from careconnect.db import WriteSession
from services.payments.checking import orphans
from services.payments.models import Orphan, Payment, Refund
from services.payments.schemas import OrphanKind, OrphanNote
from services.payments.states import RefundStatus

_NO_CHECK = UUID(int=0)
"""The check of what was noted by itself."""


async def note(session: WriteSession, payment: Payment, row: Refund) -> None:
    """Put it under Attention, once."""
    waits = OrphanNote(
        kind=OrphanKind.refund_failed,
        subject_id=row.id,
        payment_id=payment.id,
        invoice_id=payment.invoice_id,
        appointment_id=payment.appointment_id,
        gateway=payment.gateway,
        detail=row.failure or "",
        currency=row.currency,
        here=min(row.amount, payment.left),
    )
    await orphans.note(session, _NO_CHECK, [waits])


async def over(session: WriteSession, payment: Payment) -> None:
    """Take from Attention what has gone back by another refund, or what there is nothing left of."""
    later = sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0)).where(
        Refund.payment_id == payment.id,
        Refund.status == RefundStatus.succeeded,
        Refund.created_at >= Orphan.created_at,
    )
    this = [Orphan.kind == OrphanKind.refund_failed, Orphan.payment_id == payment.id]
    waits = sa.and_(*this, Orphan.status.in_(("open", "mending")))
    if payment.left > 0:
        waits = sa.and_(waits, later.scalar_subquery() >= Orphan.here)
    done = {"status": "mended", "settled_at": clock.now(), "settled_by": session.actor.id}
    await session.flush()
    await session.execute(sa.update(Orphan).where(waits).values(done), execution_options={"synchronize_session": False})
