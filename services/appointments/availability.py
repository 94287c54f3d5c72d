"""Which starts are free: working time minus what is occupied, with a room and a seat, in one query."""

from datetime import timedelta
from typing import Annotated, Any

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
# clinic is two thousand candidate starts against it, not two thousand times every appointment. The same for each room.
# A group visit of the wanted type is not in the way as such: it has free seats, or it has not.
_FREE = sa.text("""
WITH working AS (
  SELECT * FROM unnest(:consultants, :locations, :zones, :starts, :ends, :anchors) WITH ORDINALITY
    AS w(consultant_id, location_id, zone, starts, ends, anchor, number)
), span AS (
  SELECT min(starts) - interval '1 day' AS first, max(ends) + interval '4 hours' AS last FROM working
), busy AS (
  SELECT consultant_id, range_agg(tstzrange(occupied_from, occupied_to)) AS occupied,
         sum(occupied_to - occupied_from) AS load
  FROM appointments, span
  WHERE tenant_id = :tenant AND consultant_id = ANY (:distinct)
    AND start_at >= span.first AND start_at < span.last
    AND status IN ('held', 'booked', 'arrived', 'checked_in')
    AND id IS DISTINCT FROM :without
    AND (status <> 'held' OR hold_expires_at > :now)
    AND NOT (:capacity > 1 AND capacity > 1 AND visit_type_id IS NOT DISTINCT FROM :visit_type)
  GROUP BY consultant_id
), groups AS (
  SELECT consultant_id, location_id, start_at, end_at, count(*) AS taken, count(room_id) > 0 AS has_room,
         tstzrange(min(occupied_from), max(occupied_to)) AS occupied
  FROM appointments, span
  WHERE :capacity > 1 AND tenant_id = :tenant AND consultant_id = ANY (:distinct)
    AND start_at >= span.first AND start_at < span.last
    AND status IN ('held', 'booked', 'arrived', 'checked_in')
    AND id IS DISTINCT FROM :without
    AND (status <> 'held' OR hold_expires_at > :now)
    AND capacity > 1 AND visit_type_id = :visit_type
  GROUP BY consultant_id, location_id, start_at, end_at
), used AS (
  SELECT room_id, range_agg(tstzrange(occupied_from, occupied_to)) AS occupied
  FROM appointments, span
  WHERE tenant_id = :tenant AND room_id = ANY (:rooms)
    AND start_at >= span.first AND start_at < span.last
    AND status IN ('held', 'booked', 'arrived', 'checked_in')
    AND id IS DISTINCT FROM :without
    AND (status <> 'held' OR hold_expires_at > :now)
  GROUP BY room_id
), fitting AS (
  SELECT location_id, occupied
  FROM unnest(:rooms, :room_locations) AS room(room_id, location_id) LEFT JOIN used USING (room_id)
)
SELECT w.consultant_id, w.location_id, w.number, start
FROM working w
CROSS JOIN LATERAL generate_series(date_bin(:step, w.starts, w.anchor), w.ends - :duration, :step) AS start
CROSS JOIN LATERAL (
  SELECT tstzrange(start - :before, start + :duration + :after) AS wanted, start AT TIME ZONE w.zone AS wall
) AS candidate
LEFT JOIN busy USING (consultant_id)
LEFT JOIN groups AS joined
  ON (joined.consultant_id, joined.location_id, joined.start_at, joined.end_at)
   = (w.consultant_id, w.location_id, start, start + :duration)
WHERE start >= greatest(w.starts, :not_before) AND (CAST(:not_after AS timestamptz) IS NULL OR start < :not_after)
  AND extract(isodow FROM wall)::int - 1 = ANY (:weekdays)
  AND extract(hour FROM wall)::int * 60 + extract(minute FROM wall)::int BETWEEN :wall_from AND :wall_to - 1
  AND (busy.occupied IS NULL OR NOT busy.occupied && wanted)
  AND (joined.taken IS NULL OR joined.taken < :capacity)
  AND NOT EXISTS (
    SELECT FROM groups AS other
    WHERE other.consultant_id = w.consultant_id AND other.occupied && wanted
      AND (other.location_id, other.start_at, other.end_at) <> (w.location_id, start, start + :duration)
  )
  AND (NOT :room_needed OR coalesce(joined.has_room, false) OR EXISTS (
    SELECT FROM fitting
    WHERE fitting.location_id = w.location_id AND (fitting.occupied IS NULL OR NOT fitting.occupied && wanted)
  ))
ORDER BY start, busy.load NULLS FIRST, w.consultant_id
LIMIT :limit
""").bindparams(
    *(sa.bindparam(name, type_=ARRAY(Uuid())) for name in ("consultants", "locations", "distinct")),
    *(sa.bindparam(name, type_=ARRAY(Uuid())) for name in ("rooms", "room_locations")),
    *(sa.bindparam(name, type_=ARRAY(TIMESTAMP(timezone=True))) for name in ("starts", "ends", "anchors")),
    sa.bindparam("zones", type_=ARRAY(sa.Text())),
    sa.bindparam("weekdays", type_=ARRAY(sa.Integer())),
    *(sa.bindparam(name, type_=sa.Integer()) for name in ("capacity", "wall_from", "wall_to")),
    *(sa.bindparam(name, type_=sa.Interval()) for name in ("duration", "step", "before", "after")),
    *(sa.bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("not_before", "not_after", "now")),
    *(sa.bindparam(name, type_=Uuid()) for name in ("tenant", "visit_type", "without")),
    sa.bindparam("room_needed", type_=sa.Boolean()),
)


async def find_free(session: ReadSession, wanted: SlotSearch) -> list[FreeSlot]:
    """Ask Postgres."""
    if not wanted.windows:
        return []
    found = await session.execute(_FREE, _asked(session, wanted))
    duration = timedelta(minutes=wanted.duration_minutes)
    return [
        FreeSlot(
            consultant_id=row.consultant_id,
            location_id=row.location_id,
            start=row.start,
            end=row.start + duration,
            zone=wanted.windows[row.number - 1].zone,
        )
        for row in found
    ]


def _asked(session: ReadSession, wanted: SlotSearch) -> dict[str, Any]:
    windows = wanted.windows
    rooms = [(room, location) for location, fitting in (wanted.rooms or {}).items() for room in fitting]
    return {
        "tenant": session.tenant_id,
        "consultants": [window.consultant_id for window in windows],
        "locations": [window.location_id for window in windows],
        "zones": [window.zone for window in windows],
        "starts": [window.start for window in windows],
        "ends": [window.end for window in windows],
        "anchors": [window.anchor or window.start for window in windows],
        "distinct": list({window.consultant_id for window in windows}),
        "visit_type": wanted.visit_type_id,
        "capacity": wanted.capacity,
        "rooms": [room for room, _ in rooms],
        "room_locations": [location for _, location in rooms],
        "room_needed": wanted.rooms is not None,
        "weekdays": wanted.weekdays,
        "wall_from": wanted.wall_from,
        "wall_to": wanted.wall_to,
        "duration": timedelta(minutes=wanted.duration_minutes),
        "step": timedelta(minutes=wanted.step_minutes),
        "before": timedelta(minutes=wanted.buffer_before_minutes),
        "after": timedelta(minutes=wanted.buffer_after_minutes),
        "not_before": wanted.not_before,
        "not_after": wanted.not_after,
        "now": clock.now(),
        "without": wanted.without,
        "limit": wanted.limit,
    }
