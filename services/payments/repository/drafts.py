from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect.db import ReadSession, WriteSession
from careconnect.pagination import Paging, Rows, keyset
from services.payments.errors import DraftNotFound
from services.payments.models import InvoiceDraft
from services.payments.repository.rows import values


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


async def drafts(session: ReadSession, paging: Paging, patient_id: UUID | None) -> Rows[InvoiceDraft]:
    """List drafts, all or those of a patient, newest first."""
    statement = sa.select(InvoiceDraft)
    if patient_id is not None:
        statement = statement.where(InvoiceDraft.patient_id == patient_id)
    return await keyset(session, statement, [InvoiceDraft.created_at.desc(), InvoiceDraft.id.desc()], paging)


def _found(row: InvoiceDraft | None) -> InvoiceDraft:
    if row is None:
        raise DraftNotFound
    return row
