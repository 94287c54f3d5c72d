"""Our own books against each other, a page of ids at a time: invoices, payments, refunds, and the ledger both ways."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from careconnect import clock
from careconnect.db import ReadSession, WriteSession
from careconnect.money import Money
from services.payments.checking.orphans import note
from services.payments.schemas import (
    BooksAsk,
    BooksCompared,
    Compared,
    Kept,
    KeptOf,
    KeptPage,
    OrphanNote,
)

_FIRST = UUID(int=0)
_TABLES = {
    "invoices": "invoices", "payments": "payments", "refunds": "refunds", "entries": "ledger_entries",
    "claims": "claims", "drawers": "cash_drawers",
}  # fmt: skip
STUCK = timedelta(minutes=15)
"""How long a refund may be under way at the gateway before somebody looks."""

# Debits of an entry are what it moves; receivables are what an invoice is owed by patients and payers.
_BOOKED = """
LEFT JOIN LATERAL (
  SELECT sum(line.amount) FILTER (WHERE line.amount > 0) AS moved,
         sum(line.amount) FILTER (WHERE line.account IN ('receivables', 'payer_receivables')) AS owed
  FROM ledger_entries AS entry JOIN ledger_lines AS line
    ON line.tenant_id = entry.tenant_id AND line.entry_id = entry.id
  WHERE entry.kind = '%s' AND entry.tenant_id = %s.tenant_id AND entry.subject_id = %s.id
) AS %s ON true
"""
_INVOICES = """
SELECT CASE
    WHEN invoice.paid <> money.paid OR invoice.refunded <> money.refunded OR invoice.reserved <> money.reserved
      OR invoice.total <> line.total THEN 'invoice_sums' ELSE 'not_booked' END AS kind,
  invoice.id AS subject_id, NULL::uuid AS payment_id, invoice.id AS invoice_id, invoice.appointment_id,
  CASE WHEN invoice.paid <> money.paid THEN 'paid' WHEN invoice.refunded <> money.refunded THEN 'refunded'
    WHEN invoice.reserved <> money.reserved THEN 'reserved' WHEN invoice.total <> line.total THEN 'total'
    WHEN coalesce(issued.owed, 0) <> invoice.total + off.amount THEN 'invoice.issued'
    WHEN /*unearned*/ THEN 'invoice.earned' WHEN /*uncredited*/ THEN 'invoice.credited'
    WHEN invoice.status = 'entered_in_error' THEN 'invoice.entered_in_error'
    ELSE 'invoice.cancelled' END AS detail,
  invoice.currency,
  CASE WHEN invoice.paid <> money.paid THEN invoice.paid WHEN invoice.refunded <> money.refunded THEN invoice.refunded
    WHEN invoice.reserved <> money.reserved THEN invoice.reserved
    WHEN invoice.total = line.total AND /*unreversed*/ THEN 0 ELSE invoice.total END AS here,
  CASE WHEN invoice.paid <> money.paid THEN money.paid WHEN invoice.refunded <> money.refunded THEN money.refunded
    WHEN invoice.reserved <> money.reserved THEN money.reserved WHEN invoice.total <> line.total THEN line.total
    WHEN /*unreversed*/ THEN (SELECT sum(abs(amount)) / 2 FROM /*left*/)::bigint
    ELSE coalesce(issued.owed, 0) END AS there
FROM invoices AS invoice
CROSS JOIN LATERAL (
  SELECT coalesce(sum(captured - surplus) FILTER (WHERE status = 'captured'), 0)::bigint AS paid,
         (coalesce(sum(refunded), 0) - coalesce(sum((
           SELECT sum(surplus) FROM refunds
           WHERE tenant_id = payment.tenant_id AND payment_id = payment.id AND status = 'succeeded')
         ) FILTER (WHERE surplus > 0 AND refunded > 0), 0))::bigint AS refunded,
         coalesce(sum(amount - surplus) FILTER (WHERE status = 'authorised'), 0)::bigint AS reserved
  FROM payments AS payment WHERE tenant_id = invoice.tenant_id AND invoice_id = invoice.id
) AS money
CROSS JOIN LATERAL (
  SELECT coalesce(sum(total), 0)::bigint AS total FROM invoice_lines
  WHERE tenant_id = invoice.tenant_id AND invoice_id = invoice.id
) AS line
CROSS JOIN LATERAL (
  SELECT coalesce(sum(amount), 0)::bigint AS amount FROM discounts
  WHERE tenant_id = invoice.tenant_id AND invoice_id = invoice.id
) AS off
/*issued*/
/*cancelled*/
WHERE invoice.id > :after AND invoice.id <= :last AND invoice.updated_at <= :young AND (
  invoice.paid <> money.paid OR invoice.refunded <> money.refunded OR invoice.reserved <> money.reserved
  OR invoice.total <> line.total
  OR (invoice.status <> 'draft' AND coalesce(issued.owed, 0) <> invoice.total + off.amount)
  OR (invoice.status = 'cancelled' AND invoice.total > invoice.credited AND cancelled.moved IS NULL)
  OR /*unearned*/ OR /*uncredited*/ OR /*unreversed*/)
