"""Claims: drafted, submitted, answered by the payer, and paid; each step once, under an id of the caller's."""

from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect import clock
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession
from careconnect.errors import IdempotencyConflict
from careconnect.money import Money
from services.payments import repository
from services.payments.errors import ClaimNotFound, wrong_currency
from services.payments.insurance import schemas
from services.payments.insurance.schemas import ClaimStatus
from services.payments.models import Claim, ClaimStep, Invoice
from services.payments.models.claims import Step
from services.payments.repository.rows import values

Asked = schemas.Submission | schemas.Acceptance | schemas.Rejection | schemas.PayerPayment


class Known(NamedTuple):
    """A claim and its invoice, both locked."""

    claim: Claim
    invoice: Invoice


async def draft(session: WriteSession, claim_id: UUID, invoice_id: UUID) -> bool:
    """Draft the claim for an invoice; false if it has one, whatever has become of it.

    Raises:
        InvoiceNotFound: there is no such invoice.
        NothingToClaim: no payer owes anything of it.
    """
    invoice = await repository.lock_invoice(session, invoice_id)
    known = await session.scalar(sa.select(Claim).where(Claim.invoice_id == invoice_id))
    if known is not None:
        return False
    row = Claim.draft(claim_id, invoice)
    session.add(row)
    await session.flush()
    session.record("claim.drafted", "claim", row.id, data=row.facts())
    return True


async def follow(session: WriteSession, invoice: Invoice) -> None:
    """Let a draft follow its invoice, whose shares have changed; the invoice is locked."""
    if invoice.coverage_id is None:
        return
    mine = sa.select(Claim).where(Claim.invoice_id == invoice.id, Claim.status == ClaimStatus.draft)
    row = await session.scalar(mine.with_for_update())
    if row is None:
        return
    if invoice.payer_due:
        row.amount = invoice.covered
    else:
        row.status, row.since = ClaimStatus.cancelled, clock.now()
        session.record("claim.cancelled", "claim", row.id, data=row.facts())


async def lock(session: WriteSession, claim_id: UUID) -> Known:
    """Read a claim for a change, its invoice first, as everybody does who changes both.

    Raises:
        ClaimNotFound: there is none.
    """
    invoice_id = await session.scalar(sa.select(Claim.invoice_id).where(Claim.id == claim_id))
    if invoice_id is None:
        raise ClaimNotFound
    invoice = await repository.lock_invoice(session, invoice_id)
    statement = sa.select(Claim).where(Claim.id == claim_id).with_for_update()
    return Known((await session.scalars(statement)).one(), invoice)


async def take(session: WriteSession, claim_id: UUID, step_id: UUID, asked: Asked, keys: TenantKeys) -> None:
    """Take a step with a claim, once under this id.

    Raises:
        ClaimNotFound: there is none.
        ClaimState, ClaimExceeded: it cannot be done with the claim as it stands.
        VersionConflict: the claim was changed since it was read.
        IdempotencyConflict: the id was used for another step.
    """
    known = await lock(session, claim_id)
    done = await session.scalar(sa.select(ClaimStep).where(ClaimStep.id == step_id))
    if done is not None:
        if done.claim_id != claim_id or done.kind != _KINDS[type(asked)]:
            raise IdempotencyConflict
        return
    known.claim.expect(asked.version)
    amount = getattr(asked, "amount", None)
    if amount is not None and amount.currency != known.claim.currency:
        raise wrong_currency(known.claim.currency)
    step = _done(known, asked, amount)
    await note(session, known.claim, step_id, step, keys.seal(getattr(asked, "reason", "")))


_KINDS: dict[type[Asked], str] = {
    schemas.Submission: "submitted",
    schemas.Acceptance: "accepted",
    schemas.Rejection: "rejected",
    schemas.PayerPayment: "paid",
}


def _done(known: Known, asked: Asked, amount: Money | None) -> Step:
    claim, invoice = known
    units = amount.amount if amount else None
    if isinstance(asked, schemas.Submission):
        return claim.submit(invoice)
    if isinstance(asked, schemas.Acceptance):
        return claim.accept(invoice, units, asked.rest)
    if isinstance(asked, schemas.Rejection):
        return claim.reject(invoice, asked.rest)
    return claim.pay(invoice, units)


async def note(
    session: WriteSession, claim: Claim, step_id: UUID, step: Step, reason: bytes, batch_id: UUID | None = None
) -> None:
    """Write a step down, and book it."""
    moment = clock.now()
    row = ClaimStep(
        tenant_id=session.tenant_id,
        id=step_id,
        created_at=moment,
        updated_at=moment,
        claim_id=claim.id,
        batch_id=batch_id,
        kind=step.kind,
        amount=step.amount,
        rest=step.rest,
        rest_to=step.rest_to,
        reason=reason,
        by=session.actor.id,
    )
    await session.execute(insert(ClaimStep).values(values(row)))
    await repository.post(session, *claim.booking(step_id, step))
    session.record(f"claim.{step.kind}", "claim", claim.id, data=claim.facts() | {"step_id": str(step_id)})


async def find(session: ReadSession, claim_id: UUID) -> Claim:
    """Read a claim.

    Raises:
        ClaimNotFound: there is none.
    """
    found = await session.scalar(sa.select(Claim).where(Claim.id == claim_id))
    if found is None:
        raise ClaimNotFound
    return found


async def authorise(session: WriteSession, invoice_id: UUID, number: str, keys: TenantKeys) -> None:
    """Keep the number under which the payer agreed to pay for a visit; an empty one is none.

    Raises:
        InvoiceNotFound: there is no such invoice.
    """
    invoice = await repository.lock_invoice(session, invoice_id)
    if (keys.open(invoice.authorisation) if invoice.authorisation else "") == number:
        return
    invoice.authorisation = keys.seal(number) if number else None
    session.record("invoice.authorised_by_payer", "invoice", invoice_id, data={"given": bool(number)})
