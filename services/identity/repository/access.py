"""Tries, sessions and API clients in the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from careconnect.db import ReadSession, WriteSession
from careconnect.pagination import Paging, Rows, keyset
from services.identity import credentials
from services.identity.errors import ClientNotFound
from services.identity.models import IDLE, ApiClient, Session, SignInAttempts, Staff, Tenant

WINDOW = timedelta(minutes=15)
"""Over how long tries are counted."""
TRIES = 10
"""How many passwords are looked at within the window."""
_STALE = timedelta(days=1)


async def count_try(session: WriteSession, key_hash: str, present: datetime) -> datetime | None:
    """Count one more try, before it is looked at; give the instant until which none is, if there were too many.

    Counting comes first so that many tries at once count as many.
    """
    table = SignInAttempts
    fresh = insert(table).values(tenant_id=session.tenant_id, key_hash=key_hash, tries=1, since=present)
    over = table.since <= present - WINDOW
    counted = fresh.on_conflict_do_update(
        index_elements=[table.tenant_id, table.key_hash],
        set_={
            "tries": sa.case((over, 1), else_=table.tries + 1),
            "since": sa.case((over, present), else_=table.since),
        },
    ).returning(table.tries, table.since)
    row = (await session.execute(counted)).one()
    return row.since + WINDOW if row.tries > TRIES else None


async def forget_tries(session: WriteSession, key_hash: str, present: datetime) -> None:
    """Forget the tries of an e-mail whose password was given, and what is too old to count."""
    table = SignInAttempts
    done = sa.or_(table.key_hash == key_hash, table.since < present - _STALE)
    await session.execute(sa.delete(table).where(done))


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that is neither ended nor over, whose it is, and where."""

    session: Session
    staff: Staff
    tenant: Tenant


async def live_session(session: ReadSession, token: str, present: datetime) -> LiveSession | None:
    """Find the living session of a token, with its person and organisation, in one statement."""
    statement = (
        sa.select(Session, Staff, Tenant)
        .join(Staff, sa.and_(Staff.tenant_id == Session.tenant_id, Staff.id == Session.staff_id))
        .join(Tenant, sa.and_(Tenant.tenant_id == Session.tenant_id, Tenant.id == Session.tenant_id))
        .where(
            Session.token_hash == credentials.digest(token),
            Session.ended_at.is_(None),
            Session.expires_at > present,
            Session.last_seen_at > present - IDLE,
            Staff.active.is_(True),
        )
    )
    row = (await session.execute(statement)).one_or_none()
    return LiveSession(*row) if row else None


async def touch_session(session: WriteSession, session_id: UUID, present: datetime) -> None:
    """Note that a session is in use."""
    await session.execute(sa.update(Session).where(Session.id == session_id).values(last_seen_at=present))


async def end_session(session: WriteSession, token: str, present: datetime) -> UUID | None:
    """End the session of a token, and give its id unless it had ended before."""
    mine = sa.update(Session).where(Session.token_hash == credentials.digest(token), Session.ended_at.is_(None))
    return await session.scalar(mine.values(ended_at=present).returning(Session.id))


async def find_client(session: ReadSession, key: UUID) -> ApiClient | None:
    """Read an API client, if there is one."""
    return await session.get(ApiClient, (session.tenant_id, key))


async def client(session: ReadSession, key: UUID) -> ApiClient:
    """Read an API client.

    Raises:
        ClientNotFound: there is none.
    """
    found = await find_client(session, key)
    if found is None:
        raise ClientNotFound
    return found


async def clients(session: ReadSession, paging: Paging, *, active: bool | None = None) -> Rows[ApiClient]:
    """List the API clients, the newest first."""
    statement = sa.select(ApiClient)
    if active is not None:
        statement = statement.where(ApiClient.active.is_(active))
    return await keyset(session, statement, [ApiClient.id.desc()], paging)


async def client_by_public_id(session: ReadSession, client_id: str) -> ApiClient | None:
    """Find an API client by the id that it shows."""
    return await session.scalar(sa.select(ApiClient).where(ApiClient.client_id == client_id))


async def touch_client(session: WriteSession, key: UUID, present: datetime) -> None:
    """Note that a client is in use; this is no change of the record."""
    await session.execute(sa.update(ApiClient).where(ApiClient.id == key).values(last_used_at=present))
