"""Batches: all drafts of one payer, submitted together, once."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession
from careconnect.errors import IdempotencyConflict
from careconnect.ids import derived_id, reference
from careconnect.money import Money
from careconnect.pagination import Page, Paging, keyset
from services.payments.errors import ClaimNotFound, NothingToClaim
from services.payments.insurance import claiming, keeping, schemas
from services.payments.insurance.schemas import ClaimStatus
from services.payments.models import Claim, ClaimBatch, ClaimStep, Coverage, Invoice, Payer
from services.payments.repository.rows import values

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('claim batch ' || :tenant, 0))")
_MOST = 5000


async def submit(session: WriteSession, batch_id: UUID, payer_id: UUID, keys: TenantKeys) -> bool:
    """Submit the drafts of a payer, of one currency, the oldest draft's; false if this batch was made before.

    Raises:
        PayerNotFound: there is no such payer.
        NothingToClaim: no draft waits.
        IdempotencyConflict: the id was used for another payer's batch.
    """
    await session.execute(_LOCK, {"tenant": str(session.tenant_id)})
    known = await session.scalar(sa.select(ClaimBatch).where(ClaimBatch.id == batch_id))
    if known is not None:
        if known.payer_id != payer_id:
            raise IdempotencyConflict
        return False
    await keeping.payer(session, payer_id)
    claims = await _drafts(session, payer_id)
    await _write(session, batch_id, payer_id, claims)
    for one in claims:
        step = one.claim.submit(one.invoice)
        await claiming.note(session, one.claim, derived_id(batch_id, one.claim.id), step, keys.seal(""), batch_id)
    said = {"payer_id": str(payer_id), "count": len(claims)}
    session.record("claim_batch.submitted", "claim_batch", batch_id, data=said)
    return True


async def _drafts(session: WriteSession, payer_id: UUID) -> list[claiming.Known]:
    """Lock the drafts and their invoices, invoices first, in the order of their ids; of one currency."""
    waiting = sa.select(Claim.invoice_id, Claim.currency).where(
        Claim.payer_id == payer_id, Claim.status == ClaimStatus.draft
    )
    rows = (await session.execute(waiting.order_by(Claim.created_at).limit(_MOST))).all()
    ids = [row.invoice_id for row in rows if row.currency == rows[0].currency]
    locked = sa.select(Invoice).where(Invoice.id.in_(ids)).order_by(Invoice.id).with_for_update()
    invoices = {one.id: one for one in await session.scalars(locked)}
    again = sa.select(Claim).where(Claim.invoice_id.in_(ids), Claim.status == ClaimStatus.draft)
    claims = await session.scalars(again.order_by(Claim.created_at, Claim.id).with_for_update())
    found = [claiming.Known(one, invoices[one.invoice_id]) for one in claims]
    if not found:
        raise NothingToClaim
    return found


async def _write(session: WriteSession, batch_id: UUID, payer_id: UUID, claims: list[claiming.Known]) -> None:
    last = await session.scalar(sa.select(sa.func.coalesce(sa.func.max(ClaimBatch.number), 0)))
    moment = clock.now()
    row = ClaimBatch(
        tenant_id=session.tenant_id,
        id=batch_id,
        created_at=moment,
        updated_at=moment,
        number=(last or 0) + 1,
        payer_id=payer_id,
        count=len(claims),
        amount=sum(one.claim.amount for one in claims),
        currency=claims[0].claim.currency,
        by=session.actor.id,
    )
    await session.execute(insert(ClaimBatch).values(values(row)))


async def batches(session: ReadSession, paging: Paging, payer_id: UUID | None = None) -> Page[schemas.ClaimBatch]:
    """List batches, the newest first."""
    statement = sa.select(ClaimBatch)
    if payer_id is not None:
        statement = statement.where(ClaimBatch.payer_id == payer_id)
    page = await keyset(session, statement, [ClaimBatch.number.desc(), ClaimBatch.id.desc()], paging)
    named = sa.select(Payer).where(Payer.id.in_({row.payer_id for row in page.items}))
    payers = {one.id: one for one in await session.scalars(named)} if page.items else {}
    return page.of(lambda row: _shown(row, payers[row.payer_id]))


async def content(session: ReadSession, batch_id: UUID, keys: TenantKeys) -> schemas.BatchContent:
    """Read a batch with its claims, in the order of their invoices.

    Raises:
        ClaimNotFound: there is none.
    """
    row = await session.scalar(sa.select(ClaimBatch).where(ClaimBatch.id == batch_id))
    if row is None:
        raise ClaimNotFound("There is no such batch of claims.")
    statement = (
        sa.select(ClaimStep, Claim, Invoice, Coverage)
        .join(Claim, Claim.id == ClaimStep.claim_id)
        .join(Invoice, Invoice.id == Claim.invoice_id)
        .join(Coverage, Coverage.id == Claim.coverage_id)
        .where(ClaimStep.batch_id == batch_id)
        .order_by(Invoice.number)
    )
    lines = [_line(*found, keys) for found in await session.execute(statement)]
    shown = _shown(row, await keeping.payer(session, row.payer_id))
    return schemas.BatchContent(batch=shown, lines=lines, text=keys.open(row.file) if row.file else None)


def _line(step: ClaimStep, claim: Claim, invoice: Invoice, coverage: Coverage, keys: TenantKeys) -> schemas.BatchLine:
    said: dict[str, Any] = {"claim_id": claim.id, "reference": reference("CL", claim.id)}
    said |= {"invoice_number": invoice.number, "issued_at": invoice.issued_at}
    said |= {"appointment_id": claim.appointment_id, "patient_id": claim.patient_id}
    said |= {"policy_number": keys.open(coverage.policy_number)}
    said |= {"authorisation_number": keys.open(invoice.authorisation) if invoice.authorisation else ""}
    said |= {"total": Money(amount=invoice.total - invoice.credited, currency=invoice.currency)}
    said |= {"claimed": Money(amount=step.amount, currency=claim.currency)}
    return schemas.BatchLine.model_validate(said)


async def keep_file(session: WriteSession, batch_id: UUID, text: str, keys: TenantKeys) -> str:
    """Keep what a batch looks like as a file, sealed; the first stays, and is what is given.

    Raises:
        ClaimNotFound: there is no such batch.
    """
    row = await session.scalar(sa.select(ClaimBatch).where(ClaimBatch.id == batch_id).with_for_update())
    if row is None:
        raise ClaimNotFound("There is no such batch of claims.")
    if row.file is None:
        row.file = keys.seal(text)
        return text
    kept: str = keys.open(row.file)
    return kept


def _shown(row: ClaimBatch, payer: Payer) -> schemas.ClaimBatch:
    said: dict[str, Any] = {name: getattr(row, name) for name in ("id", "number", "payer_id", "count", "created_at")}
    said |= {"payer_name": payer.name, "payer_code": payer.code, "created_by": row.by}
    said |= {"amount": Money(amount=row.amount, currency=row.currency)}
    return schemas.ClaimBatch.model_validate(said)
