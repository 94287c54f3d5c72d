from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from careconnect import clock
from careconnect.db import WriteSession
from careconnect.ids import uuid7
from services.payments.ledger import Booking
from services.payments.models import Base, LedgerEntry, LedgerLine

_ENTRY: dict[str, Any] = {
    name: LedgerEntry.__table__.c[name].type for name in ("tenant_id", "id", "kind", "subject_id", "booked_at")
}
_LINE: dict[str, Any] = {
    name: LedgerLine.__table__.c[name].type for name in ("tenant_id", "entry_id", "account", "currency", "amount")
} | {"booked_at": _ENTRY["booked_at"]}


async def post(session: WriteSession, *bookings: Booking) -> None:
    """Book events in the ledger, all in one statement, each in the books of the first month that is open for it."""
    entries: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    moment = clock.now()
    for booking in bookings:
        if booking.lines:
            place = {"tenant_id": session.tenant_id, "booked_at": booking.at or moment}
            entry = uuid7()
            entries.append(place | {"id": entry, "kind": booking.kind, "subject_id": booking.subject})
            lines += (
                place | {"entry_id": entry, "account": account, "currency": booking.currency, "amount": amount}
                for account, amount in booking.lines
            )
    if entries:
        heads = _booked(LedgerEntry, _ENTRY, entries).cte("entry")
        await session.execute(_booked(LedgerLine, _LINE, lines).add_cte(heads))


def _booked(entity: type[Base], kinds: dict[str, Any], rows: list[dict[str, Any]]) -> Any:
    """Insert rows with the period that Postgres finds for them; it does so once more when it checks."""
    arrays = [
        sa.bindparam(None, [row[name] for row in rows], type_=ARRAY(kind), unique=True) for name, kind in kinds.items()
    ]
    columns = [sa.column(name, kind) for name, kind in kinds.items()]
    given = sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived().c
    period = sa.func.ledger_period_for(given.tenant_id, given.booked_at)
    kept = [name for name in kinds if name in sa.inspect(entity).columns]
    return insert(entity).from_select([*kept, "period"], sa.select(*(given[name] for name in kept), period))
