"""Cash drawers: opened with a count, closed with a count, and what becomes of the difference."""

from uuid import UUID

import sqlalchemy as sa

from careconnect.auth import Actor
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession
from careconnect.errors import IdempotencyConflict
from careconnect.money import Money
from careconnect.pagination import Page, Paging, keyset
from services.payments import repository, schemas
from services.payments.errors import DrawerClosed, DrawerNotFound, DrawerOpen
from services.payments.models import CashDrawer, CashMovement
from services.payments.repository import Sums
from services.payments.schemas import DrawerClosing, DrawerFilter, DrawerMovement, DrawerWrite, MovementWrite


def sees_all(actor: Actor) -> bool:
    """Whether somebody may look at the drawers of others: those who review them, and auditors."""
    return actor.may("drawers:review") or actor.may("audit:read")


async def find(session: ReadSession, drawer_id: UUID) -> CashDrawer:
    """Read a drawer.

    Raises:
        DrawerNotFound: there is none, or it is somebody else's and not to be seen.
    """
    row = await repository.find_drawer(session, drawer_id)
    if row is None or not (row.person_id == session.actor.id or sees_all(session.actor)):
        raise DrawerNotFound
    return row


async def listed(session: ReadSession, wanted: DrawerFilter, paging: Paging) -> Page[schemas.Drawer]:
    """List drawers, the newest first: one's own, or those of everybody for whoever may see them."""
    statement = sa.select(CashDrawer)
    person = wanted.person_id if sees_all(session.actor) else session.actor.id
    if person:
        statement = statement.where(CashDrawer.person_id == person)
    if wanted.location_id:
        statement = statement.where(CashDrawer.location_id == wanted.location_id)
    if wanted.status:
        is_open = CashDrawer.closed_at.is_(None)
        statement = statement.where(is_open if wanted.status == "open" else ~is_open)
    page = await keyset(session, statement, [CashDrawer.opened_at.desc(), CashDrawer.id.desc()], paging)
    sums = await repository.drawer_sums(session, [row.id for row in page.items])
    keys = await session.tenant_keys()
    return page.of(lambda row: told(row, sums[row.id], keys))


async def open_(session: WriteSession, drawer_id: UUID, wanted: DrawerWrite) -> bool:
    """Open a drawer for whoever asks; false if just this one was opened before.

    Raises:
        DrawerOpen: they have another one open.
        IdempotencyConflict: the id was used for another drawer.
    """
    known = await repository.find_drawer(session, drawer_id)
    if known:
        if known.request_hash != wanted.fingerprint():
            raise IdempotencyConflict
        return False
    other = await repository.open_drawer(session, session.actor.id)
    if other:
        raise DrawerOpen(drawer_id=str(other.id))
    row = CashDrawer.open_for(session.actor.id, drawer_id, wanted)
    await repository.add_drawer(session, row)
    session.record("drawer.opened", "cash_drawer", row.id, data=row.facts())
    return True


async def move(session: WriteSession, drawer_id: UUID, movement_id: UUID, wanted: MovementWrite) -> bool:
    """Put cash in, or take it out; false if just this was done before. Refuses as `CashMovement.of` does."""
    row = await _held(session, drawer_id)
    known = await repository.find_movement(session, movement_id)
    if known:
        if known.drawer_id != drawer_id or known.request_hash != wanted.fingerprint():
            raise IdempotencyConflict
        return False
    there = (await _sums(session, row)).expected(row.opening)
    reason = (await session.tenant_keys()).seal(wanted.reason)
    moved = CashMovement.of(movement_id, row, wanted, there=there, by=session.actor.id, reason=reason)
    session.add(moved)
    await session.flush()
    await repository.post(session, moved.booking())
    said = {"drawer_id": str(drawer_id), "kind": moved.kind, "amount": moved.amount, "currency": moved.currency}
    session.record("cash.moved", "cash_movement", movement_id, data=said)
    return True


