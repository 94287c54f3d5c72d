"""Members of staff in the database."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from careconnect.db import ReadSession, WriteSession, objection
from careconnect.pagination import Paging, Rows, keyset
from services.identity.errors import EmailTaken, LastOwner, StaffNotFound
from services.identity.models import Session, Staff, Tenant
from services.identity.repository import directory
from services.identity.roles import Role


async def find_staff(session: ReadSession, staff_id: UUID) -> Staff | None:
    """Read a member of staff, if there is one."""
    return await session.get(Staff, (session.tenant_id, staff_id))


async def still_signs_in(session: WriteSession, one: Staff) -> bool:
    """Tell whether a person is active with the same password as when it was read, and keep it so until the end."""
    statement = sa.select(Staff.id).where(Staff.id == one.id, Staff.active.is_(True))
    same = statement.where(Staff.password_hash == one.password_hash).with_for_update(read=True)
    return await session.scalar(same) is not None


async def member(session: ReadSession, staff_id: UUID) -> Staff:
    """Read a member of staff.

    Raises:
        StaffNotFound: there is none.
    """
    found = await find_staff(session, staff_id)
    if found is None:
        raise StaffNotFound
    return found


async def staff(
    session: ReadSession, paging: Paging, *, q: str | None = None, active: bool | None = None, role: Role | None = None
) -> Rows[Staff]:
    """List the staff, those engaged last first; each word of `q` begins a word of the name."""
    statement = sa.select(Staff)
    if q:
        tokens = (await session.tenant_keys()).query_tokens(q)
        statement = statement.where(Staff.name_tokens.contains(tokens))
    if active is not None:
        statement = statement.where(Staff.active.is_(active))
    if role is not None:
        statement = statement.where(Staff.roles.contains([role]))
    return await keyset(session, statement, [Staff.id.desc()], paging)


async def named(session: ReadSession, ids: Collection[UUID]) -> list[Staff]:
    """Read the members of staff of `ids` that exist."""
    return list(await session.scalars(sa.select(Staff).where(Staff.id.in_(ids)).order_by(Staff.id)))


async def keep_staff(session: WriteSession, one: Staff, email_key: str) -> None:
    """Write a member of staff, findable by the e-mail that `email_key` is the hash of.

    Raises:
        EmailTaken: somebody else on the platform signs in with it.
    """
    session.add(one)
    await session.flush()
    found = await directory.find(session, directory.EMAIL, email_key)
    if found == directory.Subject(session.tenant_id, one.id):
        return
    await directory.remove(session, directory.EMAIL, one.id)
    directory.enter(session, directory.EMAIL, email_key, one.id)
    with objection({"pk_directory": EmailTaken}):
        await session.flush()


async def leave_an_owner(session: WriteSession, leaving: Staff) -> None:
    """Refuse to let the last owner go; one change of owners at a time, so that two cannot go at once.

    Raises:
        LastOwner: nobody else is an active owner.
    """
    await session.execute(sa.select(Tenant.id).where(Tenant.id == session.tenant_id).with_for_update())
    others = sa.select(sa.func.count()).where(
        Staff.id != leaving.id, Staff.active.is_(True), Staff.roles.contains(["owner"])
    )
    if not await session.scalar(others):
        raise LastOwner


async def end_sessions(session: WriteSession, staff_id: UUID, present: datetime) -> None:
    """End every session of a person."""
    theirs = sa.update(Session).where(Session.staff_id == staff_id, Session.ended_at.is_(None))
    await session.execute(theirs.values(ended_at=present))


async def renew_hash(session: WriteSession, staff_id: UUID, old: str, new: str) -> None:
    """Keep the same password under newer parameters, unless it was changed meanwhile."""
    same = sa.update(Staff).where(Staff.id == staff_id, Staff.password_hash == old)
    await session.execute(same.values(password_hash=new))
