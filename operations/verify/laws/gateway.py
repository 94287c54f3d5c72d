"""Law 5: each charge and refund of the gateway's own list is one payment or refund here with the same amount, and back.

The list comes from the gateway itself. Money of the desk never went through a gateway. An authorisation of a hold that
has not run out may be written down later: its booking repeats the question until it has the answer.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from operations.verify.evidence import Evidence
from operations.verify.finding import Finding
from services.payments.client import PaymentsClient
from services.payments.schemas import GatewayCharge
from workflows.ids import payment_of

PAGE = 200
_TENANTS = """
SELECT tenant_id FROM payments UNION SELECT tenant_id FROM sandbox_charges
UNION SELECT tenant_id FROM gateway_accounts WHERE active
"""
_GATEWAYS = """
SELECT gateway FROM payments WHERE tenant_id = $1 AND gateway <> 'desk'
UNION SELECT kind FROM gateway_accounts WHERE tenant_id = $1 AND active
UNION SELECT 'sandbox' FROM sandbox_charges WHERE tenant_id = $1
"""
_PAYMENTS = """
SELECT id, invoice_id, status, amount, captured, refunded, currency, gateway, gateway_reference, decline_code
FROM payments WHERE tenant_id = $1 AND gateway <> 'desk'
"""
_REFUNDS = """
SELECT refund.id, refund.payment_id, refund.amount, refund.currency, refund.status
FROM refunds AS refund JOIN payments AS payment
  ON payment.tenant_id = refund.tenant_id AND payment.id = refund.payment_id
WHERE refund.tenant_id = $1 AND payment.gateway <> 'desk'
"""
_HELD = "SELECT id FROM appointments WHERE tenant_id = $1 AND status = 'held' AND hold_expires_at > now()"
_SAME_STATUS = {
    "authorised": {"authorised"},
    "captured": {"captured"},
    "voided": {"voided", "failed", "declined"},
    "declined": {"declined"},
}


async def check(evidence: Evidence) -> Finding:
    """Compare the books of each tenant with those of the gateway, both ways."""
    finding = Finding()
    for tenant in await evidence.rows("payments", _TENANTS):
        finding += await _compare(evidence, tenant["tenant_id"])
    return finding


async def _compare(evidence: Evidence, tenant_id: UUID) -> Finding:
    finding = Finding()
    listed, listed_refunds = set(), set()
    payments = {row["id"]: row for row in await evidence.rows("payments", _PAYMENTS, tenant_id)}
    refunds = {row["id"]: row for row in await evidence.rows("payments", _REFUNDS, tenant_id)}
    on_their_way = {payment_of(row["id"]) for row in await evidence.rows("appointments", _HELD, tenant_id)}
    async for charge in _charges(evidence, tenant_id):
        listed.add(charge.reference)
        finding.checked += 1 + len(charge.refunds)
        payment = payments.get(charge.reference)
        if payment is None and charge.status in {"authorised", "declined"} and charge.reference in on_their_way:
            continue
        finding.violations += [f"charge {charge.id}: {wrong}" for wrong in _differences(charge, payment)]
        for refund in charge.refunds:
            listed_refunds.add(refund.reference)
            row = refunds.get(refund.reference)
            if row is None or not _same_refund(row, refund.payment, refund.amount.amount, refund.amount.currency):
                finding.violations.append(f"refund {refund.id} of {refund.amount.amount} is not written down here")
    finding.violations += [
        f"payment {key} is {row['status']} and the gateway has no charge for it"
        for key, row in payments.items()
        if key not in listed and _needs_charge(row)
    ]
    finding.violations += [
        f"refund {key} succeeded and the gateway has not heard of it"
        for key, row in refunds.items()
        if key not in listed_refunds and row["status"] == "succeeded"
    ]
    return finding


async def _charges(evidence: Evidence, tenant_id: UUID) -> AsyncIterator[GatewayCharge]:
    """Go through the list of each gateway that the tenant's money ever went through."""
    client = (await evidence.services()).client(PaymentsClient)
    actor = Actor.system("payments:read", tenant_id=tenant_id)
    for used in await evidence.rows("payments", _GATEWAYS, tenant_id):
        cursor, more = None, True
        while more:
            page = await client.gateway_charges(actor, gateway=used["gateway"], limit=PAGE, cursor=cursor)
            for charge in page.items:
                yield charge
            cursor, more = page.next_cursor, page.next_cursor is not None


def _differences(charge: GatewayCharge, payment: Any) -> list[str]:
    if payment is None:
        return [f"{charge.amount.amount} is {charge.status} and no payment here tells of it"]
    found = []
    if payment["gateway_reference"] != charge.id or payment["gateway"] != charge.gateway:
        found.append(f"payment {payment['id']} names another charge")
    if payment["currency"] != charge.amount.currency or payment["amount"] != charge.amount.amount:
        found.append(f"the amount is {charge.amount.amount} there and {payment['amount']} here")
    if payment["invoice_id"] is None:
        if charge.captured != charge.refunded or charge.status == "authorised":
            found.append(f"it is {charge.status} there although it was released here")
    elif payment["status"] not in _SAME_STATUS[charge.status]:
        found.append(f"it is {charge.status} there and {payment['status']} here")
    found += [
        f"{name} is {there} there and {payment[name]} here"
        for name, there in (("captured", charge.captured.amount), ("refunded", charge.refunded.amount))
        if payment["invoice_id"] is not None and payment[name] != there
    ]
    return found


def _same_refund(row: Any, payment_id: UUID, amount: int, currency: str) -> bool:
    said = (row["status"], row["payment_id"], row["amount"], row["currency"])
    return bool(said == ("succeeded", payment_id, amount, currency))


def _needs_charge(payment: Any) -> bool:
    """Tell whether the gateway must know it: not a door that was closed early, nor what was found to have no charge."""
    if payment["decline_code"] == "no_charge":
        return False
    return payment["invoice_id"] is not None or payment["gateway_reference"] is not None
