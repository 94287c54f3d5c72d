"""Law 4: captured money is kept only for a visit that took place or still will, or as far as a policy says so.

What is kept of a payment is what was captured less what went back or is going back. An invoice without an appointment
is not about a visit, and its money may be kept. After a cancellation the visit type's late fee may be kept, if it was
late; after a no-show its no-show fee; while either can be undone, all of it. A policy that was changed after the
time was taken cannot be looked up any more; then any fee up to the whole price is allowed. Nothing is captured beyond
an invoice's total, but for what is the patient's credit: that is owed to the patient, and not kept. Nor is what a
gateway took back after it had returned it, while that stands under Attention to be sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from careconnect.money import Money
from operations.verify.evidence import Evidence, Rows
from operations.verify.finding import Finding
from operations.verify.laws.undoing import may_be_undone
from services.consultants.schemas import CancellationPolicy

BATCH = 20_000
SAME_MOMENT = timedelta(minutes=1)
"""A cancellation is judged late by the process that asks for it, a moment before it is written down."""

_CAPTURED = "SELECT count(*) FROM payments WHERE captured > 0"
_KEPT = """
SELECT invoice.tenant_id, invoice.number, invoice.appointment_id, invoice.total, invoice.currency,
       sum(payment.captured - payment.surplus
           - (payment.refunding + payment.refunded - payment.surplus_back))::bigint AS kept
FROM payments AS payment JOIN invoices AS invoice
  ON invoice.tenant_id = payment.tenant_id AND invoice.id = payment.invoice_id
WHERE payment.captured - payment.surplus > payment.refunding + payment.refunded - payment.surplus_back
  AND invoice.appointment_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM orphans WHERE orphans.tenant_id = payment.tenant_id AND orphans.payment_id = payment.id
      AND orphans.kind = 'refund_failed' AND orphans.status IN ('open', 'mending'))
GROUP BY invoice.tenant_id, invoice.id
"""
_HOMELESS = """
SELECT payment.id FROM payments AS payment LEFT JOIN invoices AS invoice
  ON invoice.tenant_id = payment.tenant_id AND invoice.id = payment.invoice_id
WHERE payment.captured > payment.refunding + payment.refunded AND invoice.id IS NULL
"""
_TWICE = """
SELECT invoice.number, invoice.total, sum(payment.captured - payment.surplus)::bigint AS captured
FROM invoices AS invoice JOIN payments AS payment
  ON payment.tenant_id = invoice.tenant_id AND payment.invoice_id = invoice.id
GROUP BY invoice.tenant_id, invoice.id HAVING sum(payment.captured - payment.surplus) > invoice.total
"""
_ENDED = """
SELECT asked.position, appointment.reference, appointment.status, appointment.status_since, appointment.start_at,
       appointment.cancellation_reason, appointment.undo_until,
       appointment.visit_type_id, appointment.created_at
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked(tenant_id, id, position)
LEFT JOIN appointments AS appointment USING (tenant_id, id)
WHERE appointment.id IS NULL OR appointment.status NOT IN ('held', 'booked', 'arrived', 'checked_in', 'fulfilled')
"""
_POLICIES = "SELECT tenant_id, id, cancellation_policy, updated_at FROM visit_types"


async def check(evidence: Evidence) -> Finding:
    """Find money that is kept without a right to it, and money that was taken twice."""
    finding = Finding(checked=await evidence.count("payments", _CAPTURED))
    for row in await evidence.rows("payments", _HOMELESS):
        finding.violations.append(f"payment {row['id']} is captured without an invoice")
    for row in await evidence.rows("payments", _TWICE):
        finding.violations.append(f"{row['captured']} was captured for {row['number']}, whose total is {row['total']}")
    policies = await _policies(evidence)
    kept = await evidence.rows("payments", _KEPT)
    for begin in range(0, len(kept), BATCH):
        finding.violations += await _without_right(evidence, kept[begin : begin + BATCH], policies)
    return finding


@dataclass(frozen=True)
class Policy:
    """What a visit type's policy lets the clinic keep, and since when it says so."""

    since: datetime
    free_until: timedelta
    said: CancellationPolicy

    def allows(self, ended: Any, total: Money) -> int:
        """Tell how many minor units of `total` may be kept of an appointment that ended."""
        if ended["status"] == "no_show":
            return self._whole_or(ended, total, self.said.missing_fee(total))
        if ended["status"] != "cancelled":
            return 0
        late = ended["status_since"] + SAME_MOMENT > ended["start_at"] - self.free_until
        return self._whole_or(ended, total, self.said.cancellation_fee(total)) if late else 0

    def _whole_or(self, ended: Any, total: Money, fee: Money) -> int:
        return total.amount if self.since > ended["created_at"] else fee.amount


async def _policies(evidence: Evidence) -> dict[tuple[UUID, UUID], Policy]:
    found = {}
    for row in await evidence.rows("consultants", _POLICIES):
        said = CancellationPolicy.model_validate_json(row["cancellation_policy"])
        found[row["tenant_id"], row["id"]] = Policy(
            since=row["updated_at"],
            free_until=timedelta(hours=said.free_until_hours),
            said=said,
        )
    return found


async def _without_right(evidence: Evidence, kept: Rows, policies: dict[tuple[UUID, UUID], Policy]) -> Sequence[str]:
    tenants, appointments = [row["tenant_id"] for row in kept], [row["appointment_id"] for row in kept]
    found = []
    for ended in await evidence.rows("appointments", _ENDED, tenants, appointments):
        row = kept[ended["position"] - 1]
        if ended["status"] is None:
            found.append(f"{row['kept']} is kept for {row['number']}, whose appointment does not exist")
        elif not may_be_undone(ended):
            policy = policies.get((row["tenant_id"], ended["visit_type_id"]))
            allowed = policy.allows(ended, Money(amount=row["total"], currency=row["currency"])) if policy else 0
            if row["kept"] > allowed:
                what = f"{ended['reference']} is {ended['status']} and {row['kept']} is kept for {row['number']}"
                found.append(f"{what}; its policy allows {allowed}")
    return found
