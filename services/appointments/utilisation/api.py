"""How much of consultants' time is booked, added up by the database."""

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query

from careconnect.auth import Actor, require
from careconnect.db import Read
from services.appointments.utilisation.schemas import BookedTime, BookedTimeQuery

router = APIRouter()

_MINUTES = sa.text("""
WITH booked AS (
  SELECT consultant_id, range_agg(tstzrange(start_at, end_at)) AS times
  FROM appointments
  WHERE tenant_id = :tenant AND start_at >= :from AND start_at < :to
    AND status IN ('booked', 'arrived', 'checked_in', 'fulfilled', 'no_show')
    AND (CAST(:location AS uuid) IS NULL OR location_id = :location)
  GROUP BY consultant_id
)
SELECT consultant_id, sum(extract(epoch FROM upper(part) - lower(part)) / 60)::int AS minutes
FROM booked, unnest(times) AS part
GROUP BY consultant_id
ORDER BY consultant_id
""").bindparams(
    *(sa.bindparam(name, type_=sa.TIMESTAMP(timezone=True)) for name in ("from", "to")),
    *(sa.bindparam(name, type_=sa.Uuid()) for name in ("tenant", "location")),
)


@router.get("/booked-time", summary="Add up the booked minutes of each consultant")
async def booked_time(
    wanted: Annotated[BookedTimeQuery, Query()], _: Annotated[Actor, require("reports:read")], session: Read
) -> list[BookedTime]:
    """Count what is booked or took place, and what was kept free for somebody who did not come; nothing twice."""
    asked = {"tenant": session.tenant_id, "from": wanted.from_, "to": wanted.to, "location": wanted.location_id}
    rows = await session.execute(_MINUTES, asked)
    return [BookedTime(consultant_id=row.consultant_id, minutes=row.minutes) for row in rows]