async def close(session: WriteSession, drawer_id: UUID, wanted: DrawerClosing) -> None:
    """Close it with what was counted, and book the difference; a repeat with the same count changes nothing.

    Raises:
        DrawerClosed: it was closed with another count.
        DrawerDiffers: the count is not what should be there, and nobody says why.
    """
    row = await _held(session, drawer_id)
    if row.closed_at:
        if (row.counted, row.currency) != (wanted.counted.total.amount, wanted.counted.total.currency):
            raise DrawerClosed
        return
    expected = (await _sums(session, row)).expected(row.opening)
    reason = (await session.tenant_keys()).seal(wanted.reason) if wanted.reason else None
    await repository.post(session, *row.close(session.actor.id, wanted, expected, reason))
    session.record("drawer.closed", "cash_drawer", row.id, data=row.facts())


async def review(session: WriteSession, drawer_id: UUID, note: str) -> None:
    """Note that whoever asks looked at a closed drawer."""
    row = await repository.lock_drawer(session, drawer_id)
    row.review(session.actor.id, (await session.tenant_keys()).seal(note) if note else None)
    session.record("drawer.reviewed", "cash_drawer", row.id)


async def _held(session: WriteSession, drawer_id: UUID) -> CashDrawer:
    """Hold a drawer that is the asker's own, or anybody's for whoever reviews them: somebody may have gone home."""
    row = await repository.lock_drawer(session, drawer_id)
    if row.person_id != session.actor.id and not session.actor.may("drawers:review"):
        raise DrawerNotFound
    return row


async def _sums(session: ReadSession, row: CashDrawer) -> Sums:
    return (await repository.drawer_sums(session, [row.id]))[row.id]


async def shown(session: ReadSession, row: CashDrawer) -> schemas.Drawer:
    """Give a drawer as the wire shows it."""
    return told(row, await _sums(session, row), await session.tenant_keys())


def told(row: CashDrawer, sums: Sums, keys: TenantKeys) -> schemas.Drawer:
    """Give a drawer with its sums."""

    def money(amount: int) -> Money:
        return Money(amount=amount, currency=row.currency)

    def pieces(kept: list[list[int]] | None) -> list[schemas.CountedPieces]:
        return [schemas.CountedPieces(unit=money(unit), pieces=number) for unit, number in kept or []]

    expected = sums.expected(row.opening) if row.expected is None else row.expected
    said = {name: getattr(row, name) for name in ("id", "person_id", "location_id", "opened_at", "closed_at")}
    said |= {name: getattr(row, name) for name in ("closed_by", "reviewed_at", "reviewed_by", "version")}
    said |= {name: money(amount) for name, amount in sums._asdict().items()}
    return schemas.Drawer(
        **said,
        status="closed" if row.closed_at else "open",
        opening=money(row.opening),
        opening_count=pieces(row.opening_count),
        expected=money(expected),
        counted=None if row.counted is None else money(row.counted),
        closing_count=pieces(row.closing_count),
        difference=None if row.counted is None else money(row.counted - expected),
        reason=keys.open(row.reason) if row.reason else None,
        review_note=keys.open(row.review_note) if row.review_note else None,
    )


async def movements(session: ReadSession, row: CashDrawer) -> list[DrawerMovement]:
    """List all that changed a drawer's cash, the newest first; a shift has some hundreds at most."""
    keys = await session.tenant_keys()

    def moved(amount: int, **said: object) -> DrawerMovement:
        return DrawerMovement.model_validate(said | {"amount": Money(amount=amount, currency=row.currency)})

    found = [
        moved(one.captured, id=one.id, kind="payment", at=one.captured_at, payment_id=one.id, invoice_id=one.invoice_id)
        for one in await repository.drawer_payments(session, row.id)
    ]
    found += [
        moved(-one.amount, id=one.id, kind="refund", at=one.settled_at, payment_id=one.payment_id,
              reason=keys.open(one.reason))
        for one in await repository.drawer_refunds(session, row.id)
    ]  # fmt: skip
    found += [
        moved(one.amount, id=one.id, kind=one.kind, at=one.created_at, reason=keys.open(one.reason))
        for one in await repository.drawer_movements(session, row.id)
    ]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)
