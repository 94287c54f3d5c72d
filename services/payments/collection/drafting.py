"""Invoices that staff write by hand: begun, changed, discarded, and issued when they are right."""

from uuid import UUID

from careconnect.errors import IdempotencyConflict
from services.payments import repository
from services.payments.collection import invoicing
from services.payments.collection.till import Till
from services.payments.errors import DraftNotFound, InvoiceState
from services.payments.models import InvoiceDraft
from services.payments.schemas import DraftReplacement, InvoiceWrite


async def begin(till: Till, draft_id: UUID, wanted: InvoiceWrite) -> bool:
    """Keep a new draft; false if just this one was kept before, and perhaps changed since.

    Raises:
        IdempotencyConflict: the id was used for another draft.
        InvoiceState: it was issued meanwhile.
    """
    keys = await till.keys()
    async with till.write() as session:
        issued = await repository.find_invoice(session, draft_id)
        if issued:
            raise InvoiceState(invoice_status=issued.status)
        fresh = InvoiceDraft.begin(session.tenant_id, draft_id, wanted, keys)
        known = await repository.claim_draft(session, fresh)
        if known is None:
            session.record("invoice_draft.begun", "invoice_draft", draft_id, data=fresh.facts())
        elif known.request_hash != wanted.fingerprint():
            raise IdempotencyConflict
    return known is None


async def change(till: Till, draft_id: UUID, wanted: DraftReplacement) -> None:
    """Write all of a draft anew; a repeat changes nothing.

    Raises:
        DraftNotFound: there is none; it was issued or discarded.
        VersionConflict: somebody else changed it.
    """
    keys = await till.keys()
    async with till.write() as session:
        draft = await repository.lock_draft(session, draft_id)
        if draft.says(wanted, keys):
            return
        draft.expect(wanted.version)
        draft.change(wanted, keys)
        await session.flush()
        session.record("invoice_draft.changed", "invoice_draft", draft_id, data=draft.facts())


async def discard(till: Till, draft_id: UUID) -> None:
    """Throw a draft away; refuses as `change` does."""
    async with till.write() as session:
        draft = await repository.lock_draft(session, draft_id)
        await session.delete(draft)
        session.record("invoice_draft.discarded", "invoice_draft", draft_id, data=draft.facts())


async def issue(till: Till, draft_id: UUID, version: int | None = None) -> None:
    """Have what a draft says owed from now on, with a number and in the books; harmless when repeated.

    Raises:
        DraftNotFound: there is none, and no invoice of this id.
        VersionConflict: it is not what the caller saw.
        CoverageNotFound, CoverageNotValid: no payer can be asked for its share.
    """
    keys = await till.keys()
    async with till.write() as session:
        try:
            draft = await repository.lock_draft(session, draft_id)
        except DraftNotFound:
            if await repository.find_invoice(session, draft_id) is None:
                raise
            return
        draft.expect(version)
        await invoicing.put_up(session, draft_id, draft.wanted(keys), keys)
        await session.delete(draft)
