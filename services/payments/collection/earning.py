"""When a price is earned: the visit took place, or a fee is kept although it did not."""

from uuid import UUID

from careconnect import clock
from careconnect.db import WriteSession
from services.payments import repository
from services.payments.schemas import VisitEnd
from services.payments.states import EarnedAs


async def end_visit(session: WriteSession, appointment_id: UUID, wanted: VisitEnd) -> int:
    """Let what is invoiced for an appointment be earned, and tell of how many invoices; a repeat changes nothing.

    What is invoiced for it later is earned at once.
    """
    at = min(wanted.ended_at, clock.now())
    await repository.end_visit(session, appointment_id, at, took_place=wanted.took_place)
    how, count = EarnedAs.visit if wanted.took_place else EarnedAs.fee, 0
    for invoice in await repository.lock_unearned(session, appointment_id):
        bookings = invoice.earn(how, at)
        await session.flush()
        await repository.post(session, *bookings)
        if bookings:
            session.record("invoice.earned", "invoice", invoice.id, data=invoice.facts() | {"earned_as": how})
        count += len(bookings)
    return count
