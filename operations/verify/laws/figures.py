"""The questions behind law 9: one per source, written without a look at how the services count.

`$1` is JSON: tenant, location (null for all), zone, since, until, previous, currency. The answer is JSON, with the
names that a snapshot gives its figures.
"""

_ASKED = """
WITH asked AS (
  SELECT * FROM jsonb_to_record($1::jsonb) AS one(tenant uuid, location uuid, zone text, since timestamptz,
    until timestamptz, previous timestamptz, currency text)
)
"""

_PATIENTS = """
SELECT json_build_object(
  'total', count(*),
  'new', count(*) FILTER (WHERE created_at >= since AND created_at < until),
  'previous_new', count(*) FILTER (WHERE created_at >= previous AND created_at < since))
FROM asked JOIN patients ON tenant_id = tenant AND archived_at IS NULL
"""

_CONSULTANTS = """
SELECT json_build_object(
  'total', count(*),
  'active', count(*) FILTER (WHERE status = 'active'),
  'on_leave', count(*) FILTER (WHERE status = 'on_leave'))
FROM asked JOIN consultants ON tenant_id = tenant AND archived_at IS NULL
"""

_APPOINTMENTS = """
, here AS (
  SELECT appointments.status, start_at >= since AS present,
         extract(hour FROM start_at AT TIME ZONE asked.zone)::int AS hour
  FROM asked JOIN appointments ON tenant_id = tenant AND (location IS NULL OR location_id = location)
  WHERE start_at >= previous AND start_at < until AND status <> 'expired'
)
SELECT json_build_object(
  'total', (SELECT count(*) FROM here WHERE present),
  'previous_total', (SELECT count(*) FROM here WHERE NOT present),
  'by_status', (SELECT coalesce(json_object_agg(status, times), '{}')
                FROM (SELECT status, count(*) AS times FROM here WHERE present GROUP BY status) AS counted),
  'by_hour', (SELECT coalesce(json_agg(counted), '[]')
              FROM (SELECT hour, status, count(*) AS count FROM here WHERE present GROUP BY hour, status) AS counted),
  'attention', (SELECT count(*) FROM asked JOIN appointments ON tenant_id = tenant WHERE needs_attention IS NOT NULL))
"""

_PAYMENTS = """
, moved AS (
  SELECT captured_at AS at, captured AS amount FROM asked JOIN payments ON tenant_id = tenant
  WHERE payments.currency = asked.currency AND captured > 0
  UNION ALL
  SELECT settled_at, -amount FROM asked JOIN refunds ON tenant_id = tenant
  WHERE refunds.currency = asked.currency AND status = 'succeeded'
), tried AS (
  SELECT status FROM asked JOIN payments ON tenant_id = tenant
  WHERE payments.currency = asked.currency AND created_at >= since AND created_at < until
)
SELECT json_build_object(
  'revenue', (SELECT coalesce(sum(amount), 0) FROM moved, asked WHERE at >= since AND at < until),
  'previous_revenue', (SELECT coalesce(sum(amount), 0) FROM moved, asked WHERE at >= previous AND at < since),
  'by_day', (SELECT coalesce(json_agg(json_build_object('day', day, 'amount', amount)), '[]') FROM (
               SELECT (at AT TIME ZONE zone)::date AS day, sum(amount) AS amount FROM moved, asked
               WHERE at >= since AND at < until GROUP BY 1) AS daily),
  'pending', (SELECT count(*) FROM tried WHERE status IN ('pending', 'authorised')),
  'failed', (SELECT count(*) FROM tried WHERE status IN ('declined', 'failed')))
"""

QUESTIONS = {
    "patients": _ASKED + _PATIENTS,
    "consultants": _ASKED + _CONSULTANTS,
    "appointments": _ASKED + _APPOINTMENTS,
    "payments": _ASKED + _PAYMENTS,
}
