"""Law 1: no two occupying appointments of one consultant overlap, nor two of one patient, nor two in one room.

For consultant and room the buffers count, for the patient only the visit. The later of two may overlap the earlier
when it is overbooked, which takes a reason: in the notes of a booking, or in a remark on a move. Later is the one that
took its time last: by being held, moved, or brought back after its end. Seats of one group visit share consultant and
room; there are no more of them than its capacity.
"""

from uuid import UUID

from operations.verify.evidence import Evidence, Rows
from operations.verify.finding import Finding

_OVERLAPPING = """
WITH busy AS (
  SELECT tenant_id, id, reference, overbooked, created_at,
         CASE $1 WHEN 'consultant' THEN consultant_id WHEN 'room' THEN room_id ELSE patient_id END AS who,
         CASE WHEN $1 = 'patient' THEN start_at ELSE occupied_from END AS begins,
         CASE WHEN $1 = 'patient' THEN end_at ELSE occupied_to END AS ends,
         CASE WHEN $1 <> 'patient' AND capacity > 1
              THEN ROW(consultant_id, visit_type_id, location_id, start_at, end_at)::text END AS shared
  FROM appointments
  WHERE status IN ('held', 'booked', 'arrived', 'checked_in') AND ($1 <> 'room' OR room_id IS NOT NULL)
), reach AS (
  SELECT *, max(ends) OVER (PARTITION BY tenant_id, who ORDER BY begins, id
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
  FROM busy
), clusters AS (
  SELECT *, count(*) FILTER (WHERE busy_until IS NULL OR begins >= busy_until)
            OVER (PARTITION BY tenant_id, who ORDER BY begins, id) AS cluster
  FROM reach
), crowded AS (
  SELECT * FROM (SELECT *, count(*) OVER (PARTITION BY tenant_id, who, cluster) AS together FROM clusters) AS sized
  WHERE together > 1
), taken AS (
  SELECT crowded.*, coalesce((
           SELECT max(at) FROM audit_events AS event
           WHERE event.tenant_id = crowded.tenant_id AND event.entity = 'appointment' AND event.entity_id = crowded.id
             AND event.action IN ('appointment.held', 'appointment.rescheduled', 'appointment.move_undone',
                                  'appointment.cancellation_undone', 'appointment.departure_undone',
                                  'appointment.no_show_undone', 'appointment.completion_undone')
         ), created_at) AS taken_at
  FROM crowded
)
SELECT one.reference AS earlier, other.reference AS later
FROM taken AS one JOIN taken AS other USING (tenant_id, who, cluster)
WHERE one.id <> other.id AND one.begins < other.ends AND other.begins < one.ends
  AND (one.shared = other.shared) IS NOT TRUE
  AND (one.taken_at, one.id) < (other.taken_at, other.id) AND NOT other.overbooked
  AND NOT (one.overbooked AND one.taken_at = other.taken_at)
"""

UNREMARKED = """
SELECT appointment.tenant_id, appointment.reference, notes.sealed
FROM appointments AS appointment LEFT JOIN appointment_notes AS notes USING (tenant_id, id)
WHERE appointment.status IN ('held', 'booked', 'arrived', 'checked_in')
  AND NOT EXISTS (
    SELECT FROM appointment_remarks AS remark
    WHERE (remark.tenant_id, remark.appointment_id) = (appointment.tenant_id, appointment.id)
      AND remark.kind = 'overbook'
  )
"""
"""Occupying appointments on which nobody remarked why a rule was set aside, with what was written at booking."""

_OVERBOOKED = f"{UNREMARKED} AND appointment.overbooked"

_GROUPS = """
SELECT min(reference) AS reference, max(capacity) AS capacity, count(*) AS taken, count(DISTINCT seat) AS seats,
       count(DISTINCT room_id) AS rooms
FROM appointments
WHERE capacity > 1 AND NOT overbooked AND status IN ('held', 'booked', 'arrived', 'checked_in')
GROUP BY tenant_id, consultant_id, visit_type_id, location_id, start_at, end_at
HAVING count(*) > min(capacity) OR count(DISTINCT seat) < count(*) OR count(DISTINCT room_id) > 1
ORDER BY 1
"""

_OCCUPYING = "SELECT count(*) FROM appointments WHERE status IN ('held', 'booked', 'arrived', 'checked_in')"


async def check(evidence: Evidence) -> Finding:
    """Look for overlaps and overfull groups, and for overbooked appointments without a reason."""
    finding = Finding(checked=await evidence.count("appointments", _OCCUPYING))
    for whose in ("consultant", "patient", "room"):
        for pair in await evidence.rows("appointments", _OVERLAPPING, whose):
            same = "in the same room" if whose == "room" else f"of the same {whose}"
            finding.violations.append(f"{pair['later']} overlaps {pair['earlier']} {same}")
    for group in await evidence.rows("appointments", _GROUPS):
        finding.violations.append(
            f"the group of {group['reference']} has {group['taken']} patients on {group['seats']} seats "
            f"of {group['capacity']}, in {group['rooms']} rooms"
        )
    overbooked = await evidence.rows("appointments", _OVERBOOKED)
    finding.violations += [
        f"{reference} is overbooked without a reason" for reference in await without_reason(evidence, overbooked)
    ]
    return finding


async def without_reason(evidence: Evidence, rows: Rows) -> list[str]:
    """Name the appointments whose sealed notes hold no reason for setting a rule aside."""
    found = []
    for row in rows:
        tenant: UUID = row["tenant_id"]
        keys = await evidence.keys("appointments", tenant) if row["sealed"] else None
        if keys is None or not keys.open(row["sealed"]).get("overbook_reason"):
            found.append(str(row["reference"]))
    return found
