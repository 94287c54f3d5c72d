"""How appointments ended, for the comparison of money with visits: ids and states, nothing of the people."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter

from careconnect.auth import require
from careconnect.db import Read, ReadSession
from services.appointments.models import Appointment
from services.appointments.schemas import OCCUPYING, Ending, EndingsAsk, Status

router = APIRouter(tags=["appointments"])
_TAKES_PLACE = sorted({*OCCUPYING, Status.FULFILLED})


@router.post(
    "/endings", summary="Tell which appointments do not take place", dependencies=[require("appointments:read")]
)
async def endings(asked: EndingsAsk, session: Read) -> list[Ending]:
    """Answer with those that ended otherwise than by taking place, and with those that do not exist."""
    return await _ended(session, asked.ids)


async def _ended(session: ReadSession, ids: Sequence[UUID]) -> list[Ending]:
    columns = [getattr(Appointment, name) for name in _SAID]
    statement = sa.select(*columns, Appointment.start_at).where(Appointment.id.in_(ids))
    rows = {row.id: row for row in (await session.execute(statement)).all()} if ids else {}
    found = [
        Ending(start=row.start_at, **{name: getattr(row, name) for name in _SAID})
        for row in rows.values()
        if row.status not in _TAKES_PLACE
    ]
    return found + [Ending(id=key) for key in ids if key not in rows]


_SAID = (
    "id", "status", "status_since", "visit_type_id", "created_at", "needs_attention", "cancellation_reason",
    "undo_until",
)  # fmt: skip