"""
# Looked into only where there is something to look for, since most invoices have neither.
_UNEARNED = """(invoice.deferred AND invoice.earned_as IS NOT NULL AND invoice.total > invoice.credited
  AND invoice.status <> 'cancelled' AND NOT EXISTS (
    SELECT FROM ledger_entries
    WHERE tenant_id = invoice.tenant_id AND kind = 'invoice.earned' AND subject_id = invoice.id))"""
_UNCREDITED = """(invoice.credited > 0 AND invoice.credited <> (
  SELECT coalesce(sum(credit.amount) FILTER (WHERE EXISTS (
    SELECT FROM ledger_entries
    WHERE tenant_id = credit.tenant_id AND kind = 'invoice.credited' AND subject_id = credit.id)), 0)
  FROM invoice_credits AS credit WHERE credit.tenant_id = invoice.tenant_id AND credit.invoice_id = invoice.id))"""
# What an invoice that should never have been has left in any account, with all that was booked for it.
_LEFT = """(SELECT sum(line.amount) AS amount
    FROM ledger_entries AS entry JOIN ledger_lines AS line
      ON line.tenant_id = entry.tenant_id AND line.entry_id = entry.id
    WHERE entry.tenant_id = invoice.tenant_id AND entry.kind IN ('invoice.issued', 'invoice.earned',
        'invoice.discounted', 'invoice.credited', 'claim.returned', 'invoice.entered_in_error')
      AND entry.subject_id IN (SELECT invoice.id
        UNION ALL SELECT id FROM discounts WHERE tenant_id = invoice.tenant_id AND invoice_id = invoice.id
        UNION ALL SELECT id FROM invoice_credits WHERE tenant_id = invoice.tenant_id AND invoice_id = invoice.id
        UNION ALL SELECT step.id FROM claim_steps AS step JOIN claims AS claim
          ON claim.tenant_id = step.tenant_id AND claim.id = step.claim_id
        WHERE claim.tenant_id = invoice.tenant_id AND claim.invoice_id = invoice.id)
    GROUP BY line.account HAVING sum(line.amount) <> 0) AS left_over"""
_UNREVERSED = f"(invoice.status = 'entered_in_error' AND EXISTS (SELECT FROM {_LEFT}))"
_PAYMENTS = """
SELECT CASE WHEN payment.refunded <> back.refunded OR payment.refunding <> back.refunding
    THEN 'payment_sums' ELSE 'not_booked' END AS kind,
  payment.id AS subject_id, payment.id AS payment_id, payment.invoice_id, payment.appointment_id,
  CASE WHEN payment.refunded <> back.refunded THEN 'refunded' WHEN payment.refunding <> back.refunding THEN 'refunding'
    ELSE 'payment.captured' END AS detail,
  payment.currency,
  CASE WHEN payment.refunded <> back.refunded THEN payment.refunded
    WHEN payment.refunding <> back.refunding THEN payment.refunding ELSE payment.captured END AS here,
  CASE WHEN payment.refunded <> back.refunded THEN back.refunded
    WHEN payment.refunding <> back.refunding THEN back.refunding ELSE coalesce(taken.moved, 0) END AS there
FROM payments AS payment
CROSS JOIN LATERAL (
  SELECT coalesce(sum(amount) FILTER (WHERE status = 'succeeded'), 0)::bigint AS refunded,
         coalesce(sum(amount) FILTER (WHERE status = 'pending'), 0)::bigint AS refunding
  FROM refunds WHERE tenant_id = payment.tenant_id AND payment_id = payment.id
) AS back
/*taken*/
WHERE payment.id > :after AND payment.id <= :last AND payment.updated_at <= :young AND (
  payment.refunded <> back.refunded OR payment.refunding <> back.refunding
  OR (payment.captured <> coalesce(taken.moved, 0) AND payment.captured <> coalesce(taken.moved, 0) + (
    SELECT coalesce(sum(amount), 0) FROM payment_corrections
    WHERE tenant_id = payment.tenant_id AND payment_id = payment.id)))
