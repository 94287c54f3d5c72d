"""Law 6, of payers: shares are what their terms say, claims agree with invoices, and payers owe what the books say."""

from asyncpg import Connection

# Rounded half up in whole numbers: see `services.payments.insurance.cover`.
_SHARES = """
SELECT invoice.number FROM invoices AS invoice
CROSS JOIN LATERAL (SELECT invoice.total - invoice.credited AS amount) AS whole
WHERE invoice.coverage_id IS NOT NULL AND invoice.status <> 'cancelled' AND NOT invoice.claimed
  AND invoice.covered <> CASE WHEN invoice.cover_rate IS NOT NULL
    THEN (2 * whole.amount * invoice.cover_rate + 10000) / 20000
    ELSE least(coalesce(invoice.cover_fixed, 0), whole.amount) END
"""
_CLAIMS = """
SELECT claim.id FROM claims AS claim
JOIN invoices AS invoice ON invoice.tenant_id = claim.tenant_id AND invoice.id = claim.invoice_id
CROSS JOIN LATERAL (
  SELECT coalesce(sum(amount) FILTER (WHERE kind = 'paid'), 0) AS paid,
         coalesce(sum(rest) FILTER (WHERE rest_to = 'patient'), 0) AS returned,
         coalesce(sum(rest) FILTER (WHERE rest_to = 'write_off'), 0) AS written_off
  FROM claim_steps WHERE tenant_id = claim.tenant_id AND claim_id = claim.id
) AS step
WHERE claim.paid <> step.paid OR claim.returned <> step.returned OR claim.written_off <> step.written_off
   OR invoice.payer_paid <> claim.paid OR invoice.written_off <> claim.written_off
   OR invoice.claimed <> (claim.status NOT IN ('draft', 'cancelled'))
   OR (claim.status <> 'cancelled' AND invoice.covered <> claim.amount - claim.returned)
"""
_UNCLAIMED = """
SELECT invoice.number FROM invoices AS invoice
WHERE (invoice.claimed OR invoice.payer_paid > 0 OR invoice.written_off > 0)
  AND NOT EXISTS (SELECT FROM claims WHERE tenant_id = invoice.tenant_id AND invoice_id = invoice.id)
"""
_OWED = """
WITH owed AS (
  SELECT tenant_id, currency, sum(covered - payer_paid - written_off) AS amount FROM invoices
  WHERE status IN ('issued', 'balanced') GROUP BY tenant_id, currency
), booked AS (
  SELECT tenant_id, currency, sum(amount) AS amount FROM ledger_lines WHERE account = 'payer_receivables'
  GROUP BY tenant_id, currency
)
SELECT tenant_id, currency, coalesce(owed.amount, 0) AS here, coalesce(booked.amount, 0) AS there
FROM owed FULL JOIN booked USING (tenant_id, currency) WHERE coalesce(owed.amount, 0) <> coalesce(booked.amount, 0)
"""
_BATCHES = """
SELECT batch.number FROM claim_batches AS batch LEFT JOIN claim_steps AS step
  ON step.tenant_id = batch.tenant_id AND step.batch_id = batch.id
GROUP BY batch.tenant_id, batch.id, batch.number, batch.count, batch.amount
HAVING count(step.id) <> batch.count OR coalesce(sum(step.amount), 0) <> batch.amount
"""


async def payers(books: Connection) -> list[str]:
    """Tell what is not as it should be, in one reading of the books."""
    return [
        *(f"the payer's share of {row['number']} is not what its terms say" for row in await books.fetch(_SHARES)),
        *(f"claim {row['id']} does not agree with its steps and its invoice" for row in await books.fetch(_CLAIMS)),
        *(f"{row['number']} says that it was claimed, and it was not" for row in await books.fetch(_UNCLAIMED)),
        *(f"the sums of batch {row['number']} are not those of its claims" for row in await books.fetch(_BATCHES)),
        *(
            f"payers owe tenant {row['tenant_id']} {row['here']} {row['currency']} by its invoices "
            f"and {row['there']} by its ledger"
            for row in await books.fetch(_OWED)
        ),
    ]
