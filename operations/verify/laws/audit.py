"""Law 10: every change has an audit event; audit events cannot be changed, and tampering is detected.

From outside, this is seen of it: each row of a service's main tables has the event of its creation; each appointment,
payment and refund is in the state that its last event says; each domain event, written in the same transaction, has
its audit event. An audit event that was altered, or forged, does not carry the right seal (HMAC with the tenant's
key); one that was removed is missed by its row, its state or its domain event, and below a checkpoint by the
checkpoint, as is one that was renumbered or put in between; one that was copied has the mark of another. The numbers of
the events themselves prove nothing: they come from a sequence, which leaves gaps after a rollback or a crash. That a
record was read leaves no other trace than its audit event, so reads that were not noted cannot be found, nor those that
were removed after the last checkpoint.
"""

import json
from collections.abc import AsyncIterator
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from careconnect import audit
from careconnect.config import SERVICES
from careconnect.crypto import TenantKeys
from operations.verify.evidence import Evidence, Rows
from operations.verify.finding import Finding
from operations.verify.laws.append_only import append_only
from operations.verify.laws.chain import Chain

TABLES = ("audit_events", "outbox_events", "audit_checkpoints")
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
_COPIED = """
SELECT min(id) AS first, max(id) AS last FROM audit_events WHERE mark IS NOT NULL
GROUP BY tenant_id, mark HAVING count(*) > 1
"""
_CHECKPOINTS = "SELECT * FROM audit_checkpoints ORDER BY tenant_id, number"
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
        for row in await evidence.rows(service, _COPIED):
            finding.violations.append(f"audit event {row['last']} of {service} is a copy of {row['first']}")
        finding += await _seals(evidence, service)
        finding.violations += await append_only(evidence, service, TABLES)
    return finding


async def _seals(evidence: Evidence, service: str) -> Finding:
    """Compute every seal anew. An event of a tenant without a key cannot have been written by the service."""
    finding = Finding()
    chains: dict[UUID, Chain] = {}
    async for batch in _batches(evidence, service, chains):
        finding.checked += len(batch)
        for row in batch:
            tenant_id = row["tenant_id"]
            if tenant_id not in chains:
                chains[tenant_id] = Chain(tenant_id, await evidence.keys(service, tenant_id), [])
            chain = chains[tenant_id]
            chain.pass_by(row["id"], row["seal"])
            if not _sealed(chain.keys, row):
                what = f"audit event {row['id']} of {service} ({row['action']} of {row['entity_id']})"
                finding.violations.append(f"{what} was changed or forged: its seal is wrong")
    for chain in chains.values():
        finding.violations += [f"{service}: {said}" for said in chain.end()]
    return finding


def _sealed(keys: TenantKeys | None, row: Any) -> bool:
    if keys is None:
        return False
    said = {**row, "data": json.loads(row["data"])}
    return bool(audit.seal(keys.audit_key, said) == row["seal"])


async def _batches(evidence: Evidence, service: str, chains: dict[UUID, Chain]) -> AsyncIterator[Rows]:
    """Read the checkpoints into `chains`, then the events in batches, for they may be many; all of one moment."""
    connection = await evidence.database(service)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for tenant_id, checkpoints in groupby(await connection.fetch(_CHECKPOINTS), key=itemgetter("tenant_id")):
            chains[tenant_id] = Chain(tenant_id, await evidence.keys(service, tenant_id), list(checkpoints))
        cursor = await connection.cursor(_EVENTS)
        while batch := await cursor.fetch(BATCH):
            yield batch
