"""What a check mends by itself: all that a machine can, or as much of it as the organisation says."""

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession
from careconnect.errors import VersionConflict
from careconnect.ids import derived_id
from services.payments import schemas
from services.payments.models import MendingRule
from services.payments.schemas import MENDED_BY_ITSELF, MendingRuleWrite, OrphanKind

_NEVER_SAID = 0


async def read(session: ReadSession) -> schemas.MendingRule:
    """Tell it; until the organisation says something, everything that can be is mended."""
    return _told(await session.scalar(sa.select(MendingRule)))


async def write(session: WriteSession, wanted: MendingRuleWrite) -> schemas.MendingRule:
    """Say it anew, from the next check on.

    Raises:
        VersionConflict: somebody else has said it since it was read.
    """
    key = derived_id("mending rule", session.tenant_id)
    await session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": key.int % 2**63})
    row = await session.scalar(sa.select(MendingRule))
    if wanted.version not in {None, row.version if row else _NEVER_SAID}:
        raise VersionConflict
    mends = sorted(wanted.mends)
    if row is None:
        row = MendingRule(tenant_id=session.tenant_id, mends=mends, version=_NEVER_SAID)
        session.add(row)
    row.mends, row.version = mends, row.version + 1
    session.record("mending_rule.changed", "mending_rule", key, data={"mends": mends})
    return _told(row)


def _told(row: MendingRule | None) -> schemas.MendingRule:
    if row is None:
        return schemas.MendingRule(mends=sorted(MENDED_BY_ITSELF), version=_NEVER_SAID)
    known = sorted(MENDED_BY_ITSELF & {OrphanKind(one) for one in row.mends})
    return schemas.MendingRule(mends=known, version=row.version)
