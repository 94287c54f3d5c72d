"""The books' totals of months that have ended: what is read of a year of books is a handful of rows for each month.

The money check makes them every hour, under the lock of closing a month: whoever posts shares that lock, and no line
slips past. Where somebody is posting just then, the next check makes them. A line that comes late all the same takes
the totals of its month away with it (in Postgres, see migration payments_0259). Until there are any, a month is added
up from its lines.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('ledger ' || :tenant, 0))")
_TRY = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended('ledger ' || :tenant, 0))")
# By leaping from month to month in the index of the lines.
_LOOSE = """
WITH RECURSIVE month AS (
  (SELECT period FROM ledger_lines WHERE tenant_id = :tenant ORDER BY period LIMIT 1)
  UNION ALL
  SELECT (SELECT min(period) FROM ledger_lines WHERE tenant_id = :tenant AND period > month.period)
  FROM month WHERE month.period IS NOT NULL
), loose AS (
  SELECT period FROM month
  WHERE period <= :last AND period NOT IN (SELECT period FROM ledger_totals WHERE tenant_id = :tenant)
)
"""
_SUMS = """
SELECT account, currency, loose.period, debits, credits FROM loose CROSS JOIN LATERAL (
  SELECT account, currency, coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint AS debits,
         coalesce(sum(amount) FILTER (WHERE amount < 0), 0)::bigint AS credits
  FROM ledger_lines WHERE tenant_id = :tenant AND period = loose.period GROUP BY account, currency
) AS line
"""
_LAST = sa.bindparam("last", type_=sa.Date)
_MONTHS = sa.text(f"{_LOOSE} SELECT count(*) FROM loose").bindparams(_LAST)  # noqa: S608 - our own words, as below
_KEPT = "SELECT account, currency, period, debits, credits FROM ledger_totals"
_READ = sa.text(f"""
{_LOOSE} {_KEPT} WHERE tenant_id = :tenant AND period <= :last UNION ALL {_SUMS} ORDER BY account, currency, period
""").bindparams(_LAST)
_KEEP = sa.text(f"""
INSERT INTO ledger_totals (account, currency, period, debits, credits, tenant_id)
{_LOOSE} SELECT summed.*, :tenant FROM ({_SUMS}) AS summed
""").bindparams(_LAST)  # noqa: S608


async def lock(session: WriteSession) -> None:
    """Keep everybody from posting until the transaction ends."""
    await session.execute(_LOCK, {"tenant": str(session.tenant_id)})


async def until(session: ReadSession, last: date) -> Sequence[Any]:
    """Give account, currency, month, debits and credits, by account, for every month up to that of `last`."""
    return (await session.execute(_READ, {"tenant": session.tenant_id, "last": last})).all()


async def keep(session: WriteSession, last: date) -> None:
    """Add up every month up to that of `last` whose totals are not kept, and keep them.

    While somebody posts it does nothing: waiting for a long import would hold up whoever wants to post after it.
    """
    of = {"tenant": session.tenant_id, "last": last}
    if await session.scalar(_MONTHS, of) and await session.scalar(_TRY, {"tenant": str(session.tenant_id)}):
        await session.execute(_KEEP, of)
