"""Whether a table refuses to be changed: the triggers that refuse, and the rights that a service's role has."""

from collections.abc import Iterable

from operations.verify.evidence import Evidence

_REFUSING = """
SELECT tgname FROM pg_trigger AS held JOIN pg_proc AS function ON function.oid = held.tgfoid
WHERE held.tgrelid = $1::regclass AND held.tgenabled IN ('O', 'A') AND NOT held.tgisinternal AND held.tgqual IS NULL
  AND held.tgtype & $2 = $2 AND function.prosrc LIKE '%RAISE EXCEPTION%'
"""
_BEFORE_EACH_ROW_DELETE_UPDATE = 1 + 2 + 8 + 16
_BEFORE_TRUNCATE = 2 + 32
_RIGHTS = """
SELECT privilege FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
WHERE has_table_privilege($1, $2::regclass, privilege)
UNION SELECT 'UPDATE' WHERE has_any_column_privilege($1, $2::regclass, 'UPDATE')
"""


async def append_only(evidence: Evidence, service: str, tables: Iterable[str]) -> list[str]:
    """Tell what lets rows of `tables` be changed or removed; the bits are those of pg_trigger.tgtype."""
    database = await evidence.database(service)
    found = []
    for table in tables:
        for what, bits in (("changed", _BEFORE_EACH_ROW_DELETE_UPDATE), ("truncated", _BEFORE_TRUNCATE)):
            if not await database.fetch(_REFUSING, table, bits):
                found.append(f"{service}.{table} has no trigger that keeps it from being {what}")
        rights = await database.fetch(_RIGHTS, f"careconnect_{service}", table)
        found += [f"careconnect_{service} has the right {row['privilege']} on {table}" for row in rights]
    return found
