from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect.db import ReadSession, WriteSession
from careconnect.pagination import Paging, Rows, keyset, ordered
from services.payments.errors import DraftNotFound
from services.payments.models import InvoiceDraft
from services.payments.repository.rows import values

_ORDERS = {
    "begun": (InvoiceDraft.created_at, InvoiceDraft.id),
    "total": (InvoiceDraft.currency, InvoiceDraft.total, InvoiceDraft.id),
}


async def claim_draft(session: WriteSession, row: InvoiceDraft) -> InvoiceDraft | None:
    """Write a new draft; where its id is taken, give the one that has it."""
    statement = insert(InvoiceDraft).values(values(row)).on_conflict_do_nothing(index_elements=["tenant_id", "id"])
    if await session.scalar(statement.returning(InvoiceDraft.id)) is not None:
        return None
    return await draft(session, row.id)


async def draft(session: ReadSession, draft_id: UUID) -> InvoiceDraft:
    """Read a draft.

    Raises:
        DraftNotFound: there is none.
    """
    return _found(await session.scalar(sa.select(InvoiceDraft).where(InvoiceDraft.id == draft_id)))


async def lock_draft(session: WriteSession, draft_id: UUID) -> InvoiceDraft:
    """Read a draft for a change; refuses as `draft` does."""
    return _found(await session.scalar(sa.select(InvoiceDraft).where(InvoiceDraft.id == draft_id).with_for_update()))


async def drafts(
    session: ReadSession,
    paging: Paging,
    since: datetime | None,
    until: datetime | None,
    *,
    sort: str,
    **wanted: UUID | str | None,
) -> Rows[InvoiceDraft]:
    """List drafts begun in [since, until) in the order of `sort`; `wanted` are columns and values, None for any."""
    given = [getattr(InvoiceDraft, name) == value for name, value in wanted.items() if value is not None]
    given += [InvoiceDraft.created_at >= since] if since else []
    given += [InvoiceDraft.created_at < until] if until else []
    return await keyset(session, sa.select(InvoiceDraft).where(*given), ordered(sort, _ORDERS), paging)


def _found(row: InvoiceDraft | None) -> InvoiceDraft:
    if row is None:
        raise DraftNotFound
    return row
