"""Law 10: every change has an audit event; audit events cannot be changed, and tampering is detected.

From outside, this is seen of it: each row of a service's main tables has the event of its creation; each appointment,
payment and refund is in the state that its last event says; each domain event, written in the same transaction, has
its audit event. An audit event that was altered, or forged, does not carry the right seal (HMAC with the tenant's
key); one that was removed is missed by its row, its state or its domain event. The numbers of the events themselves
prove nothing: they come from a sequence, which leaves gaps after a rollback or a crash. That a record was read leaves
no other trace than its audit event, so reads that were not noted cannot be found.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from careconnect import audit
from careconnect.config import SERVICES
from careconnect.crypto import TenantKeys
from operations.verify.evidence import Evidence, Rows
from operations.verify.finding import Finding
from operations.verify.laws.append_only import append_only

TABLES = ("audit_events", "outbox_events")
BATCH = 10_000

_CREATED = {
    ("patients", "patients", "patient"): ["patient.registered"],
    ("consultants", "consultants", "consultant"): ["consultant.registered"],
    ("consultants", "visit_types", "visit_type"): ["visit_type.added"],
    ("appointments", "appointments", "appointment"): ["appointment.held", "appointment.booked"],
    ("appointments", "holds", "hold"): ["hold.placed"],
    ("appointments", "series", "series"): ["series.planned"],
    ("appointments", "waitlist_entries", "waitlist_entry"): ["waitlist.joined"],
    ("payments", "invoices", "invoice"): ["invoice.issued"],
    ("payments", "payments", "payment"): [
        f"payment.{how}" for how in ("pending", "authorised", "captured", "declined", "failed", "voided", "released")
    ],
    ("payments", "refunds", "refund"): ["refund.requested", "refund.succeeded"],
    ("payments", "payers", "payer"): ["payer.entered"],
    ("payments", "coverages", "coverage"): ["coverage.entered"],
    ("payments", "claims", "claim"): ["claim.drafted"],
    ("notifications", "messages", "message"): ["message.queued"],
    ("identity", "tenants", "tenant"): ["tenant.begun"],
    ("identity", "locations", "location"): ["location.opened"],
    ("identity", "staff", "staff"): ["staff.engaged"],
    ("identity", "api_clients", "api_client"): ["client.admitted"],
}
"""By service, table and entity: the events that tell of a row's creation."""
_STATES = (
    ("appointments", "appointments", "appointment"),
    ("payments", "payments", "payment"),
    ("payments", "refunds", "refund"),
    ("payments", "claims", "claim"),
)

_WITHOUT_EVENT = """
SELECT id FROM {table} AS made WHERE NOT EXISTS (
  SELECT FROM audit_events AS event
  WHERE event.tenant_id = made.tenant_id AND event.entity = $1 AND event.entity_id = made.id
    AND event.action = ANY($2::text[]))
"""
_OTHER_STATE = """
SELECT made.id, made.status, told.status AS last FROM {table} AS made JOIN (
  SELECT DISTINCT ON (tenant_id, entity_id) tenant_id, entity_id, data->>'status' AS status
  FROM audit_events WHERE entity = $1 AND data ? 'status' ORDER BY tenant_id, entity_id, id DESC
) AS told ON told.tenant_id = made.tenant_id AND told.entity_id = made.id
WHERE made.status <> told.status
"""
_UNPAIRED = """
SELECT told.id, told.type, told.entity_id FROM outbox_events AS told WHERE NOT EXISTS (
  SELECT FROM audit_events AS event
  WHERE event.tenant_id = told.tenant_id AND event.entity = told.entity AND event.entity_id = told.entity_id
    AND event.action = told.type AND event.at = told.at)
"""
_EVENTS = "SELECT * FROM audit_events ORDER BY tenant_id, id"


async def check(evidence: Evidence) -> Finding:
    """Look for changes without an event, and for events that were changed or removed."""
    finding = Finding()
    for (service, table, entity), actions in _CREATED.items():
        for row in await evidence.rows(service, _WITHOUT_EVENT.format(table=table), entity, actions):
            finding.violations.append(f"{entity} {row['id']} has no audit event of its creation")
    for service, table, entity in _STATES:
        for row in await evidence.rows(service, _OTHER_STATE.format(table=table), entity):
            said = f"its last audit event says {row['last']}"
            finding.violations.append(f"{entity} {row['id']} is {row['status']}, {said}")
    for service in SERVICES:
        for row in await evidence.rows(service, _UNPAIRED):
            what = f"{row['type']} of {row['entity_id']}"
            finding.violations.append(f"the audit event of {service}'s domain event {row['id']} ({what}) is missing")
        finding += await _seals(evidence, service)
        finding.violations += await append_only(evidence, service, TABLES)
    return finding


async def _seals(evidence: Evidence, service: str) -> Finding:
    """Compute every seal anew. An event of a tenant without a key cannot have been written by the service."""
    finding = Finding()
    keys: dict[UUID, TenantKeys | None] = {}
    async for batch in _batches(evidence, service):
        finding.checked += len(batch)
        for row in batch:
            tenant_id = row["tenant_id"]
            if tenant_id not in keys:
                keys[tenant_id] = await evidence.keys(service, tenant_id)
            if not _sealed(keys[tenant_id], row):
                what = f"audit event {row['id']} of {service} ({row['action']} of {row['entity_id']})"
                finding.violations.append(f"{what} was changed or forged: its seal is wrong")
    return finding


def _sealed(keys: TenantKeys | None, row: Any) -> bool:
    if keys is None:
        return False
    said = {**row, "data": json.loads(row["data"])}
    return bool(audit.seal(keys.audit_key, said) == row["seal"])


async def _batches(evidence: Evidence, service: str) -> AsyncIterator[Rows]:
    """Read the events in batches, for they may be many, all of one moment. The keys are asked for in between."""
    connection = await evidence.database(service)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(_EVENTS)
        while batch := await cursor.fetch(BATCH):
            yield batch
