"""Cash drawers: found, held shared by whoever takes cash and alone by whoever closes, and added up."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from careconnect.db import ReadSession, WriteSession, constraint
from services.payments.errors import DrawerNeeded, DrawerNotFound, DrawerOpen
from services.payments.models import CashDrawer, CashMovement, CashRule, Payment, Refund
from services.payments.states import PaymentStatus, RefundStatus


class Sums(NamedTuple):
    """What a drawer's cash has moved by, all above zero."""

    takings: int = 0
    refunds: int = 0
    put_in: int = 0
    taken_out: int = 0

    def expected(self, opening: int) -> int:
        """Tell what should be in the drawer."""
        return opening + self.takings - self.refunds + self.put_in - self.taken_out


async def drawer_for_cash(session: WriteSession, currency: str, *, by_hand: bool = True) -> UUID | None:
    """Name the open drawer of whoever acts, held so that nobody closes it before the commit; None without one.

    Raises:
        DrawerNeeded: there is none, and the tenant's cash is taken into drawers only; processes are not asked.
    """
    mine = sa.select(CashDrawer.id).where(CashDrawer.person_id == session.actor.id, CashDrawer.closed_at.is_(None))
    found = await session.scalar(mine.where(CashDrawer.currency == currency).with_for_update(read=True))
    if found is None and by_hand and session.actor.kind in {"staff", "client"} and await drawer_needed(session):
        raise DrawerNeeded
    return found


async def drawer_needed(session: ReadSession) -> bool:
    """Tell whether cash is taken into open drawers only."""
    return bool(await session.scalar(sa.select(CashRule.drawer_needed)))


async def set_drawer_needed(session: WriteSession, needed: bool) -> None:
    """Say so."""
    row = insert(CashRule).values(tenant_id=session.tenant_id, drawer_needed=needed)
    await session.execute(row.on_conflict_do_update(index_elements=["tenant_id"], set_={"drawer_needed": needed}))


async def add_drawer(session: WriteSession, row: CashDrawer) -> None:
    """Write a drawer that was opened.

    Raises:
        DrawerOpen: its person has another one open.
    """
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        if constraint(error) == "uq_cash_drawers_open":
            raise DrawerOpen from error
        raise


async def find_drawer(session: ReadSession, drawer_id: UUID) -> CashDrawer | None:
    """Read a drawer."""
    return await session.scalar(sa.select(CashDrawer).where(CashDrawer.id == drawer_id))


async def open_drawer(session: ReadSession, person_id: UUID) -> CashDrawer | None:
    """Read the drawer that somebody has open."""
    mine = sa.select(CashDrawer).where(CashDrawer.person_id == person_id, CashDrawer.closed_at.is_(None))
    return await session.scalar(mine)


async def lock_drawer(session: WriteSession, drawer_id: UUID) -> CashDrawer:
    """Read a drawer for a change; whoever takes cash into it is waited for, and waits.

    Raises:
        DrawerNotFound: there is none.
    """
    found = await session.scalar(sa.select(CashDrawer).where(CashDrawer.id == drawer_id).with_for_update())
    if found is None:
        raise DrawerNotFound
    return found


async def drawer_sums(session: ReadSession, ids: Iterable[UUID]) -> dict[UUID, Sums]:
    """Add up what moved the cash of drawers."""
    keys = list(ids)
    came = _sums(Payment.drawer_id, keys, sa.func.sum(Payment.captured), Payment.status == PaymentStatus.captured)
    went = _sums(Refund.drawer_id, keys, sa.func.sum(Refund.amount), Refund.status == RefundStatus.succeeded)
    amount = CashMovement.amount
    put, took = (
        _sums(CashMovement.drawer_id, keys, sa.func.sum(sa.func.abs(amount)), side) for side in (amount > 0, amount < 0)
    )
    found: dict[UUID, list[int]] = {key: [0, 0, 0, 0] for key in keys}
    for place, statement in enumerate((came, went, put, took)):
        for key, total in await session.execute(statement):
            found[key][place] = int(total)
    return {key: Sums(*sums) for key, sums in found.items()}


def _sums(drawer: Any, keys: Sequence[UUID], total: Any, where: Any) -> sa.Select[Any]:
    return sa.select(drawer, total).where(drawer.in_(keys), where).group_by(drawer)


async def drawer_payments(session: ReadSession, drawer_id: UUID) -> Sequence[Payment]:
    """Read the cash payments that were taken into a drawer."""
    taken = sa.select(Payment).where(Payment.drawer_id == drawer_id, Payment.captured > 0)
    return (await session.scalars(taken)).all()


async def drawer_refunds(session: ReadSession, drawer_id: UUID) -> Sequence[Refund]:
    """Read the refunds that were paid out of a drawer."""
    return (await session.scalars(sa.select(Refund).where(Refund.drawer_id == drawer_id))).all()


async def drawer_movements(session: ReadSession, drawer_id: UUID) -> Sequence[CashMovement]:
    """Read what was put in and taken out by hand."""
    return (await session.scalars(sa.select(CashMovement).where(CashMovement.drawer_id == drawer_id))).all()


async def find_movement(session: ReadSession, movement_id: UUID) -> CashMovement | None:
    """Read one."""
    return await session.scalar(sa.select(CashMovement).where(CashMovement.id == movement_id))
