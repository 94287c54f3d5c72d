"""Which starts are free: working time minus what is occupied, in one query."""

from datetime import timedelta
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter
from sqlalchemy import TIMESTAMP, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from careconnect import clock
from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession
from services.appointments.schemas import FreeSlot, SlotSearch

router = APIRouter()


@router.post("/slots", summary="Free starts inside windows of working time")
async def free_slots(
    wanted: SlotSearch, _: Annotated[Actor, require("appointments:read")], session: Read
) -> list[FreeSlot]:
    """Give free starts, soonest first; of equal starts, the consultant who is occupied least comes first."""
    return await find_free(session, wanted)


# Each consultant's occupied time becomes one multirange, in which an overlap is found by halving: a week of a whole
# clinic is two thousand candidate starts against it, not two thousand times every appointment.
_FREE = sa.text("""
WITH working AS (
  SELECT * FROM unnest(:consultants, :locations, :starts, :ends, :anchors) WITH ORDINALITY
    AS w(consultant_id, location_id, starts, ends, anchor, number)
), span AS (
  SELECT min(starts) - interval '1 day' AS first, max(ends) + interval '4 hours' AS last FROM working
), busy AS (
  SELECT consultant_id, range_agg(tstzrange(occupied_from, occupied_to)) AS occupied,
         sum(occupied_to - occupied_from) AS load
  FROM appointments, span
  WHERE tenant_id = :tenant AND consultant_id = ANY (:distinct)
    AND start_at >= span.first AND start_at < span.last
    AND status IN ('held', 'booked', 'arrived', 'checked_in')
    AND (status <> 'held' OR hold_expires_at > :now)
  GROUP BY consultant_id
)
SELECT w.consultant_id, w.location_id, w.number, start
FROM working w
CROSS JOIN LATERAL generate_series(date_bin(:step, w.starts, w.anchor), w.ends - :duration, :step) AS start
LEFT JOIN busy USING (consultant_id)
WHERE start >= greatest(w.starts, :not_before) AND (CAST(:not_after AS timestamptz) IS NULL OR start < :not_after)
  AND (busy.occupied IS NULL OR NOT busy.occupied && tstzrange(start - :before, start + :duration + :after))
ORDER BY start, busy.load NULLS FIRST, w.consultant_id
LIMIT :limit
""").bindparams(
    sa.bindparam("consultants", type_=ARRAY(Uuid())),
    sa.bindparam("locations", type_=ARRAY(Uuid())),
    sa.bindparam("distinct", type_=ARRAY(Uuid())),
    sa.bindparam("starts", type_=ARRAY(TIMESTAMP(timezone=True))),
    sa.bindparam("ends", type_=ARRAY(TIMESTAMP(timezone=True))),
    sa.bindparam("anchors", type_=ARRAY(TIMESTAMP(timezone=True))),
    *(sa.bindparam(name, type_=sa.Interval()) for name in ("duration", "step", "before", "after")),
    *(sa.bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("not_before", "not_after", "now")),
    sa.bindparam("tenant", type_=Uuid()),
)


async def find_free(session: ReadSession, wanted: SlotSearch) -> list[FreeSlot]:
    """Ask Postgres."""
    windows = wanted.windows
    if not windows:
        return []
    duration = timedelta(minutes=wanted.duration_minutes)
    found = await session.execute(
        _FREE,
        {
            "tenant": session.tenant_id,
            "consultants": [window.consultant_id for window in windows],
            "locations": [window.location_id for window in windows],
            "starts": [window.start for window in windows],
            "ends": [window.end for window in windows],
            "anchors": [window.anchor or window.start for window in windows],
            "distinct": list({window.consultant_id for window in windows}),
            "duration": duration,
            "step": timedelta(minutes=wanted.step_minutes),
            "before": timedelta(minutes=wanted.buffer_before_minutes),
            "after": timedelta(minutes=wanted.buffer_after_minutes),
            "not_before": wanted.not_before,
            "not_after": wanted.not_after,
            "now": clock.now(),
            "limit": wanted.limit,
        },
    )
    return [
        FreeSlot(
            consultant_id=row.consultant_id,
            location_id=row.location_id,
            start=row.start,
            end=row.start + duration,
            zone=windows[row.number - 1].zone,
        )
        for row in found
    ]
