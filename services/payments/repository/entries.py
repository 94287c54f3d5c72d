from typing import Any

from careconnect import clock
from careconnect.db import WriteSession
from careconnect.ids import uuid7
from services.payments.ledger import Booking
from services.payments.models import LedgerEntry, LedgerLine
from services.payments.repository.rows import many


async def post(session: WriteSession, *bookings: Booking) -> None:
    """Book events in the ledger, all in one statement."""
    entries: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    place = {"tenant_id": session.tenant_id}
    for booking in bookings:
        if booking.lines:
            entry = uuid7()
            said = {"id": entry, "kind": booking.kind, "subject_id": booking.subject, "booked_at": clock.now()}
            entries.append(place | said)
            lines += (
                place | {"entry_id": entry, "account": account, "currency": booking.currency, "amount": amount}
                for account, amount in booking.lines
            )
    if entries:
        await session.execute(many(LedgerLine, lines).add_cte(many(LedgerEntry, entries).cte("entry")))
