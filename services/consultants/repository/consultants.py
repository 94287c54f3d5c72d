"""Consultants in the database."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from careconnect.crypto import words
from careconnect.db import ReadSession, WriteSession, objection
from careconnect.pagination import Paging, Rows, keyset, ordered
from services.consultants import schemas
from services.consultants.errors import ConsultantNotFound, RegistrationNumberTaken
from services.consultants.models import Base, Consultant, Schedule, specialty_key

_OUTBOX = Base.metadata.tables["outbox_events"]
_NAME = [Consultant.last_name, Consultant.first_name, Consultant.id]
_ORDERS = {"name": _NAME, "status": [Consultant.status, *_NAME], "registered": [Consultant.created_at, Consultant.id]}


async def claim(session: WriteSession, key: UUID) -> None:
    """Let one request at a time create the record `key`, so that a repeat sees what the first one made."""
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(key), 0))))


async def add_consultant(session: WriteSession, fresh: Consultant) -> None:
    """Keep a new consultant, with an empty schedule.

    Raises:
        RegistrationNumberTaken: another consultant has the number.
    """
    session.add(fresh)
    await keep_consultant(session)
    session.add(Schedule.empty(fresh.id))
    await session.flush()


async def keep_consultant(session: WriteSession) -> None:
    """Write the changes of a consultant.

    Raises:
        RegistrationNumberTaken: another consultant has the number.
    """
    with objection({"uq_consultants_registration_number": RegistrationNumberTaken}):
        await session.flush()


async def find_consultant(session: ReadSession, consultant_id: UUID) -> Consultant | None:
    """Read a consultant, if there is one."""
    return await session.get(Consultant, (session.tenant_id, consultant_id))


async def consultant(session: ReadSession, consultant_id: UUID) -> Consultant:
    """Read a consultant.

    Raises:
        ConsultantNotFound: there is none.
    """
    found = await find_consultant(session, consultant_id)
    if found is None:
        raise ConsultantNotFound
    return found


async def consultants(
    session: ReadSession,
    paging: Paging,
    *,
    q: str | None = None,
    status: schemas.Status | None = None,
    specialty: str | None = None,
    archived: bool = False,
    sort: str = "name",
) -> Rows[Consultant]:
    """List in the order of `sort`; each word of `q` begins a word of name, speciality or registration number."""
    statement = sa.select(Consultant).where(
        Consultant.archived_at.is_not(None) if archived else Consultant.archived_at.is_(None)
    )
    for word in words(q or ""):
        statement = statement.where(Consultant.search_text.contains(f" {word}"))
    if status is not None:
        statement = statement.where(Consultant.status == status)
    if specialty is not None:
        statement = statement.where(Consultant.specialty_keys.contains([specialty_key(specialty)]))
    return await keyset(session, statement, ordered(sort, _ORDERS), paging)


async def named(session: ReadSession, ids: Collection[UUID]) -> list[Consultant]:
    """Read the consultants of `ids` that exist."""
    return list(await session.scalars(sa.select(Consultant).where(Consultant.id.in_(ids)).order_by(Consultant.id)))


async def specialties(session: ReadSession) -> list[str]:
    """Name the specialities of all who are not archived, each once, in order."""
    each = sa.func.unnest(Consultant.specialties).label("specialty")
    statement = sa.select(each).where(Consultant.archived_at.is_(None)).distinct().order_by("specialty")
    return list(await session.scalars(statement))


async def figures(session: ReadSession) -> schemas.Figures:
    """Count consultants that are not archived, in one statement and so as of one moment."""
    present = Consultant.archived_at.is_(None)
    statement = sa.select(
        sa.select(sa.func.coalesce(sa.func.max(_OUTBOX.c.id), 0)).scalar_subquery().label("watermark"),
        sa.func.count().filter(present).label("total"),
        sa.func.count().filter(present, Consultant.status == "active").label("active"),
        sa.func.count().filter(present, Consultant.status == "on_leave").label("on_leave"),
    ).select_from(Consultant)
    row = (await session.execute(statement)).one()
    return schemas.Figures.model_validate(row, from_attributes=True)
