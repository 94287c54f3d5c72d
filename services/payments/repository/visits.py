from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect.db import WriteSession
from services.payments.models import EndedVisit, Invoice
from services.payments.schemas import InvoiceWrite
from services.payments.states import InvoiceStatus

# Whoever issues an invoice holds the visit shared until the commit and whoever ends it holds it alone, so each invoice
# is either seen by the end or sees it.
_SHARED = sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended('visit ' || :visit, 0))")
_ALONE = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('visit ' || :visit, 0))")


async def is_to_come(session: WriteSession, wanted: InvoiceWrite) -> bool:
    """Tell whether an invoice is for an appointment that has not ended, so that its price is not earned yet."""
    if wanted.appointment_id is None:
        return False
    await session.execute(_SHARED, {"visit": str(wanted.appointment_id)})
    known = sa.select(EndedVisit.took_place).where(EndedVisit.appointment_id == wanted.appointment_id)
    return await session.scalar(known) is None


async def end_visit(session: WriteSession, appointment_id: UUID, ended_at: datetime, *, took_place: bool) -> None:
    """Note that an appointment took place, or will not; the first word stays."""
    await session.execute(_ALONE, {"visit": str(appointment_id)})
    row = {"tenant_id": session.tenant_id, "appointment_id": appointment_id, "ended_at": ended_at}
    await session.execute(insert(EndedVisit).values(row | {"took_place": took_place}).on_conflict_do_nothing())


async def lock_unearned(session: WriteSession, appointment_id: UUID) -> Sequence[Invoice]:
    """Read the invoices of an appointment whose price is not settled as revenue or fee, for a change."""
    statement = sa.select(Invoice).where(
        Invoice.appointment_id == appointment_id,
        Invoice.earned_as.is_(None),
        Invoice.status.in_([InvoiceStatus.issued, InvoiceStatus.balanced]),
    )
    return (await session.scalars(statement.order_by(Invoice.id).with_for_update())).all()
