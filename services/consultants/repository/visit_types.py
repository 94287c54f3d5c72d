"""The catalogue of visit types in the database."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from careconnect.db import ReadSession, WriteSession, objection
from careconnect.pagination import Paging, Rows, keyset
from services.consultants.errors import ConsultantNotFound, VisitTypeNotFound
from services.consultants.models import Consultant, VisitType, VisitTypeConsultant


async def find_visit_type(session: ReadSession, visit_type_id: UUID) -> VisitType | None:
    """Read a visit type and who is named as offering it, if there is one."""
    whole = [selectinload(VisitType.offered_by)]
    return await session.get(VisitType, (session.tenant_id, visit_type_id), options=whole)


async def visit_type(session: ReadSession, visit_type_id: UUID) -> VisitType:
    """Read a visit type and who is named as offering it.

    Raises:
        VisitTypeNotFound: there is none.
    """
    found = await find_visit_type(session, visit_type_id)
    if found is None:
        raise VisitTypeNotFound
    return found


async def lock_currency(session: WriteSession, visit_type_id: UUID) -> str | None:
    """Read in which currency a visit type is priced, and let nobody change that, or list a price, at the same time."""
    statement = sa.select(VisitType.currency).where(VisitType.id == visit_type_id)
    found: str | None = await session.scalar(statement.with_for_update())
    return found


async def visit_types(
    session: ReadSession, paging: Paging, *, active: bool | None = None, consultant_id: UUID | None = None
) -> Rows[VisitType]:
    """List the catalogue by name, all of it or what is offered, and of that what one consultant offers."""
    statement = sa.select(VisitType).options(selectinload(VisitType.offered_by))
    if active is not None:
        statement = statement.where(VisitType.active.is_(active))
    if consultant_id is not None:
        statement = statement.where(sa.exists().where(Consultant.id == consultant_id, offers()))
    return await keyset(session, statement, [VisitType.name, VisitType.id], paging)


async def keep_visit_type(session: WriteSession, entry: VisitType) -> None:
    """Write a visit type and who is named as offering it.

    Raises:
        ConsultantNotFound: one of those named is not known.
    """
    session.add(entry)
    with objection({"fk_visit_type_consultants_consultants": ConsultantNotFound}):
        await session.flush()


def offers() -> sa.ColumnElement[bool]:
    """Say, of the `Consultant` and the `VisitType` of a query, that the one offers the other.

    Those who are named offer it; where nobody is named, everybody of its speciality; where it has none, everybody.
    """
    named = sa.exists().where(VisitTypeConsultant.visit_type_id == VisitType.id)
    by_speciality = sa.or_(
        VisitType.specialty_key.is_(None), VisitType.specialty_key == sa.any_(Consultant.specialty_keys)
    )
    return sa.or_(
        named.where(VisitTypeConsultant.consultant_id == Consultant.id), sa.and_(sa.not_(named), by_speciality)
    )
