"""Checkpoints of the audit: how many events there were up to a number, sealed as a whole and one after another.

The seal of an event tells that it was changed, not that it is gone. A checkpoint covers the events after the one before
it, with their numbers, and carries the seal of the one before: an event below it that is removed, renumbered or put in
between no longer fits. It is appended in two steps, so that it never covers what is still being written: it notes which
number was the last one `seen`, and the next one, minutes later, when every transaction of then has ended, covers that.
"""

import hashlib
import hmac
import json
import struct
from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import audit, clock
from careconnect.db import WriteSession

SETTLED = timedelta(minutes=5)
"""How far apart checkpoints are at least; no transaction is open for that long."""
LONGEST = 200_000
"""How many events one checkpoint covers at most, so that the first one of a large audit does not take long."""
_TABLE = audit.checkpoints_table(sa.MetaData())
_COVERED = sa.text("""
SELECT count(*) AS count, coalesce(max(id), :after) AS last,
  sha256(coalesce(string_agg(int8send(id) || seal, ''::bytea ORDER BY id), ''::bytea)) AS digest
FROM (SELECT id, seal FROM audit_events WHERE tenant_id = :tenant AND id > :after AND id <= :up_to
      ORDER BY id LIMIT :most) AS covered
""").bindparams(*(sa.bindparam(name, type_=sa.BigInteger) for name in ("after", "up_to", "most")))


class Digest:
    """What a checkpoint says of the events that it covers, computed from them one by one in the order of numbers."""

    def __init__(self) -> None:
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, number: int, seal: bytes) -> None:
        """Go on with the next event."""
        self.count += 1
        self._hash.update(struct.pack(">q", number) + seal)

    def value(self) -> bytes:
        """Give the digest of all that were added."""
        return self._hash.digest()


def seal(key: bytes, row: Mapping[str, Any], digest: bytes, before: bytes) -> bytes:
    """Compute the HMAC of a checkpoint over what it says, the events that it covers, and the seal `before` it."""
    numbers = [row[name] for name in ("number", "up_to", "seen", "count")]
    said = [
        "checkpoint",
        str(row["tenant_id"]),
        row["at"].astimezone(UTC).isoformat(),
        *numbers,
        digest.hex(),
        before.hex(),
    ]
    return hmac.digest(key, json.dumps(said).encode(), "sha256")


async def append(session: WriteSession) -> dict[str, Any] | None:
    """Append a checkpoint if one is due, and give it; two at once make one."""
    last = (await session.execute(sa.select(_TABLE).order_by(_TABLE.c.number.desc()).limit(1))).mappings().first()
    moment = clock.now()
    seen = await _newest(session)
    if last and (moment - last["at"] < SETTLED or seen == last["up_to"]):
        return None
    covered = await _covered(session, last)
    row: dict[str, Any] = {"tenant_id": session.tenant_id, "number": last["number"] + 1 if last else 1, "at": moment}
    row |= {"seen": seen, "up_to": covered["up_to"], "count": covered["count"]}
    key = (await session.tenant_keys()).audit_key
    row["seal"] = seal(key, row, covered["digest"], last["seal"] if last else b"")
    added = insert(_TABLE).values(row).on_conflict_do_nothing().returning(_TABLE.c.number)
    return row if await session.scalar(added) else None


async def _newest(session: WriteSession) -> int:
    asked = sa.text("SELECT coalesce(max(id), 0) FROM audit_events WHERE tenant_id = :tenant")
    return int(await session.scalar(asked, {"tenant": session.tenant_id}) or 0)


async def _covered(session: WriteSession, last: sa.RowMapping | None) -> dict[str, Any]:
    """Sum up the events after the last checkpoint, as far as that one had seen them."""
    after, up_to = (last["up_to"], last["seen"]) if last else (0, 0)
    wanted = {"tenant": session.tenant_id, "after": after, "up_to": up_to, "most": LONGEST}
    found = (await session.execute(_COVERED, wanted)).mappings().one()
    whole = found["count"] < LONGEST
    return {"count": found["count"], "digest": found["digest"], "up_to": up_to if whole else found["last"]}
