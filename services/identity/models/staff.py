"""Members of staff: who they are, what they may do, and whether they can sign in."""

from collections.abc import Collection
from typing import Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect.auth import Actor
from careconnect.crypto import TenantKeys
from careconnect.db import Tenanted, Versioned
from services.identity import schemas
from services.identity.errors import BeyondYourRights
from services.identity.models.base import Base
from services.identity.roles import EVERYBODY, Role, scopes_of


class Staff(Base, Tenanted, Versioned):
    """A person who works for a tenant. Name and e-mail are sealed; the password is kept as a hash."""

    __tablename__ = "staff"
    __table_args__ = (
        sa.CheckConstraint("cardinality(roles) > 0", name="roles"),
        sa.Index("ix_staff_consultant", "tenant_id", "consultant_id"),
    )

    name: Mapped[bytes]
    name_tokens: Mapped[list[str]]
    email: Mapped[bytes]
    password_hash: Mapped[str | None]
    roles: Mapped[list[Role]]
    consultant_id: Mapped[UUID | None]
    location_ids: Mapped[list[UUID]]
    active: Mapped[bool]

    @classmethod
    def engage(cls, staff_id: UUID, details: schemas.StaffDetails, password_hash: str | None, keys: TenantKeys) -> Self:
        """Make a person a member of staff."""
        staff = cls(id=staff_id, password_hash=password_hash, active=True)
        staff.describe(details, keys)
        return staff

    def describe(self, details: schemas.StaffDetails, keys: TenantKeys) -> None:
        """Replace the details."""
        self.name, self.email = keys.seal(details.name), keys.seal(details.email)
        self.name_tokens = keys.tokens(details.name)
        self.roles = list(details.roles)
        self.consultant_id, self.location_ids = details.consultant_id, list(details.location_ids)

    def set_password(self, password_hash: str) -> None:
        """Replace the password."""
        self.password_hash = password_hash

    def deactivate(self) -> bool:
        """Let the person sign in no more, and tell whether that changed anything."""
        changed, self.active = self.active, False
        return changed

    def activate(self) -> bool:
        """Let the person sign in again, and tell whether that changed anything."""
        changed, self.active = not self.active, True
        return changed

    def within_the_rights_of(self, actor: Actor) -> None:
        """Refuse to let `actor` manage somebody who may do more: it would be a way to take those rights over.

        Raises:
            BeyondYourRights: this person may do what the actor may not.
        """
        grant(actor, scopes_of(self.roles))

    @property
    def is_owner(self) -> bool:
        """Whether the person counts as an owner of the organisation."""
        return self.active and "owner" in self.roles

    def actor(self) -> Actor:
        """Give the person as one who asks."""
        scopes = scopes_of(self.roles)
        return Actor(
            id=self.id,
            tenant_id=self.tenant_id,
            kind="staff",
            scopes=scopes,
            consultant_id=self.consultant_id,
            limited=EVERYBODY not in scopes,
        )

    def same_as(self, details: schemas.StaffDetails, keys: TenantKeys) -> bool:
        """Tell whether `details` say what is written here; passwords are not compared."""
        here = (keys.open(self.name), keys.open(self.email), self.roles, self.consultant_id, self.location_ids)
        return here == (details.name, details.email, details.roles, details.consultant_id, details.location_ids)

    def shown(self, keys: TenantKeys) -> schemas.Staff:
        """Give the person as the wire shows one."""
        return schemas.Staff(
            id=self.id,
            name=keys.open(self.name),
            email=keys.open(self.email),
            roles=self.roles,
            consultant_id=self.consultant_id,
            location_ids=self.location_ids,
            active=self.active,
            has_password=self.password_hash is not None,
            version=self.version,
        )


def grant(actor: Actor, scopes: Collection[str]) -> None:
    """Refuse to let `actor` hand out what it does not have.

    Raises:
        BeyondYourRights: some of `scopes` are not the actor's.
    """
    beyond = sorted(scope for scope in scopes if not actor.may(scope))
    if beyond:
        raise BeyondYourRights(needed=beyond)
