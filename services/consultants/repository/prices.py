"""Price lists and the organisation's own policies in the database."""

from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession, objection
from careconnect.pagination import Paging, Rows, keyset
from services.consultants.errors import ConsultantNotFound, PriceNotFound, PricesOverlap, VisitTypeNotFound
from services.consultants.models import MoneyPolicies, PriceListEntry


async def find_price(session: ReadSession, entry_id: UUID) -> PriceListEntry | None:
    """Read one row of the price lists, if there is one."""
    return await session.get(PriceListEntry, (session.tenant_id, entry_id))


async def price(session: ReadSession, entry_id: UUID) -> PriceListEntry:
    """Read one row of the price lists.

    Raises:
        PriceNotFound: there is none.
    """
    found = await find_price(session, entry_id)
    if found is None:
        raise PriceNotFound
    return found


async def prices(session: ReadSession, paging: Paging, visit_type_id: UUID | None) -> Rows[PriceListEntry]:
    """List the price lists, all or of one visit type."""
    statement = sa.select(PriceListEntry)
    if visit_type_id is not None:
        statement = statement.where(PriceListEntry.visit_type_id == visit_type_id)
    return await keyset(session, statement, [PriceListEntry.visit_type_id, PriceListEntry.id], paging)


async def any_price(session: ReadSession, visit_type_id: UUID) -> bool:
    """Tell whether the price lists have a row of a visit type."""
    return bool(await session.scalar(sa.select(sa.exists().where(PriceListEntry.visit_type_id == visit_type_id))))


async def keep_price(session: WriteSession, entry: PriceListEntry) -> None:
    """Write one row of the price lists.

    Raises:
        VisitTypeNotFound, ConsultantNotFound: it is for what is not known here.
        PricesOverlap: another row names a price for the same days.
    """
    session.add(entry)
    refusals = {
        "fk_price_list_entries_visit_types": VisitTypeNotFound,
        "fk_price_list_entries_consultants": ConsultantNotFound,
        "ex_price_list_entries_days": PricesOverlap,
    }
    with objection(refusals):
        await session.flush()


async def drop_price(session: WriteSession, entry: PriceListEntry) -> None:
    """Remove one row of the price lists."""
    await session.delete(entry)


async def money_policies(session: ReadSession) -> MoneyPolicies | None:
    """Read the organisation's own policies, if it has said any."""
    return await session.get(MoneyPolicies, (session.tenant_id, session.tenant_id))
