"""The questions behind law 2, of four documents in JSON.

`$1` and `$2` are the weekly blocks and the exceptions of every consultant; `$3` are the opening hours of every
location, `$4` the days on which it is closed.

Working time is: the weekly blocks of the consultant at the location while it is open, without extra hours at other
locations, with extra hours at this one, without leave and blocked time. On a day of 24 hours the blocks are plain
ranges of instants. On a day on which the location's clocks change, every minute of the visit is asked what its wall
clock shows; a wall time that is shown twice counts the first time.

A time is taken when an appointment is held, moved or brought back: then its hours are asked for. What goes on at the
desk within one day, as the undo of a completion, asks nobody.
"""

_GIVEN = """
WITH blocks AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($1::jsonb) AS block(
    tenant_id uuid, consultant_id uuid, location_id uuid, zone text, weekday int, starts int, ends int,
    valid_from date, valid_to date)
), exceptions AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($2::jsonb) AS exception(
    tenant_id uuid, consultant_id uuid, kind text, starts_at timestamptz, ends_at timestamptz, location_id uuid)
), opening AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($3::jsonb) AS opening(
    tenant_id uuid, location_id uuid, weekday int, opens int, closes int)
), closing AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset($4::jsonb) AS closing(tenant_id uuid, location_id uuid, day date)
), visits AS MATERIALIZED (
  SELECT *, day_has_24_hours(start_at, zone) AND day_has_24_hours(end_at, zone) AS ordinary
  FROM (
    SELECT tenant_id, id, reference, consultant_id, location_id, zone, start_at, end_at, created_at
    FROM appointments
    WHERE NOT hours_overridden AND status IN ('held', 'booked', 'arrived', 'checked_in', 'fulfilled', 'no_show')
  ) AS judged
), closed AS (
  SELECT visit.tenant_id, visit.id, range_agg(tstzrange(starts_at, ends_at)) AS span
  FROM visits AS visit JOIN exceptions AS exception USING (tenant_id, consultant_id)
  WHERE kind <> 'extra' AND (exception.location_id IS NULL OR exception.location_id = visit.location_id)
    AND starts_at < end_at AND start_at < ends_at
  GROUP BY 1, 2
), extra AS (
  SELECT visit.tenant_id, visit.id,
         range_agg(tstzrange(starts_at, ends_at)) FILTER (WHERE exception.location_id = visit.location_id) AS here,
         range_agg(tstzrange(starts_at, ends_at)) FILTER (WHERE exception.location_id <> visit.location_id) AS elsewhere
  FROM visits AS visit JOIN exceptions AS exception USING (tenant_id, consultant_id)
  WHERE kind = 'extra' AND starts_at < end_at AND start_at < ends_at
  GROUP BY 1, 2
)
"""

_ANSWER = """
SELECT visit.tenant_id, visit.consultant_id, visit.location_id, visit.reference, visit.start_at, visit.end_at,
       coalesce((
         SELECT max(at) FROM audit_events AS event
         WHERE event.tenant_id = visit.tenant_id AND event.entity = 'appointment' AND event.entity_id = visit.id
           AND event.action IN ('appointment.held', 'appointment.rescheduled', 'appointment.move_undone',
                                'appointment.cancellation_undone', 'appointment.no_show_undone')
       ), visit.created_at) AS taken_at
FROM visits AS visit LEFT JOIN closed USING (tenant_id, id) LEFT JOIN extra USING (tenant_id, id)
"""

_24_HOURS = (
    "(((({0} AT TIME ZONE zone)::date + 1)::timestamp AT TIME ZONE zone)"
    " - (({0} AT TIME ZONE zone)::date::timestamp AT TIME ZONE zone) = interval '24 hours')"
)


def _written(question: str) -> str:
    for column in ("start_at", "end_at"):
        question = question.replace(f"day_has_24_hours({column}, zone)", _24_HOURS.format(column))
    return question


