"""What lets somebody in: the directory, sessions, API clients, and the count of tries."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect.db import Tenanted, Versioned
from services.identity import credentials, schemas
from services.identity.models.base import Base

IDLE = timedelta(hours=12)
"""How long a session lives without being used."""
LONGEST = timedelta(days=7)
"""How long a session lives at most."""
TOUCH = timedelta(minutes=1)
"""How exact the last use of a session or a client is."""


class DirectoryEntry(Base):
    """Where to look for somebody of whom only an e-mail is known: its keyed hash, and whose it is.

    Everybody may read it, since it is asked before the tenant is known; a tenant writes only its own entries.
    """

    __tablename__ = "directory"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime]


class Session(Base, Tenanted):
    """A person's session in the web pages. Only a hash of its token is kept."""

    __tablename__ = "sessions"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "staff_id"], ["staff.tenant_id", "staff.id"], ondelete="CASCADE"),
        sa.Index("uq_sessions_token_hash", "tenant_id", "token_hash", unique=True),
        sa.Index("ix_sessions_staff", "tenant_id", "staff_id"),
    )

    staff_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @classmethod
    def begin(cls, session_id: UUID, staff_id: UUID, token: str, present: datetime) -> Self:
        """Begin a session of a person."""
        return cls(
            id=session_id,
            staff_id=staff_id,
            token_hash=credentials.digest(token),
            last_seen_at=present,
            expires_at=present + LONGEST,
            ended_at=None,
        )


class ApiClient(Base, Tenanted, Versioned):
    """A program that may use the REST endpoints. Only a hash of its secret is kept."""

    __tablename__ = "api_clients"
    __table_args__ = (sa.Index("uq_api_clients_client_id", "tenant_id", "client_id", unique=True),)

    client_id: Mapped[str]
    secret_hash: Mapped[bytes]
    name: Mapped[str]
    scopes: Mapped[list[str]]
    active: Mapped[bool]
    last_used_at: Mapped[datetime | None]

    @classmethod
    def admit(cls, tenant_id: UUID, key: UUID, details: schemas.ApiClientWrite, secret: str) -> Self:
        """Make a program known."""
        return cls(
            tenant_id=tenant_id,
            id=key,
            client_id=credentials.new_client_id(tenant_id),
            secret_hash=credentials.digest(secret),
            name=details.name,
            scopes=sorted(set(details.scopes)),
            active=True,
            last_used_at=None,
        )

    def renew(self, secret: str) -> None:
        """Replace the secret; the old one is of no use from now on."""
        self.secret_hash = credentials.digest(secret)

    def revoke(self) -> bool:
        """Let the program in no more, and tell whether that changed anything."""
        changed, self.active = self.active, False
        return changed

    def same_as(self, details: schemas.ApiClientWrite) -> bool:
        """Tell whether `details` say what is written here."""
        return (self.name, self.scopes) == (details.name, sorted(set(details.scopes)))

    def shown(self) -> schemas.ApiClient:
        """Give the client as the wire shows it, without its secret."""
        return schemas.ApiClient(
            id=self.id,
            client_id=self.client_id,
            name=self.name,
            scopes=self.scopes,
            active=self.active,
            last_used_at=self.last_used_at,
            version=self.version,
        )

    def shown_with(self, secret: str | None) -> schemas.ApiClientSecret:
        """Give the client together with the secret that was just minted."""
        return schemas.ApiClientSecret(**self.shown().model_dump(), client_secret=secret)


class SignInAttempts(Base):
    """How many passwords were tried for one e-mail, known here by its keyed hash, since `since`."""

    __tablename__ = "sign_in_attempts"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    key_hash: Mapped[str] = mapped_column(primary_key=True)
    tries: Mapped[int]
    since: Mapped[datetime]
