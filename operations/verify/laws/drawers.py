"""Part of law 6: what should have been in a closed cash drawer is what was counted into it and what the ledger moved.

The ledger's cash lines of the payments, refunds and movements that name the drawer are added up here from the entries,
not from the records, so that a payment which names a drawer and was booked elsewhere cannot hide.
"""

import asyncpg

_MISCOUNTED = """
WITH event AS (
  SELECT tenant_id, drawer_id, 'payment.captured' AS kind, id AS subject_id FROM payments
  WHERE drawer_id IS NOT NULL AND captured > 0
  UNION ALL
  SELECT tenant_id, drawer_id, 'refund.succeeded', id FROM refunds
  WHERE drawer_id IS NOT NULL AND status = 'succeeded'
  UNION ALL
  SELECT tenant_id, drawer_id, 'cash.moved', id FROM cash_movements
), moved AS (
  SELECT event.tenant_id, event.drawer_id, line.currency, sum(line.amount) AS amount
  FROM event JOIN ledger_entries AS entry
    ON entry.tenant_id = event.tenant_id AND entry.kind = event.kind AND entry.subject_id = event.subject_id
  JOIN ledger_lines AS line
    ON line.tenant_id = entry.tenant_id AND line.entry_id = entry.id AND line.account = 'cash'
  GROUP BY event.tenant_id, event.drawer_id, line.currency
)
SELECT drawer.id FROM cash_drawers AS drawer LEFT JOIN moved
  ON moved.tenant_id = drawer.tenant_id AND moved.drawer_id = drawer.id AND moved.currency = drawer.currency
WHERE drawer.closed_at IS NOT NULL AND drawer.expected <> drawer.opening + coalesce(moved.amount, 0)
"""


async def miscounted(books: asyncpg.Connection) -> list[str]:
    """Name the closed drawers whose expected sum is not what the ledger says."""
    return [
        f"what was expected in cash drawer {row['id']} is not what the ledger moved"
        for row in await books.fetch(_MISCOUNTED)
    ]