_REGULAR = """
, days AS (
  SELECT tenant_id, id, consultant_id, location_id, zone, (start_at AT TIME ZONE zone)::date AS day
  FROM visits WHERE ordinary
  UNION
  SELECT tenant_id, id, consultant_id, location_id, zone, (end_at AT TIME ZONE zone)::date FROM visits WHERE ordinary
), regular AS (
  SELECT day.tenant_id, day.id,
         range_agg(tstzrange((day.day + make_interval(mins => greatest(starts, opens))) AT TIME ZONE zone,
                             (day.day + make_interval(mins => least(ends, closes))) AT TIME ZONE zone)) AS span
  FROM (SELECT *, extract(isodow FROM day)::int - 1 AS weekday FROM days) AS day
  JOIN blocks USING (tenant_id, consultant_id, location_id, zone, weekday)
  JOIN opening USING (tenant_id, location_id, weekday)
  WHERE (valid_from IS NULL OR valid_from <= day.day) AND (valid_to IS NULL OR day.day <= valid_to)
    AND greatest(starts, opens) < least(ends, closes)
    AND (tenant_id, location_id, day.day) NOT IN (SELECT tenant_id, location_id, day FROM closing)
  GROUP BY 1, 2
)
"""

_NOT_COVERED = """
LEFT JOIN regular USING (tenant_id, id)
WHERE ordinary AND NOT coalesce(
  coalesce(regular.span, '{}') - coalesce(elsewhere, '{}') + coalesce(here, '{}') - coalesce(closed.span, '{}')
  @> tstzrange(start_at, end_at), false)
"""

OUTSIDE = _written(_GIVEN + _REGULAR + _ANSWER + _NOT_COVERED)
"""Visits on ordinary days that are not wholly inside working time."""

_SOME_MINUTE_NOT_COVERED = """
WHERE NOT ordinary AND EXISTS (
  SELECT FROM generate_series(start_at, end_at - interval '1 second', interval '1 minute') AS minute
  CROSS JOIN LATERAL (SELECT minute AT TIME ZONE visit.zone AS wall) AS shown
  WHERE coalesce(closed.span @> minute, false) OR NOT (
    coalesce(here @> minute, false) OR (
      NOT coalesce(elsewhere @> minute, false)
      AND NOT EXISTS (
        SELECT FROM unnest(ARRAY[30, 60, 120]) AS before
        WHERE (minute - make_interval(mins => before)) AT TIME ZONE visit.zone = wall
      )
      AND EXISTS (
        SELECT FROM blocks AS block
        WHERE (block.tenant_id, block.consultant_id) = (visit.tenant_id, visit.consultant_id)
          AND block.location_id = visit.location_id AND block.zone = visit.zone
          AND block.weekday = extract(isodow FROM wall)::int - 1
          AND block.starts <= extract(hour FROM wall) * 60 + extract(minute FROM wall)
          AND extract(hour FROM wall) * 60 + extract(minute FROM wall) < block.ends
          AND (valid_from IS NULL OR valid_from <= wall::date) AND (valid_to IS NULL OR wall::date <= valid_to)
          AND EXISTS (
            SELECT FROM opening
            WHERE (opening.tenant_id, opening.location_id, opening.weekday)
                = (block.tenant_id, block.location_id, block.weekday)
              AND opens <= extract(hour FROM wall) * 60 + extract(minute FROM wall)
              AND extract(hour FROM wall) * 60 + extract(minute FROM wall) < closes
          )
          AND (block.tenant_id, block.location_id, wall::date) NOT IN (SELECT tenant_id, location_id, day FROM closing)
      )
    )
  )
)
"""

OUTSIDE_ON_DAYS_OF_CLOCK_CHANGE = _written(_GIVEN + _ANSWER + _SOME_MINUTE_NOT_COVERED)
"""The same on days on which the clocks change, minute by minute."""