"""
_REFUNDS = """
SELECT CASE refund.status WHEN 'pending' THEN 'refund_stuck' ELSE 'not_booked' END AS kind,
  refund.id AS subject_id, refund.payment_id, NULL::uuid AS invoice_id, NULL::uuid AS appointment_id,
  CASE refund.status WHEN 'pending' THEN 'pending' ELSE 'refund.succeeded' END AS detail, refund.currency,
  refund.amount AS here, CASE refund.status WHEN 'pending' THEN 0 ELSE coalesce(gone.moved, 0) END AS there
FROM refunds AS refund
/*gone*/
WHERE refund.id > :after AND refund.id <= :last AND refund.updated_at <= :young AND (
  ((refund.status = 'succeeded' OR refund.reversed_at IS NOT NULL) AND coalesce(gone.moved, 0) <> refund.amount)
  OR (refund.status <> 'succeeded' AND refund.reversed_at IS NULL AND gone.moved IS NOT NULL)
  OR (refund.reversed_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM ledger_entries
    WHERE tenant_id = refund.tenant_id AND kind = 'refund.reversed' AND subject_id = refund.id))
  OR (refund.status = 'pending' AND refund.created_at <= :stuck))
UNION ALL
SELECT 'refund_failed', refund.id, payment.id, payment.invoice_id, payment.appointment_id, refund.failure,
  refund.currency, least(refund.amount, payment.captured - payment.refunded - payment.refunding), NULL::bigint
FROM refunds AS refund JOIN payments AS payment
  ON payment.tenant_id = refund.tenant_id AND payment.id = refund.payment_id
WHERE refund.id > :after AND refund.id <= :last AND refund.failed_late
  AND payment.captured > payment.refunded + payment.refunding
  AND refund.amount > (
    SELECT coalesce(sum(later.amount), 0) FROM refunds AS later
    WHERE later.tenant_id = refund.tenant_id AND later.payment_id = refund.payment_id AND later.status <> 'failed'
      AND later.created_at >= coalesce(refund.reversed_at, refund.settled_at))
"""
_ENTRIES = """
SELECT 'booked_without_event' AS kind, entry.id AS subject_id, NULL::uuid AS payment_id, NULL::uuid AS invoice_id,
  NULL::uuid AS appointment_id, entry.kind AS detail, NULL AS currency, NULL::bigint AS here, NULL::bigint AS there
FROM ledger_entries AS entry
WHERE entry.id > :after AND entry.id <= :last AND entry.booked_at <= :young AND NOT CASE split_part(entry.kind, '.', 1)
  WHEN 'invoice' THEN CASE entry.kind
    WHEN 'invoice.discounted' THEN EXISTS (
      SELECT FROM discounts WHERE tenant_id = entry.tenant_id AND id = entry.subject_id)
    WHEN 'invoice.credited' THEN EXISTS (
      SELECT FROM invoice_credits WHERE tenant_id = entry.tenant_id AND id = entry.subject_id)
    ELSE EXISTS (SELECT FROM invoices WHERE tenant_id = entry.tenant_id AND id = entry.subject_id
      AND CASE entry.kind WHEN 'invoice.cancelled' THEN status = 'cancelled'
        WHEN 'invoice.entered_in_error' THEN status = 'entered_in_error'
        WHEN 'invoice.earned' THEN earned_as IS NOT NULL ELSE true END) END
  WHEN 'payment' THEN CASE entry.kind
    WHEN 'payment.corrected' THEN EXISTS (
      SELECT FROM payment_corrections WHERE tenant_id = entry.tenant_id AND id = entry.subject_id)
    ELSE EXISTS (SELECT FROM payments WHERE tenant_id = entry.tenant_id AND id = entry.subject_id AND (
      captured > 0 OR EXISTS (SELECT FROM payment_corrections
        WHERE tenant_id = entry.tenant_id AND payment_id = entry.subject_id))) END
  WHEN 'claim' THEN EXISTS (
    SELECT FROM claim_steps WHERE tenant_id = entry.tenant_id AND id = entry.subject_id)
  WHEN 'refund' THEN EXISTS (
    SELECT FROM refunds WHERE tenant_id = entry.tenant_id AND id = entry.subject_id
      AND (reversed_at IS NOT NULL OR (status = 'succeeded' AND entry.kind = 'refund.succeeded')))
  WHEN 'payout' THEN EXISTS (SELECT FROM payouts WHERE tenant_id = entry.tenant_id AND id = entry.subject_id)
  WHEN 'cash' THEN EXISTS (SELECT FROM cash_movements WHERE tenant_id = entry.tenant_id AND id = entry.subject_id)
  WHEN 'drawer' THEN EXISTS (
    SELECT FROM cash_drawers WHERE tenant_id = entry.tenant_id AND id = entry.subject_id AND counted <> expected)
  ELSE true END
