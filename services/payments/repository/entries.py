from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from careconnect import clock
from careconnect.db import WriteSession, table_of
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
        await session.execute(_POST, _columns("entry", _ENTRY, entries) | _columns("line", _LINE, lines))


def _columns(prefix: str, kinds: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {f"{prefix}_{name}": [row[name] for row in rows] for name in kinds}


def _booked(entity: type[Base], kinds: dict[str, Any], prefix: str) -> Any:
    """Insert rows with the period that Postgres finds for them; it does so once more when it checks."""
    arrays = [sa.bindparam(f"{prefix}_{name}", type_=ARRAY(kind)) for name, kind in kinds.items()]
    columns = [sa.column(name, kind) for name, kind in kinds.items()]
    given = sa.func.unnest(*arrays).table_valued(*columns, name="given").render_derived().c
    period = sa.func.ledger_period_for(given.tenant_id, given.booked_at)
    kept = [name for name in kinds if name in sa.inspect(entity).columns]
    return insert(table_of(entity)).from_select([*kept, "period"], sa.select(*(given[name] for name in kept), period))


_POST = _booked(LedgerLine, _LINE, "line").add_cte(_booked(LedgerEntry, _ENTRY, "entry").cte("entry"))
"""Made once: SQLAlchemy takes longer to make a statement than Postgres to carry it out."""
