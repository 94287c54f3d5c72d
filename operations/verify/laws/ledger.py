"""Law 6: the ledger balances per entry and in total, is append-only, and agrees with invoices, payments and refunds.

What each event must have booked is written here once more, as one question, so that a mistake in the booking code
cannot hide itself: taxes, discounts and what patients overpaid included. The sums that invoices, payments and credits
keep are computed from their parts, those of cash drawers from the ledger (see `drawers`), the totals that are kept of a
month from its lines, and the invoice numbers of a year follow each other without a gap.
"""

from operations.verify.evidence import Evidence
from operations.verify.finding import Finding
from operations.verify.laws.append_only import append_only
from operations.verify.laws.drawers import miscounted
from operations.verify.laws.shares import payers

TABLES = (
    "ledger_entries", "ledger_lines", "invoice_credits", "cash_movements", "claim_steps", "payouts", "ended_visits",
    "payment_corrections",
)  # fmt: skip

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
_KEPT_TOTALS = """
WITH kept AS (SELECT DISTINCT tenant_id, period FROM ledger_totals), summed AS (
  SELECT tenant_id, period, account, currency, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debits,
         coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS credits
  FROM ledger_lines JOIN kept USING (tenant_id, period) GROUP BY tenant_id, period, account, currency
)
SELECT DISTINCT tenant_id, period
FROM summed FULL JOIN ledger_totals AS total USING (tenant_id, period, account, currency)
WHERE summed.debits IS DISTINCT FROM total.debits OR summed.credits IS DISTINCT FROM total.credits
"""
_DISAGREEING = """
WITH money AS (
  SELECT tenant_id, id, CASE method WHEN 'cash' THEN 'cash' WHEN 'card_terminal' THEN 'card_terminal_clearing'
    WHEN 'bank_transfer' THEN 'bank' WHEN 'insurance' THEN 'insurance_clearing'
    WHEN 'patient_credit' THEN 'patient_credits'
    ELSE 'gateway_clearing:' || gateway END AS account
  FROM payments
), expected AS (
  SELECT tenant_id, 'invoice.issued' AS kind, id AS subject_id, account, currency, line.amount
  FROM invoices CROSS JOIN LATERAL (
    SELECT coalesce(sum(discounts.amount), 0) AS amount, coalesce(sum(discounts.tax), 0) AS part FROM discounts
    WHERE discounts.tenant_id = invoices.tenant_id AND discounts.invoice_id = invoices.id
  ) AS off CROSS JOIN LATERAL (
    SELECT invoices.covered
      + (SELECT coalesce(sum(covered), 0) FROM discounts WHERE tenant_id = its.tenant_id AND invoice_id = its.id)
      + (SELECT coalesce(sum(covered), 0) FROM invoice_credits WHERE tenant_id = its.tenant_id AND invoice_id = its.id)
      + (SELECT coalesce(sum(claims.returned), 0) FROM claims WHERE tenant_id = its.tenant_id AND invoice_id = its.id)
      AS share FROM (SELECT invoices.tenant_id, invoices.id) AS its
  ) AS payer CROSS JOIN LATERAL (VALUES
    ('receivables', total + off.amount - payer.share), ('payer_receivables', payer.share),
    (CASE WHEN deferred THEN 'deposits' ELSE 'revenue' END, tax + off.part - total - off.amount),
    ('tax', -tax - off.part)
  ) AS line(account, amount)
  WHERE status IN ('issued', 'balanced', 'cancelled', 'entered_in_error')
  UNION ALL
  SELECT tenant_id, 'invoice.earned', id, account, currency, sum(line.amount)
  FROM invoices CROSS JOIN LATERAL (
    SELECT invoices.total - invoices.tax + invoices.discount - coalesce(sum(credit.amount - credit.tax), 0) AS price
    FROM invoice_credits AS credit WHERE credit.tenant_id = invoices.tenant_id AND credit.invoice_id = invoices.id
      AND credit.against = CASE WHEN deferred THEN 'deposits' ELSE 'revenue' END
  ) AS left_over CROSS JOIN LATERAL (
    SELECT coalesce(sum(off.amount - off.tax), 0) AS off FROM discounts AS off
    WHERE earned_as = 'fee' AND off.tenant_id = invoices.tenant_id AND off.invoice_id = invoices.id
      AND off.against = 'discounts'
  ) AS given CROSS JOIN LATERAL (VALUES
    (CASE WHEN deferred THEN 'deposits' ELSE 'revenue' END, price), ('discounts', -given.off),
    (CASE earned_as WHEN 'fee' THEN 'fees_kept' ELSE 'revenue' END, given.off - price)
  ) AS line(account, amount)
  WHERE earned_as IS NOT NULL
  GROUP BY tenant_id, id, account, currency
  UNION ALL
  SELECT tenant_id, 'payout.received', id, line.account, currency, line.amount
  FROM payouts CROSS JOIN LATERAL (VALUES ('bank', gross - fee), ('gateway_fees', fee),
    (CASE gateway WHEN 'card_terminal' THEN 'card_terminal_clearing' ELSE 'gateway_clearing:' || gateway END, -gross)
  ) AS line(account, amount)
  UNION ALL
  SELECT tenant_id, 'invoice.' || status, id, account, currency, amount
  FROM invoices CROSS JOIN LATERAL (SELECT CASE earned_as WHEN 'fee' THEN 0 ELSE discount END AS off) AS given
  CROSS JOIN LATERAL (
    VALUES (CASE WHEN earned_as = 'fee' THEN 'fees_kept' WHEN deferred AND earned_as IS NULL THEN 'deposits'
              ELSE 'revenue' END, total - credited - tax + credited_tax + given.off), ('tax', tax - credited_tax),
           ('discounts', -given.off), ('receivables', paid - returned - total + credited + covered),
           ('payer_receivables', -covered),
           ('refunds', returned - paid)) AS line(account, amount)
  WHERE status IN ('cancelled', 'entered_in_error')
  UNION ALL
  SELECT tenant_id, 'invoice.credited', id, account, currency, line.amount
  FROM invoice_credits AS credit CROSS JOIN LATERAL (
    VALUES (credit.against, credit.amount - credit.tax), ('tax', credit.tax),
           ('receivables', returned + credit.covered - credit.amount), ('payer_receivables', -credit.covered),
           ('refunds', -returned)
  ) AS line(account, amount)
  UNION ALL
  SELECT tenant_id, 'invoice.discounted', discounts.id, account, currency, line.amount
  FROM discounts JOIN (SELECT tenant_id, id AS invoice_id, currency FROM invoices) AS its USING (tenant_id, invoice_id)
  CROSS JOIN LATERAL (VALUES (discounts.against, discounts.amount - discounts.tax), ('tax', discounts.tax),
    ('receivables', discounts.covered - discounts.amount), ('payer_receivables', -discounts.covered))
    AS line(account, amount)
  UNION ALL
  SELECT tenant_id, CASE WHEN step.kind = 'paid' THEN 'claim.paid' WHEN step.rest_to = 'patient' THEN 'claim.returned'
    ELSE 'claim.written_off' END, step.id, line.account, currency, line.amount
  FROM claim_steps AS step JOIN (SELECT tenant_id, id AS claim_id, currency FROM claims) AS its
    USING (tenant_id, claim_id)
  CROSS JOIN LATERAL (VALUES
    (CASE WHEN step.kind = 'paid' THEN 'bank' WHEN step.rest_to = 'patient' THEN 'receivables' ELSE 'written_off' END,
     CASE WHEN step.kind = 'paid' THEN step.amount ELSE step.rest END),
    ('payer_receivables', -CASE WHEN step.kind = 'paid' THEN step.amount ELSE step.rest END)) AS line(account, amount)
  UNION ALL
  SELECT tenant_id, 'payment.captured', id, line.account, currency, line.amount
  FROM payments JOIN money USING (tenant_id, id)
  LEFT JOIN (SELECT tenant_id, payment_id AS id, sum(amount) AS more, sum(surplus) AS extra FROM payment_corrections
    GROUP BY tenant_id, payment_id) AS corrected USING (tenant_id, id)
  CROSS JOIN LATERAL (
    SELECT captured - coalesce(more, 0) AS taken, surplus - coalesce(extra, 0) AS over) AS first
  CROSS JOIN LATERAL (VALUES
    (money.account, first.taken), ('patient_credits', -first.over),
    (CASE WHEN invoice_id IS NULL THEN 'suspense' ELSE 'receivables' END, first.over - first.taken)
  ) AS line(account, amount)
  WHERE status = 'captured' OR more IS NOT NULL
  UNION ALL
  SELECT fix.tenant_id, 'payment.corrected', fix.id, line.account, fix.currency, line.amount
  FROM payment_corrections AS fix JOIN money ON money.tenant_id = fix.tenant_id AND money.id = fix.payment_id
  CROSS JOIN LATERAL (VALUES (money.account, fix.amount), ('receivables', fix.surplus - fix.amount),
    ('patient_credits', -fix.surplus)) AS line(account, amount)
  UNION ALL
  SELECT refund.tenant_id, 'refund.' || done.word, refund.id, line.account, refund.currency,
    sum(done.sign * line.amount)
  FROM refunds AS refund JOIN (VALUES ('succeeded', 1), ('reversed', -1)) AS done(word, sign)
    ON refund.reversed_at IS NOT NULL OR (refund.status = 'succeeded' AND done.word = 'succeeded')
  JOIN money ON money.tenant_id = refund.tenant_id AND money.id = refund.payment_id
  JOIN payments AS payment ON payment.tenant_id = refund.tenant_id AND payment.id = refund.payment_id
  CROSS JOIN LATERAL (VALUES
    (CASE WHEN payment.invoice_id IS NULL THEN 'suspense' ELSE 'refunds' END, refund.amount - refund.surplus),
    ('patient_credits', refund.surplus),
    (money.account, -refund.amount)) AS line(account, amount)
  GROUP BY refund.tenant_id, refund.id, line.account, refund.currency, done.word
  UNION ALL
  SELECT tenant_id, 'cash.moved', id, account, currency, line.amount
  FROM cash_movements AS moved CROSS JOIN LATERAL (VALUES ('cash', moved.amount),
    (CASE WHEN kind LIKE 'bank%' THEN 'bank' ELSE 'petty_expenses' END, -moved.amount)) AS line(account, amount)
  UNION ALL
  SELECT tenant_id, 'drawer.closed', id, account, currency, line.amount
  FROM cash_drawers CROSS JOIN LATERAL (VALUES ('cash', counted - expected), ('cash_over_short', expected - counted)
  ) AS line(account, amount)
  WHERE closed_at IS NOT NULL
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
  SELECT tenant_id, invoice_id, sum(captured - CASE status WHEN 'captured' THEN surplus ELSE 0 END) AS paid,
         sum(refunded) AS refunded, sum(amount - surplus) FILTER (WHERE status = 'authorised') AS reserved
  FROM payments GROUP BY tenant_id, invoice_id
) AS payment ON payment.tenant_id = invoice.tenant_id AND payment.invoice_id = invoice.id
LEFT JOIN (
  SELECT tenant_id, invoice_id, sum(total) AS total, sum(tax) AS tax FROM invoice_lines GROUP BY tenant_id, invoice_id
) AS line ON line.tenant_id = invoice.tenant_id AND line.invoice_id = invoice.id
LEFT JOIN (
  SELECT tenant_id, invoice_id, sum(amount) AS credited, sum(returned) AS returned, sum(tax) AS tax
  FROM invoice_credits GROUP BY tenant_id, invoice_id
) AS credit ON credit.tenant_id = invoice.tenant_id AND credit.invoice_id = invoice.id
LEFT JOIN (
  SELECT payment.tenant_id, payment.invoice_id, sum(refund.surplus) AS surplus
  FROM refunds AS refund JOIN payments AS payment
    ON payment.tenant_id = refund.tenant_id AND payment.id = refund.payment_id
  WHERE refund.status = 'succeeded' GROUP BY payment.tenant_id, payment.invoice_id
) AS back ON back.tenant_id = invoice.tenant_id AND back.invoice_id = invoice.id
LEFT JOIN (
  SELECT tenant_id, invoice_id, sum(amount - tax) AS discount FROM discounts GROUP BY tenant_id, invoice_id
) AS off ON off.tenant_id = invoice.tenant_id AND off.invoice_id = invoice.id
WHERE invoice.credited <> coalesce(credit.credited, 0) OR invoice.returned <> coalesce(credit.returned, 0)
   OR invoice.credited_tax <> coalesce(credit.tax, 0) OR invoice.paid <> coalesce(payment.paid, 0)
   OR invoice.refunded <> coalesce(payment.refunded, 0) - coalesce(back.surplus, 0)
   OR invoice.reserved <> coalesce(payment.reserved, 0) OR invoice.total <> coalesce(line.total, 0)
   OR invoice.tax <> coalesce(line.tax, 0) OR invoice.discount <> coalesce(off.discount, 0)
"""
# Rounded half up, line by line, in whole numbers: see `Money.taxed`.
_LINE_SUMS = """
SELECT invoice.number, line.position
FROM invoice_lines AS line JOIN invoices AS invoice
  ON invoice.tenant_id = line.tenant_id AND invoice.id = line.invoice_id
CROSS JOIN LATERAL (SELECT line.quantity * line.unit - line.discount AS amount) AS listed
CROSS JOIN LATERAL (SELECT CASE WHEN line.tax_inclusive
  THEN (2 * listed.amount * line.tax_rate + 10000 + line.tax_rate) / (2 * (10000 + line.tax_rate))
  ELSE (2 * listed.amount * line.tax_rate + 10000) / 20000 END AS amount) AS tax
WHERE line.tax <> tax.amount
   OR line.total <> listed.amount + CASE WHEN line.tax_inclusive THEN 0 ELSE tax.amount END
"""
_CREDITS = """
WITH moved AS (
  SELECT invoice.tenant_id, invoice.patient_id, payment.currency,
         CASE payment.method WHEN 'patient_credit' THEN payment.refunded - payment.captured
           ELSE payment.surplus - payment.surplus_back END AS amount
  FROM payments AS payment JOIN invoices AS invoice
    ON invoice.tenant_id = payment.tenant_id AND invoice.id = payment.invoice_id
  WHERE payment.status = 'captured'
), sums AS (
  SELECT tenant_id, patient_id, currency, sum(amount) AS amount FROM moved GROUP BY tenant_id, patient_id, currency
)
SELECT patient_id FROM sums FULL JOIN patient_credits AS credit USING (tenant_id, patient_id, currency)
WHERE coalesce(sums.amount, 0) <> coalesce(credit.balance, 0)
"""
_PAYMENT_SUMS = """
SELECT payment.id
FROM payments AS payment LEFT JOIN (
  SELECT tenant_id, payment_id, sum(amount) FILTER (WHERE status = 'succeeded') AS refunded,
         sum(amount) FILTER (WHERE status = 'pending') AS refunding,
         sum(surplus) FILTER (WHERE status <> 'failed') AS surplus
  FROM refunds GROUP BY tenant_id, payment_id
) AS refund ON refund.tenant_id = payment.tenant_id AND refund.payment_id = payment.id
WHERE payment.refunded <> coalesce(refund.refunded, 0) OR payment.refunding <> coalesce(refund.refunding, 0)
   OR payment.surplus_back <> coalesce(refund.surplus, 0)
"""
# What waits to be earned is the price of the open invoices of visits to come, less what was credited.
_DEPOSITS = """
WITH waiting AS (
  SELECT tenant_id, currency, sum(total - credited - tax + credited_tax + discount) AS amount FROM invoices
  WHERE deferred AND earned_as IS NULL AND status IN ('issued', 'balanced') GROUP BY tenant_id, currency
), booked AS (
  SELECT tenant_id, currency, -sum(amount) AS amount FROM ledger_lines WHERE account = 'deposits'
  GROUP BY tenant_id, currency
)
SELECT tenant_id, currency, coalesce(waiting.amount, 0) AS here, coalesce(booked.amount, 0) AS there
FROM waiting FULL JOIN booked USING (tenant_id, currency)
WHERE coalesce(waiting.amount, 0) <> coalesce(booked.amount, 0)
"""
_ENDED = """
SELECT invoice.number FROM invoices AS invoice JOIN ended_visits USING (tenant_id, appointment_id)
WHERE deferred AND earned_as IS NULL AND status IN ('issued', 'balanced')
"""
_NUMBER_GAPS = """
SELECT counter.year, counter.last, count(invoice.id) AS numbers
FROM invoice_counters AS counter LEFT JOIN invoices AS invoice
  ON invoice.tenant_id = counter.tenant_id AND split_part(invoice.number, '-', 2) = counter.year::text
GROUP BY counter.tenant_id, counter.year, counter.last
HAVING count(invoice.id) <> counter.last OR max(split_part(invoice.number, '-', 3)::bigint) <> counter.last
"""
# A draft is in no books; what was issued is a draft no more, and for a mistake no money came.
_DRAFTS = """
SELECT draft.id FROM invoice_drafts AS draft
WHERE EXISTS (SELECT FROM invoices WHERE tenant_id = draft.tenant_id AND id = draft.id)
   OR EXISTS (SELECT FROM ledger_entries WHERE tenant_id = draft.tenant_id AND subject_id = draft.id)
"""
_MISTAKES = (
    "SELECT number FROM invoices WHERE status = 'entered_in_error' AND (paid > 0 OR reserved > 0 OR refunded > 0)"
)


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
            f"the totals of {row['period']:%Y-%m} of tenant {row['tenant_id']} are not those of its lines"
            for row in await books.fetch(_KEPT_TOTALS)
        ]
        finding.violations += [
            f"{row['kind']} of {row['subject_id']} {row['wrong']}" for row in await books.fetch(_DISAGREEING)
        ]
        finding.violations += [
            f"the sums of {row['number']} are not those of its lines and payments"
            for row in await books.fetch(_INVOICE_SUMS)
        ]
        finding.violations += [
            f"line {row['position']} of {row['number']} is not what its price, discount and tax come to"
            for row in await books.fetch(_LINE_SUMS)
        ]
        finding.violations += [
            f"the credit of patient {row['patient_id']} is not what was overpaid and not used"
            for row in await books.fetch(_CREDITS)
        ]
        finding.violations += [
            f"the sums of payment {row['id']} are not those of its refunds" for row in await books.fetch(_PAYMENT_SUMS)
        ]
        finding.violations += [
            f"{row['numbers']} invoices have a number of {row['year']}, the last being {row['last']}"
            for row in await books.fetch(_NUMBER_GAPS)
        ]
        finding.violations += [
            f"what waits to be earned of tenant {row['tenant_id']} is {row['here']} {row['currency']} by its invoices "
            f"and {row['there']} by its ledger"
            for row in await books.fetch(_DEPOSITS)
        ]
        finding.violations += [
            f"{row['number']} still waits to be earned, and its visit is over" for row in await books.fetch(_ENDED)
        ]
        finding.violations += [f"the draft {row['id']} is in the books" for row in await books.fetch(_DRAFTS)]
        finding.violations += [
            f"{row['number']} was entered in error, and money came for it" for row in await books.fetch(_MISTAKES)
        ]
        finding.violations += await miscounted(books)
        finding.violations += await payers(books)
    finding.violations += await append_only(evidence, "payments", TABLES)
    return finding
