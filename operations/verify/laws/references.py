"""The part of law 11 that no database can hold: ids that one service keeps of another stay within their tenant.

Only an id that exists with another tenant is found here. One that exists nowhere tells nothing about anybody.
"""

from dataclasses import dataclass

from operations.verify.evidence import Evidence
from operations.verify.finding import Finding

BATCH = 50_000


@dataclass(frozen=True)
class Reference:
    """A column of one service that names a row of another."""

    service: str
    table: str
    column: str
    to_service: str
    to_table: str


REFERENCES = (
    Reference("appointments", "appointments", "patient_id", "patients", "patients"),
    Reference("appointments", "appointments", "consultant_id", "consultants", "consultants"),
    Reference("appointments", "appointments", "visit_type_id", "consultants", "visit_types"),
    Reference("appointments", "appointments", "location_id", "identity", "locations"),
    Reference("consultants", "schedule_blocks", "location_id", "identity", "locations"),
    Reference("consultants", "schedule_exceptions", "location_id", "identity", "locations"),
    Reference("payments", "invoices", "patient_id", "patients", "patients"),
    Reference("payments", "invoices", "appointment_id", "appointments", "appointments"),
    Reference("payments", "payments", "patient_id", "patients", "patients"),
    Reference("payments", "payments", "appointment_id", "appointments", "appointments"),
    Reference("notifications", "messages", "patient_id", "patients", "patients"),
    Reference("notifications", "messages", "appointment_id", "appointments", "appointments"),
    Reference("notifications", "messages", "payment_id", "payments", "payments"),
    Reference("notifications", "preferences", "id", "patients", "patients"),
    Reference("notifications", "cutoffs", "id", "appointments", "appointments"),
    Reference("identity", "staff", "consultant_id", "consultants", "consultants"),
    Reference("reports", "snapshots", "location_id", "identity", "locations"),
)

_NAMED = "SELECT DISTINCT tenant_id, {column} AS id FROM {table} WHERE {column} IS NOT NULL"
_ELSEWHERE = """
SELECT named.tenant_id, named.id FROM unnest($1::uuid[], $2::uuid[]) AS named(tenant_id, id)
JOIN {table} AS there ON there.id = named.id
GROUP BY 1, 2 HAVING bool_and(there.tenant_id <> named.tenant_id)
"""
_TENANTS = "SELECT count(DISTINCT tenant_id) FROM data_keys"


async def strangers(evidence: Evidence) -> Finding:
    """Find ids of rows that belong to another tenant. Where there is only one tenant, there are none to find."""
    finding = Finding()
    for one in REFERENCES:
        if await evidence.count(one.to_service, _TENANTS) > 1 or await evidence.count(one.service, _TENANTS) > 1:
            finding += await _strangers(evidence, one)
    return finding


async def _strangers(evidence: Evidence, one: Reference) -> Finding:
    named = await evidence.rows(one.service, _NAMED.format(table=one.table, column=one.column))
    finding = Finding(checked=len(named))
    for begin in range(0, len(named), BATCH):
        batch = named[begin : begin + BATCH]
        tenants, ids = [row["tenant_id"] for row in batch], [row["id"] for row in batch]
        for row in await evidence.rows(one.to_service, _ELSEWHERE.format(table=one.to_table), tenants, ids):
            place = f"{one.table}.{one.column} of {one.service}"
            finding.violations.append(f"{place} names {row['id']}, which is not of tenant {row['tenant_id']}")
    return finding
