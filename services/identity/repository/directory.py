"""The directory: whose an e-mail is, asked before anybody is known. E-mails are in it as keyed hashes only."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from careconnect import clock
from careconnect.auth import NOBODY
from careconnect.crypto import TenantKeys
from careconnect.db import ReadSession, WriteSession
from services.identity.models import DirectoryEntry

EMAIL = "email"
TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose something is."""

    tenant_id: UUID
    id: UUID


UNKNOWN = Subject(NOBODY, UUID(int=0))
"""Nobody: a subject that no row has, so that what is done for somebody can be done for nobody all the same."""


def email_key(platform_keys: TenantKeys, email: str) -> str:
    """Give the keyed hash of an e-mail; the platform's own keys make it, since the tenant is what is looked for."""
    return platform_keys.blind(EMAIL, email.strip().casefold())


def enter(session: WriteSession, kind: str, key_hash: str, subject_id: UUID) -> None:
    """Make a subject of the session's tenant findable."""
    mine = {"tenant_id": session.tenant_id, "subject_id": subject_id, "created_at": clock.now()}
    session.add(DirectoryEntry(kind=kind, key_hash=key_hash, **mine))


async def remove(session: WriteSession, kind: str, subject_id: UUID) -> None:
    """Make a subject of the session's tenant no longer findable."""
    mine = (DirectoryEntry.tenant_id == session.tenant_id, DirectoryEntry.subject_id == subject_id)
    await session.execute(sa.delete(DirectoryEntry).where(DirectoryEntry.kind == kind, *mine))


async def find(session: ReadSession, kind: str, key_hash: str) -> Subject:
    """Look somebody up; `UNKNOWN` where there is nobody."""
    statement = sa.select(DirectoryEntry.tenant_id, DirectoryEntry.subject_id)
    row = (await session.execute(statement.where(_is(kind, key_hash)))).one_or_none()
    return Subject(row.tenant_id, row.subject_id) if row else UNKNOWN


async def tenants(session: ReadSession) -> list[UUID]:
    """Give the ids of all organisations of the platform, the oldest first."""
    statement = sa.select(DirectoryEntry.tenant_id).where(DirectoryEntry.kind == TENANT)
    return list(await session.scalars(statement.order_by(DirectoryEntry.created_at, DirectoryEntry.tenant_id)))


def _is(kind: str, key_hash: str) -> sa.ColumnElement[bool]:
    return sa.and_(DirectoryEntry.kind == kind, DirectoryEntry.key_hash == key_hash)
