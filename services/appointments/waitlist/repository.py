"""Questions about the waiting list."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from careconnect.db import ReadSession, WriteSession
from careconnect.pagination import Order, Paging, Rows, keyset
from services.appointments.errors import OfferNotFound, WaitlistEntryNotFound
from services.appointments.reach.repository import reach_of
from services.appointments.waitlist.models import WaitlistEntry, WaitlistOffer
from services.appointments.waitlist.schemas import EntryFilter

_IN_LINE: list[Order] = [WaitlistEntry.created_at, WaitlistEntry.id]


async def find(session: ReadSession, entry_id: UUID, *, lock: bool = False) -> WaitlistEntry | None:
    """Read one entry if it is there."""
    statement = select(WaitlistEntry).where(WaitlistEntry.tenant_id == session.tenant_id, WaitlistEntry.id == entry_id)
    found: WaitlistEntry | None = await session.scalar(statement.with_for_update() if lock else statement)
    return found


async def get(session: ReadSession, entry_id: UUID, *, lock: bool = False) -> WaitlistEntry:
    """Read one entry.

    Raises:
        WaitlistEntryNotFound: there is none for this tenant.
    """
    found = await find(session, entry_id, lock=lock)
    if found is None:
        raise WaitlistEntryNotFound
    return found


async def offer(session: ReadSession, offer_id: UUID) -> WaitlistOffer:
    """Read one offer.

    Raises:
        OfferNotFound: there is none for this tenant.
    """
    found = await find_offer(session, offer_id)
    if found is None:
        raise OfferNotFound
    return found


async def find_offer(session: ReadSession, offer_id: UUID) -> WaitlistOffer | None:
    """Read one offer if it is there."""
    found: WaitlistOffer | None = await session.scalar(
        select(WaitlistOffer).where(WaitlistOffer.tenant_id == session.tenant_id, WaitlistOffer.id == offer_id)
    )
    return found


async def search(session: ReadSession, wanted: EntryFilter, paging: Paging) -> Rows[WaitlistEntry]:
    """List those who wait, the first in line first."""
    conditions = [WaitlistEntry.tenant_id == session.tenant_id]
    if reach := await reach_of(session):
        conditions.append(reach.patients(WaitlistEntry.patient_id))
    if wanted.patient_id:
        conditions.append(WaitlistEntry.patient_id == wanted.patient_id)
    if wanted.status:
        conditions.append(WaitlistEntry.status.in_(wanted.status))
    return await keyset(session, select(WaitlistEntry).where(*conditions), _IN_LINE, paging)


async def offers(session: WriteSession | ReadSession, entries: Sequence[UUID]) -> dict[UUID, list[WaitlistOffer]]:
    """List what was offered to each entry, the newest first."""
    found: dict[UUID, list[WaitlistOffer]] = {key: [] for key in entries}
    statement = select(WaitlistOffer).where(
        WaitlistOffer.tenant_id == session.tenant_id, WaitlistOffer.entry_id.in_(entries)
    )
    for one in await session.scalars(statement.order_by(WaitlistOffer.offered_at.desc())):
        found[one.entry_id].append(one)
    return found
