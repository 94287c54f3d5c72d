"""Law 7: at most one message per appointment, version, channel and offset, and none that is wrong or unwanted.

A message speaks of a time to come if it is a confirmation, a reminder, a notice of rescheduling (one because of an
absence included) or an offer of a held time. Such a message is wrong when the appointment was moved, cancelled or given
back before the message was asked for, or before its delivery began; a delivery has its message to itself for up to a
minute, and between reading the appointment and asking there may be seconds. A message is unwanted when its patient had
opted out of the channel before it was asked for.
"""

import json
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from operations.verify.evidence import Evidence
from operations.verify.finding import Finding

ASKING = timedelta(seconds=5)
DELIVERY = timedelta(seconds=60)
BATCH = 20_000

_SENT = "SELECT count(*) FROM messages"
_TWICE = """
SELECT appointment_id, appointment_version, channel, template, offset_hours, count(*) AS times
FROM messages WHERE appointment_id IS NOT NULL
GROUP BY tenant_id, appointment_id, appointment_version, channel, template, offset_hours, payment_id
HAVING count(*) > 1
"""
_PERISHABLE = """
SELECT tenant_id, id, appointment_id, appointment_version, queued_at, sent_at FROM messages
WHERE status = 'sent' AND appointment_id IS NOT NULL
  AND template IN ('booking_confirmation', 'reminder', 'rescheduling', 'waitlist_offer', 'absence_moved',
                   'absence_choice', 'absence_withdrawn')
"""
_CHANGES = """
SELECT asked.tenant_id, event.entity_id, event.at, event.action, event.data
FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS pair(tenant_id, id)) AS asked
JOIN audit_events AS event ON event.tenant_id = asked.tenant_id AND event.entity_id = asked.id
WHERE event.entity = 'appointment' AND event.action IN (
  'appointment.rescheduled', 'appointment.cancelled', 'appointment.released', 'appointment.expired')
"""
_TO_OPTED_OUT = """
SELECT message.id, message.channel
FROM messages AS message
LEFT JOIN preferences AS now ON now.tenant_id = message.tenant_id AND now.id = message.patient_id
LEFT JOIN LATERAL (
  SELECT data FROM audit_events AS event
  WHERE event.tenant_id = message.tenant_id AND event.entity = 'patient' AND event.entity_id = message.patient_id
    AND event.action = 'preferences.changed' AND event.at <= message.queued_at
  ORDER BY event.id DESC LIMIT 1
) AS past ON true
WHERE message.status = 'sent' AND now.id IS NOT NULL AND NOT CASE
  WHEN now.updated_at <= message.queued_at THEN CASE message.channel WHEN 'email' THEN now.email ELSE now.sms END
  ELSE coalesce((past.data ->> message.channel)::boolean, true) END
"""


async def check(evidence: Evidence) -> Finding:
    """Look for messages that should not have left."""
    finding = Finding(checked=await evidence.count("notifications", _SENT))
    for row in await evidence.rows("notifications", _TWICE):
        what = f"{row['template']} by {row['channel']} about version {row['appointment_version']}"
        finding.violations.append(f"{row['times']} messages {what} of appointment {row['appointment_id']}")
    for row in await evidence.rows("notifications", _TO_OPTED_OUT):
        finding.violations.append(f"message {row['id']} was sent by {row['channel']} to somebody who had opted out")
    finding.violations += await _overtaken(evidence)
    return finding


async def _overtaken(evidence: Evidence) -> list[str]:
    sent = await evidence.rows("notifications", _PERISHABLE)
    found = []
    for begin in range(0, len(sent), BATCH):
        batch = sent[begin : begin + BATCH]
        tenants, appointments = [row["tenant_id"] for row in batch], [row["appointment_id"] for row in batch]
        changes: dict[tuple[UUID, UUID], list[Any]] = defaultdict(list)
        for row in await evidence.rows("appointments", _CHANGES, tenants, appointments):
            changes[row["tenant_id"], row["entity_id"]].append(row)
        for message in batch:
            about = changes.get((message["tenant_id"], message["appointment_id"]), [])
            found += [_sentence(message, event) for event in about if _too_late(message, event)]
    return found


def _too_late(message: Any, event: Any) -> bool:
    if event["action"] == "appointment.rescheduled":
        version = json.loads(event["data"])["version"]
        if message["appointment_version"] is None or message["appointment_version"] >= version:
            return False
    at: datetime = event["at"]
    return bool(at < message["queued_at"] - ASKING or at < message["sent_at"] - DELIVERY)


def _sentence(message: Any, event: Any) -> str:
    what = event["action"].partition(".")[2]
    about = f"version {message['appointment_version']} of appointment {message['appointment_id']}"
    return f"message {message['id']} about {about} left after that was {what}"