"""
_CLAIMS = """
SELECT 'claim_sums' AS kind, claim.id AS subject_id, NULL::uuid AS payment_id, claim.invoice_id, claim.appointment_id,
  CASE WHEN share.here <> share.there THEN 'share' WHEN invoice.payer_paid <> claim.paid THEN 'paid'
    ELSE 'written_off' END AS detail, claim.currency,
  CASE WHEN share.here <> share.there THEN share.here WHEN invoice.payer_paid <> claim.paid THEN claim.paid
    ELSE claim.written_off END AS here,
  CASE WHEN share.here <> share.there THEN share.there WHEN invoice.payer_paid <> claim.paid THEN invoice.payer_paid
    ELSE invoice.written_off END AS there
FROM claims AS claim JOIN invoices AS invoice
  ON invoice.tenant_id = claim.tenant_id AND invoice.id = claim.invoice_id
CROSS JOIN LATERAL (SELECT CASE claim.status WHEN 'cancelled' THEN 0 ELSE claim.amount - claim.returned END AS here,
  CASE claim.status WHEN 'cancelled' THEN 0 ELSE invoice.covered END AS there) AS share
WHERE claim.id > :after AND claim.id <= :last AND greatest(claim.updated_at, invoice.updated_at) <= :young
  AND (share.here <> share.there OR invoice.payer_paid <> claim.paid OR invoice.written_off <> claim.written_off)
"""
_DRAWERS = """
SELECT 'drawer_sums' AS kind, drawer.id AS subject_id, NULL::uuid AS payment_id, NULL::uuid AS invoice_id,
  NULL::uuid AS appointment_id, 'expected' AS detail, drawer.currency, drawer.expected AS here,
  drawer.opening + moved.amount AS there
FROM cash_drawers AS drawer
CROSS JOIN LATERAL (SELECT (
    (SELECT coalesce(sum(captured), 0) FROM payments WHERE tenant_id = drawer.tenant_id AND drawer_id = drawer.id)
    - (SELECT coalesce(sum(amount), 0) FROM refunds
       WHERE tenant_id = drawer.tenant_id AND drawer_id = drawer.id AND status = 'succeeded')
    + (SELECT coalesce(sum(amount), 0) FROM cash_movements
       WHERE tenant_id = drawer.tenant_id AND drawer_id = drawer.id))::bigint AS amount) AS moved
WHERE drawer.id > :after AND drawer.id <= :last AND drawer.updated_at <= :young
  AND drawer.closed_at IS NOT NULL AND drawer.expected <> drawer.opening + moved.amount
"""
_WRONG = {
    "invoices": _INVOICES.replace("/*issued*/", _BOOKED % ("invoice.issued", "invoice", "invoice", "issued"))
    .replace("/*cancelled*/", _BOOKED % ("invoice.cancelled", "invoice", "invoice", "cancelled"))
    .replace("/*unearned*/", _UNEARNED)
    .replace("/*uncredited*/", _UNCREDITED)
    .replace("/*unreversed*/", _UNREVERSED)
    .replace("/*left*/", _LEFT),
    "payments": _PAYMENTS.replace("/*taken*/", _BOOKED % ("payment.captured", "payment", "payment", "taken")),
    "refunds": _REFUNDS.replace("/*gone*/", _BOOKED % ("refund.succeeded", "refund", "refund", "gone")),
    "entries": _ENTRIES,
    "claims": _CLAIMS,
    "drawers": _DRAWERS,
}
_KEPT = """
SELECT invoice.id, invoice.appointment_id, invoice.total, invoice.currency,
  coalesce(max(payment.updated_at), max(invoice.updated_at)) AS since, max(owed.due) AS due,
  coalesce(array_agg(payment.id ORDER BY payment.created_at, payment.id) FILTER (WHERE held.any), '{}') AS payments,
  coalesce(array_agg(held.kept ORDER BY payment.created_at, payment.id) FILTER (WHERE held.any), '{}') AS kept,
  coalesce(array_agg(CASE payment.status WHEN 'authorised' THEN payment.amount ELSE 0 END
    ORDER BY payment.created_at, payment.id) FILTER (WHERE held.any), '{}') AS reserved
