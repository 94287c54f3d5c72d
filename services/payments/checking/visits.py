"""Visits that cost something against our invoices, a page in one question."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from careconnect.db import ReadSession, WriteSession
from services.payments.checking.orphans import note
from services.payments.models import Invoice
from services.payments.schemas import Compared, OrphanKind, OrphanNote, VisitsAsk

_LACKING = """
SELECT visit.place FROM unnest(:appointments) WITH ORDINALITY AS visit(id, place)
WHERE NOT EXISTS (SELECT FROM invoices WHERE tenant_id = :tenant AND appointment_id = visit.id)
"""
_ASKED = sa.text(_LACKING).bindparams(
    sa.bindparam("appointments", type_=ARRAY(sa.Uuid)), sa.bindparam("tenant", type_=sa.Uuid)
)


async def compare(session: WriteSession, check_id: UUID, asked: VisitsAsk) -> Compared:
    """Note the visits for which no invoice was ever issued; one that was cancelled counts, somebody decided that."""
    values: dict[str, Any] = {"appointments": [one.appointment_id for one in asked.visits]}
    places = await session.scalars(_ASKED, values | {"tenant": session.tenant_id})
    found = [
        OrphanNote(
            kind=OrphanKind.visit_without_invoice,
            subject_id=visit.appointment_id,
            appointment_id=visit.appointment_id,
            currency=visit.price.currency,
            here=0,
            there=visit.price.amount,
        )
        for visit in (asked.visits[place - 1] for place in places)
    ]
    await note(session, check_id, found)
    return Compared(checked=len(asked.visits), found=len(found))


async def has_invoice(session: ReadSession, appointment_id: UUID) -> bool:
    """Tell whether an invoice was issued for a visit."""
    known = sa.select(Invoice.id).where(Invoice.appointment_id == appointment_id).limit(1)
    return await session.scalar(known) is not None
