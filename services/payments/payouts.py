"""Payouts of gateways, entered by whoever reads the bank's statement."""

from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from careconnect import clock
from careconnect.db import ReadSession, WriteSession, constraint
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page, Paging, keyset
from services.payments import books, repository, schemas
from services.payments.errors import PayoutKnown
from services.payments.models import Payout


async def enter(session: WriteSession, payout_id: UUID, wanted: schemas.PayoutWrite) -> tuple[schemas.Payout, bool]:
    """Book a payout once under this id, on its day, and tell whether this was the first time.

    Raises:
        PayoutKnown: this gateway's reference was entered before.
        IdempotencyConflict: the id was used for another payout.
    """
    known = await session.scalar(sa.select(Payout).where(Payout.id == payout_id))
    if known:
        if known.request_hash != wanted.fingerprint():
            raise IdempotencyConflict
        return known.shown(), False
    row = Payout.enter(payout_id, wanted, session.actor.id)
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint(error) == "uq_payouts_reference":
            raise PayoutKnown(reference=wanted.reference) from error
        raise
    noon = datetime.combine(wanted.paid_on, time(12), ZoneInfo(await books.zone_of(session)))
    await repository.post(session, row.booking(min(noon, clock.now())))
    session.record("payout.received", "payout", payout_id, data=row.facts())
    return row.shown(), True


async def listed(session: ReadSession, paging: Paging) -> Page[schemas.Payout]:
    """List them, the newest first."""
    page = await keyset(session, sa.select(Payout), [Payout.paid_on.desc(), Payout.id.desc()], paging)
    return page.of(lambda row: row.shown())
