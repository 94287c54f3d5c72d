"""Claims as they are asked for: lists, one with its steps, and sums by payer and state."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession
from careconnect.ids import reference
from careconnect.money import Money
from careconnect.pagination import Page, Paging, keyset
from services.payments.insurance import claiming, schemas
from services.payments.models import Claim, ClaimStep, Invoice, Payer


async def claims(
    session: ReadSession, wanted: schemas.ClaimFilter, paging: Paging, keys: TenantKeys
) -> Page[schemas.Claim]:
    """List claims, the newest first, without their steps."""
    statement = sa.select(Claim)
    for name, value in wanted.model_dump(exclude_none=True).items():
        statement = statement.where(getattr(Claim, name) == value)
    page = await keyset(session, statement, [Claim.created_at.desc(), Claim.id.desc()], paging)
    around = await _around(session, page.items)
    return page.of(lambda row: _shown(row, around[row.id], keys))


async def claim(session: ReadSession, claim_id: UUID, keys: TenantKeys) -> schemas.Claim:
    """Read one with its steps, the oldest first.

    Raises:
        ClaimNotFound: there is none.
    """
    row = await claiming.find(session, claim_id)
    around = await _around(session, [row])
    steps = await session.scalars(
        sa.select(ClaimStep).where(ClaimStep.claim_id == claim_id).order_by(ClaimStep.created_at, ClaimStep.id)
    )
    shown = _shown(row, around[row.id], keys)
    return shown.model_copy(update={"steps": [_step(one, row.currency, keys) for one in steps]})


async def sums(session: ReadSession) -> list[schemas.ClaimSum]:
    """Count and add up claims by payer and state."""
    gone = sa.case(
        (Claim.status.in_((schemas.ClaimStatus.cancelled, schemas.ClaimStatus.rejected)), 0),
        else_=Claim.amount - Claim.paid - Claim.returned - Claim.written_off,
    )
    counted = sa.select(
        Claim.payer_id, Payer.name, Claim.status, Claim.currency,
        sa.func.count(), sa.func.sum(Claim.amount), sa.func.sum(gone),
    ).join(Payer, Payer.id == Claim.payer_id)  # fmt: skip
    rows = await session.execute(
        counted.group_by(Claim.payer_id, Payer.name, Claim.status, Claim.currency).order_by(Payer.name, Claim.status)
    )
    return [
        schemas.ClaimSum(
            payer_id=payer_id,
            payer_name=name,
            status=status,
            count=number,
            amount=Money(amount=int(amount), currency=currency),
            left=Money(amount=int(left), currency=currency),
        )
        for payer_id, name, status, currency, number, amount, left in rows
    ]


async def _around(session: ReadSession, rows: Sequence[Claim]) -> dict[UUID, Any]:
    """Read what belongs to claims from their invoices and payers, in one statement."""
    ids = [row.id for row in rows]
    statement = (
        sa.select(Claim.id, Invoice.number, Invoice.authorisation, Payer.name)
        .join(Invoice, Invoice.id == Claim.invoice_id)
        .join(Payer, Payer.id == Claim.payer_id)
        .where(Claim.id.in_(ids))
    )
    return {row.id: row for row in await session.execute(statement)} if ids else {}


def _shown(row: Claim, around: Any, keys: TenantKeys) -> schemas.Claim:
    def money(amount: int) -> Money:
        return Money(amount=amount, currency=row.currency)

    names = ("id", "invoice_id", "appointment_id", "patient_id", "payer_id", "coverage_id", "status", "version")
    said: dict[str, Any] = {name: getattr(row, name) for name in (*names, "created_at", "since")}
    said |= {name: money(getattr(row, name)) for name in ("amount", "paid", "returned", "written_off", "left")}
    said |= {"accepted": None if row.accepted is None else money(row.accepted), "reference": reference("CL", row.id)}
    said |= {"invoice_number": around.number, "payer_name": around.name}
    said |= {"authorisation_number": keys.open(around.authorisation) if around.authorisation else ""}
    return schemas.Claim.model_validate(said)


def _step(row: ClaimStep, currency: str, keys: TenantKeys) -> schemas.ClaimStep:
    said: dict[str, Any] = {name: getattr(row, name) for name in ("id", "kind", "rest_to", "batch_id", "by")}
    said |= {"amount": Money(amount=row.amount, currency=currency), "reason": keys.open(row.reason)}
    said |= {"rest": Money(amount=row.rest, currency=currency) if row.rest else None, "at": row.created_at}
    return schemas.ClaimStep.model_validate(said)