FROM invoices AS invoice LEFT JOIN payments AS payment
  ON payment.tenant_id = invoice.tenant_id AND payment.invoice_id = invoice.id
CROSS JOIN LATERAL (SELECT CASE invoice.status WHEN 'issued' THEN invoice.total - invoice.covered - invoice.credited
  - invoice.paid + invoice.returned ELSE 0 END AS due) AS owed
CROSS JOIN LATERAL (SELECT CASE payment.status WHEN 'captured' THEN payment.captured - payment.refunding
  - payment.refunded - payment.surplus + payment.surplus_back ELSE 0 END AS kept) AS sums
CROSS JOIN LATERAL (
  SELECT sums.kept, payment.id IS NOT NULL AND (sums.kept > 0 OR payment.status = 'authorised') AS any) AS held
WHERE invoice.id > :after AND invoice.id <= :last AND invoice.appointment_id IS NOT NULL
  AND (held.any OR owed.due > 0)
GROUP BY invoice.tenant_id, invoice.id ORDER BY invoice.id
"""


async def compare(session: WriteSession, check_id: UUID, asked: BooksAsk) -> BooksCompared:
    """Compare one page of a part of the books with the other parts."""
    count, last = await _bounds(session, _TABLES[asked.part], asked.after, asked.limit)
    if last is None:
        return BooksCompared(compared=Compared(), last=None)
    moment = clock.now()
    values: dict[str, Any] = {"after": asked.after or _FIRST, "last": last}
    values |= {"young": moment - timedelta(seconds=asked.grace_seconds)}
    if asked.part == "refunds":
        values["stuck"] = min(values["young"], moment - STUCK) if asked.grace_seconds else moment
    rows = (await session.execute(_typed(_WRONG[asked.part]), values)).mappings().all()
    found = [OrphanNote.model_validate(dict(row)) for row in rows]
    await note(session, check_id, found)
    return BooksCompared(
        compared=Compared(checked=count, found=len(found)), last=last if count == asked.limit else None
    )


async def kept(session: ReadSession, after: UUID | None, limit: int) -> KeptPage:
    """Give one page of what is held for appointments, by invoice."""
    count, last = await _bounds(session, "invoices", after, limit)
    if last is None:
        return KeptPage(items=[], last=None)
    rows = (await session.execute(_typed(_KEPT), {"after": after or _FIRST, "last": last})).all()
    return KeptPage(items=[_kept(row) for row in rows], last=last if count == limit else None)


def _kept(row: Any) -> Kept:
    since: datetime = row.since
    return Kept(
        invoice_id=row.id,
        appointment_id=row.appointment_id,
        total=Money(amount=row.total, currency=row.currency),
        payments=[
            KeptOf(payment_id=key, kept=held, reserved=reserved)
            for key, held, reserved in zip(row.payments, row.kept, row.reserved, strict=True)
        ],
        since=since,
        due=row.due,
    )


async def _bounds(session: ReadSession, table: str, after: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """Tell how many rows the page has and which is its last."""
    statement = _typed(
        f"SELECT count(*) AS number, (array_agg(id ORDER BY id DESC))[1] AS last FROM ("  # noqa: S608 - our own table
        f"SELECT id FROM {table} WHERE id > :after ORDER BY id LIMIT :limit) AS page"
    )
    row = (await session.execute(statement, {"after": after or _FIRST, "limit": limit})).one()
    return row.number, row.last


def _typed(statement: str) -> sa.TextClause:
    kinds: dict[str, Any] = {"after": sa.Uuid, "last": sa.Uuid, "limit": sa.BigInteger}
    kinds |= dict.fromkeys(("young", "stuck"), sa.DateTime(timezone=True))
    known = [sa.bindparam(name, type_=kind) for name, kind in kinds.items() if f":{name}" in statement]
    return sa.text(statement).bindparams(*known)
