"""Which starts are free: working time minus what is occupied, with a room and a seat, in one query."""

from datetime import timedelta
from functools import cache
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import TypeAdapter
from sqlalchemy import TIMESTAMP, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from careconnect import clock
from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession
from services.appointments.schemas import FreeSlot, SlotSearch

router = APIRouter()
_MANY = TypeAdapter(list[FreeSlot])
"""Makes hundreds at once, which takes a fifth of the time that they take one by one."""


@router.post("/slots", summary="Free starts inside windows of working time")
async def free_slots(
    wanted: SlotSearch, _: Annotated[Actor, require("appointments:read")], session: Read
) -> list[FreeSlot]:
    """Give free starts, soonest first; of equal starts, the consultant who is occupied least comes first."""
    return await find_free(session, wanted)


# Each consultant's occupied time becomes one multirange, which is taken away from each stretch of work; starts are made
# only inside what is left, so that no start has to be compared with any appointment. Appointments are read one
# consultant after the other, by the index that leads with them, however many others the clinic has. A wall clock is
# only looked at where days or times of day were asked for, and groups and rooms only where the visit has them: a plan
# for what is not there costs more than the rest. The parts are materialised because nothing tells the planner how few
# rows an array has.
_COMING = """
      AND start_at >= span.first AND start_at < span.last
      AND status IN ('held', 'booked', 'arrived', 'checked_in')
      AND id IS DISTINCT FROM :without
      AND (status <> 'held' OR hold_expires_at > :now)
"""
_WORKING = """
WITH working AS MATERIALIZED (
  SELECT * FROM unnest(:consultants, :locations, :zones, :starts, :ends, :anchors) WITH ORDINALITY
    AS w(consultant_id, location_id, zone, starts, ends, anchor, number)
), span AS MATERIALIZED (
  SELECT min(starts) - interval '28 hours' AS first, max(ends) + interval '4 hours' AS last FROM working
), busy AS MATERIALIZED (
  SELECT person.consultant_id, theirs.occupied, theirs.load
  FROM unnest(:distinct) AS person(consultant_id), span
  CROSS JOIN LATERAL (
    SELECT range_agg(tstzrange(occupied_from, occupied_to)) AS occupied, sum(occupied_to - occupied_from) AS load
    FROM appointments
    WHERE tenant_id = :tenant AND consultant_id = person.consultant_id /* coming */
      AND NOT (:capacity > 1 AND capacity > 1 AND visit_type_id IS NOT DISTINCT FROM :visit_type)
  ) AS theirs
), stretch AS MATERIALIZED (
  SELECT w.*, busy.load,
         tstzmultirange(tstzrange(w.starts - :before, w.ends + :after)) - coalesce(busy.occupied, '{}') AS free
  FROM working w JOIN busy USING (consultant_id)
)
"""
# A group visit of the wanted type is not in the way as such: it has free seats, or it has not.
_GROUPS = """
, groups AS MATERIALIZED (
  SELECT consultant_id, location_id, start_at, end_at, count(*) AS taken, count(room_id) > 0 AS has_room,
         tstzrange(min(occupied_from), max(occupied_to)) AS occupied
  FROM appointments, span
  WHERE tenant_id = :tenant AND consultant_id = ANY (:distinct) /* coming */
    AND capacity > 1 AND visit_type_id = :visit_type
  GROUP BY consultant_id, location_id, start_at, end_at
)
"""
_ROOMS = """
, used AS MATERIALIZED (
  SELECT room_id, range_agg(tstzrange(occupied_from, occupied_to)) AS occupied
  FROM appointments, span
  WHERE tenant_id = :tenant AND room_id = ANY (:rooms) /* coming */
  GROUP BY room_id
), fitting AS MATERIALIZED (
  SELECT location_id, occupied
  FROM unnest(:rooms, :room_locations) AS room(room_id, location_id) LEFT JOIN used USING (room_id)
)
"""
_ENGAGED = """
, engaged AS MATERIALIZED (
  SELECT range_agg(tstzrange(start_at, end_at)) AS times
  FROM appointments, span
  WHERE tenant_id = :tenant AND patient_id = :patient /* coming */
)
"""
_STARTS = """
SELECT w.consultant_id, w.location_id, w.number, start
FROM stretch w
CROSS JOIN LATERAL unnest(w.free) AS gap
CROSS JOIN LATERAL generate_series(
  date_bin(:step, greatest(w.starts, lower(gap) + :before, :not_before) - interval '1 microsecond', w.anchor) + :step,
  least(w.ends, upper(gap) - :after) - :duration,
  :step
) AS start
"""
_JOINED = """
LEFT JOIN groups AS joined
  ON (joined.consultant_id, joined.location_id, joined.start_at, joined.end_at)
   = (w.consultant_id, w.location_id, start, start + :duration)
"""
_WANTED = """
WHERE (CAST(:not_after AS timestamptz) IS NULL OR start < :not_after)
  AND (:any_day OR extract(isodow FROM start AT TIME ZONE w.zone)::int - 1 = ANY (:weekdays))
  AND (:any_time OR extract(hour FROM start AT TIME ZONE w.zone)::int * 60
                    + extract(minute FROM start AT TIME ZONE w.zone)::int BETWEEN :wall_from AND :wall_to - 1)
"""
_SEATED = """
  AND (joined.taken IS NULL OR joined.taken < :capacity)
  AND NOT EXISTS (
    SELECT FROM groups AS other
    WHERE other.consultant_id = w.consultant_id
      AND other.occupied && tstzrange(start - :before, start + :duration + :after)
      AND (other.location_id, other.start_at, other.end_at) <> (w.location_id, start, start + :duration)
  )
"""
_A_ROOM = """
  AND EXISTS (
    SELECT FROM fitting
    WHERE fitting.location_id = w.location_id
      AND (fitting.occupied IS NULL OR NOT fitting.occupied && tstzrange(start - :before, start + :duration + :after))
  )
"""
_THEIR_ROOM = """
  AND (coalesce(joined.has_room, false) OR EXISTS (
    SELECT FROM fitting
    WHERE fitting.location_id = w.location_id
      AND (fitting.occupied IS NULL OR NOT fitting.occupied && tstzrange(start - :before, start + :duration + :after))
  ))
"""
_AT_LEISURE = """
  AND NOT coalesce((SELECT times FROM engaged) && tstzrange(start, start + :duration), false)
"""
_SOONEST = """
ORDER BY start, w.load NULLS FIRST, w.consultant_id
LIMIT :limit
"""
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("consultants", "locations", "distinct", "rooms", "room_locations"), ARRAY(Uuid())),
    **dict.fromkeys(("starts", "ends", "anchors"), ARRAY(TIMESTAMP(timezone=True))),
    "zones": ARRAY(sa.Text()),
    "weekdays": ARRAY(sa.Integer()),
    **dict.fromkeys(("capacity", "wall_from", "wall_to"), sa.Integer()),
    **dict.fromkeys(("duration", "step", "before", "after"), sa.Interval()),
    **dict.fromkeys(("not_before", "not_after", "now"), TIMESTAMP(timezone=True)),
    **dict.fromkeys(("tenant", "visit_type", "without", "patient"), Uuid()),
    **dict.fromkeys(("any_day", "any_time"), sa.Boolean()),
}


