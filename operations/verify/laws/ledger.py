"""Law 6: the ledger balances per entry and in total, is append-only, and agrees with invoices, payments and refunds.

What each event must have booked is written here once more, as one question, so that a mistake in the booking code
cannot hide itself. The sums that invoices and payments keep are computed from their parts, and the invoice numbers of
a year follow each other without a gap.
"""

from operations.verify.evidence import Evidence
from operations.verify.finding import Finding
from operations.verify.laws.append_only import append_only

TABLES = ("ledger_entries", "ledger_lines", "invoice_credits")

_ENTRIES = "SELECT count(*) FROM ledger_entries"
_UNBALANCED = """
SELECT entry.kind, entry.subject_id
FROM ledger_entries AS entry LEFT JOIN ledger_lines AS line
  ON line.tenant_id = entry.tenant_id AND line.entry_id = entry.id
GROUP BY entry.tenant_id, entry.id, line.currency
HAVING coalesce(sum(line.amount), 0) <> 0 OR count(line.amount) < 2
"""
_TOTALS = """
SELECT tenant_id, currency, sum(amount) AS amount FROM ledger_lines GROUP BY tenant_id, currency HAVING sum(amount) <> 0
"""
_DISAGREEING = """
WITH money AS (
  SELECT tenant_id, id, CASE method WHEN 'cash' THEN 'cash' WHEN 'card_terminal' THEN 'card_terminal_clearing'
    WHEN 'bank_transfer' THEN 'bank' WHEN 'insurance' THEN 'insurance_clearing'
    ELSE 'gateway_clearing:' || gateway END AS account
  FROM payments
), expected AS (
  SELECT tenant_id, 'invoice.issued' AS kind, id AS subject_id, account, currency, amount
  FROM invoices CROSS JOIN LATERAL (VALUES ('receivables', total), ('revenue', -total)) AS line(account, amount)
  WHERE status IN ('issued', 'balanced', 'cancelled')
  UNION ALL
  SELECT tenant_id, 'invoice.cancelled', id, account, currency, amount
  FROM invoices CROSS JOIN LATERAL (
    VALUES ('revenue', total - credited), ('receivables', refunded - returned - total + credited),
           ('refunds', returned - refunded)) AS line(account, amount)
  WHERE status = 'cancelled'
  UNION ALL
  SELECT tenant_id, 'invoice.credited', id, account, currency, line.amount
  FROM invoice_credits AS credit CROSS JOIN LATERAL (
    VALUES ('revenue', credit.amount), ('receivables', returned - credit.amount), ('refunds', -returned)
  ) AS line(account, amount)
  UNION ALL
  SELECT tenant_id, 'payment.captured', id, line.account, currency, line.amount
  FROM payments JOIN money USING (tenant_id, id)
  CROSS JOIN LATERAL (VALUES (money.account, captured), ('receivables', -captured)) AS line(account, amount)
  WHERE status = 'captured'
  UNION ALL
  SELECT refund.tenant_id, 'refund.succeeded', refund.id, line.account, refund.currency, line.amount
  FROM refunds AS refund JOIN money ON money.tenant_id = refund.tenant_id AND money.id = refund.payment_id
  CROSS JOIN LATERAL (VALUES ('refunds', refund.amount), (money.account, -refund.amount)) AS line(account, amount)
  WHERE refund.status = 'succeeded'
), booked AS (
  SELECT entry.tenant_id, entry.kind, entry.subject_id, line.account, line.currency, line.amount
  FROM ledger_entries AS entry JOIN ledger_lines AS line
    ON line.tenant_id = entry.tenant_id AND line.entry_id = entry.id
), wanted AS (SELECT * FROM expected WHERE amount <> 0)
SELECT DISTINCT kind, subject_id, 'is not booked as it happened' AS wrong
FROM (SELECT * FROM wanted EXCEPT ALL SELECT * FROM booked) AS missing
UNION
SELECT DISTINCT kind, subject_id, 'is booked as it did not happen'
FROM (SELECT * FROM booked EXCEPT ALL SELECT * FROM wanted) AS invented
"""
_INVOICE_SUMS = """
SELECT invoice.number
FROM invoices AS invoice
LEFT JOIN (
  SELECT tenant_id, invoice_id, sum(captured) AS paid, sum(refunded) AS refunded,
         sum(amount) FILTER (WHERE status = 'authorised') AS reserved
  FROM payments GROUP BY tenant_id, invoice_id
) AS payment ON payment.tenant_id = invoice.tenant_id AND payment.invoice_id = invoice.id
LEFT JOIN (
  SELECT tenant_id, invoice_id, sum(quantity * unit) AS total FROM invoice_lines GROUP BY tenant_id, invoice_id
) AS line ON line.tenant_id = invoice.tenant_id AND line.invoice_id = invoice.id
LEFT JOIN (
  SELECT tenant_id, invoice_id, sum(amount) AS credited, sum(returned) AS returned
  FROM invoice_credits GROUP BY tenant_id, invoice_id
) AS credit ON credit.tenant_id = invoice.tenant_id AND credit.invoice_id = invoice.id
WHERE invoice.credited <> coalesce(credit.credited, 0) OR invoice.returned <> coalesce(credit.returned, 0)
   OR invoice.paid <> coalesce(payment.paid, 0) OR invoice.refunded <> coalesce(payment.refunded, 0)
   OR invoice.reserved <> coalesce(payment.reserved, 0) OR invoice.total <> coalesce(line.total, 0)
"""
_PAYMENT_SUMS = """
SELECT payment.id
FROM payments AS payment LEFT JOIN (
  SELECT tenant_id, payment_id, sum(amount) FILTER (WHERE status = 'succeeded') AS refunded,
         sum(amount) FILTER (WHERE status = 'pending') AS refunding
  FROM refunds GROUP BY tenant_id, payment_id
) AS refund ON refund.tenant_id = payment.tenant_id AND refund.payment_id = payment.id
WHERE payment.refunded <> coalesce(refund.refunded, 0) OR payment.refunding <> coalesce(refund.refunding, 0)
"""
_NUMBER_GAPS = """
SELECT counter.year, counter.last, count(invoice.id) AS numbers
FROM invoice_counters AS counter LEFT JOIN invoices AS invoice
  ON invoice.tenant_id = counter.tenant_id AND split_part(invoice.number, '-', 2) = counter.year::text
GROUP BY counter.tenant_id, counter.year, counter.last
HAVING count(invoice.id) <> counter.last OR max(split_part(invoice.number, '-', 3)::bigint) <> counter.last
"""


async def check(evidence: Evidence) -> Finding:
    """Add everything up again."""
    finding = Finding()
    async with evidence.moment("payments") as books:
        finding.checked = await books.fetchval(_ENTRIES)
        finding.violations += [
            f"the entry {row['kind']} of {row['subject_id']} does not balance" for row in await books.fetch(_UNBALANCED)
        ]
        finding.violations += [
            f"the ledger of tenant {row['tenant_id']} is {row['amount']} {row['currency']} out of balance"
            for row in await books.fetch(_TOTALS)
        ]
        finding.violations += [
            f"{row['kind']} of {row['subject_id']} {row['wrong']}" for row in await books.fetch(_DISAGREEING)
        ]
        finding.violations += [
            f"the sums of {row['number']} are not those of its lines and payments"
            for row in await books.fetch(_INVOICE_SUMS)
        ]
        finding.violations += [
            f"the sums of payment {row['id']} are not those of its refunds" for row in await books.fetch(_PAYMENT_SUMS)
        ]
        finding.violations += [
            f"{row['numbers']} invoices have a number of {row['year']}, the last being {row['last']}"
            for row in await books.fetch(_NUMBER_GAPS)
        ]
    finding.violations += await append_only(evidence, "payments", TABLES)
    return finding