@cache
def _statement(*, grouped: bool, roomed: bool, named: bool) -> sa.TextClause:
    """Put the question together: for a visit of one patient or of several, with a room, for somebody who is known."""
    parts = (
        _WORKING,
        _GROUPS if grouped else "",
        _ROOMS if roomed else "",
        _ENGAGED if named else "",
        _STARTS,
        _JOINED if grouped else "",
        _WANTED,
        _SEATED if grouped else "",
        (_THEIR_ROOM if grouped else _A_ROOM) if roomed else "",
        _AT_LEISURE if named else "",
        _SOONEST,
    )
    question = sa.text("".join(parts).replace("/* coming */", _COMING))
    names = question._bindparams.keys()  # noqa: SLF001 - there is no public way to the names of a text
    return question.bindparams(*(sa.bindparam(name, type_=_TYPES[name]) for name in names if name in _TYPES))


async def find_free(session: ReadSession, wanted: SlotSearch) -> list[FreeSlot]:
    """Ask Postgres."""
    if not wanted.windows:
        return []
    shape = {"roomed": wanted.rooms is not None, "named": wanted.patient_id is not None}
    question = _statement(grouped=wanted.capacity > 1, **shape)
    found = await session.execute(question, _asked(session, wanted))
    duration = timedelta(minutes=wanted.duration_minutes)
    zones = [window.zone for window in wanted.windows]
    return _MANY.validate_python(
        [
            {
                "consultant_id": consultant_id,
                "location_id": location_id,
                "start": start,
                "end": start + duration,
                "zone": zones[number - 1],
            }
            for consultant_id, location_id, number, start in found
        ]
    )


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
        "any_day": set(wanted.weekdays) == set(range(7)),
        "any_time": (wanted.wall_from, wanted.wall_to) == (0, 24 * 60),
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
        "patient": wanted.patient_id,
        "limit": wanted.limit,
    }
