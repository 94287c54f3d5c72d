"""A consultant: a provider who sees patients, with a profile, a status and an archive."""

from datetime import datetime
from typing import Self, get_args
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import clock
from careconnect.crypto import TenantKeys, words
from careconnect.db import Tenanted, Versioned
from services.consultants import schemas
from services.consultants.errors import ConsultantArchived
from services.consultants.models.base import Base

_PALETTE = (
    "#2f6f8f",
    "#b4532a",
    "#4f6bed",
    "#2e7d4f",
    "#8a4fa3",
    "#a8682a",
    "#3d7f86",
    "#b03a5b",
    "#5c6f2d",
    "#6a5acd",
)
_STATUSES = ", ".join(f"'{status}'" for status in get_args(schemas.Status))


class Consultant(Base, Tenanted, Versioned):
    """One consultant of a tenant. Names are professional data; e-mail and telephone are sealed."""

    __tablename__ = "consultants"
    __table_args__ = (
        sa.CheckConstraint(f"status IN ({_STATUSES})", name="status"),
        sa.Index("uq_consultants_registration_number", "tenant_id", "registration_number", unique=True),
        sa.Index("ix_consultants_name", "tenant_id", "last_name", "first_name", "id"),
    )

    title: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    specialties: Mapped[list[str]]
    specialty_keys: Mapped[list[str]]
    registration_number: Mapped[str]
    email: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    bio: Mapped[str | None]
    status: Mapped[schemas.Status] = mapped_column(sa.Text)
    colour: Mapped[str]
    search_text: Mapped[str]
    archived_at: Mapped[datetime | None]

    @classmethod
    def register(cls, consultant_id: UUID, details: schemas.ConsultantWrite, keys: TenantKeys) -> Self:
        """Make a consultant known."""
        consultant = cls(id=consultant_id, colour=_PALETTE[consultant_id.int % len(_PALETTE)], archived_at=None)
        consultant._write(details, keys)
        return consultant

    def describe(self, details: schemas.ConsultantWrite, keys: TenantKeys) -> list[str]:
        """Replace the details, and tell which of them changed.

        Raises:
            ConsultantArchived: the record is archived.
        """
        self._refuse_when_archived()
        before = self.details(keys)
        self._write(details, keys)
        after = self.details(keys)
        return [name for name in schemas.ConsultantWrite.model_fields if getattr(before, name) != getattr(after, name)]

    def set_status(self, status: schemas.Status) -> bool:
        """Switch the status, and tell whether that changed anything.

        Raises:
            ConsultantArchived: the record is archived.
        """
        self._refuse_when_archived()
        changed = self.status != status
        self.status = status
        return changed

    def archive(self) -> bool:
        """Take the consultant out of lists and bookings, and tell whether that changed anything."""
        changed = not self.archived
        self.archived_at = self.archived_at or clock.now()
        return changed

    def restore(self) -> bool:
        """Bring an archived consultant back, and tell whether that changed anything."""
        changed = self.archived
        self.archived_at = None
        return changed

    @property
    def name(self) -> str:
        """How the consultant is addressed."""
        return full_name(self.title, self.first_name, self.last_name)

    @property
    def archived(self) -> bool:
        """Whether the record has left lists and bookings."""
        return self.archived_at is not None

    def details(self, keys: TenantKeys) -> schemas.ConsultantWrite:
        """Give what staff entered."""
        return schemas.ConsultantWrite.model_construct(
            title=self.title,
            first_name=self.first_name,
            last_name=self.last_name,
            specialties=list(self.specialties),
            registration_number=self.registration_number,
            email=_open(keys, self.email),
            phone=_open(keys, self.phone),
            bio=self.bio,
            colour=self.colour,
            status=self.status,
        )

    def same_as(self, details: schemas.ConsultantWrite, keys: TenantKeys) -> bool:
        """Tell whether `details` say what is written here; a colour that was left to us is not compared."""
        told = {name: getattr(details, name) for name in schemas.ConsultantWrite.model_fields}
        here = dict(self.details(keys))
        return told | {"colour": told["colour"] or self.colour} == here

    def shown(self, keys: TenantKeys) -> schemas.Consultant:
        """Give the consultant as the wire shows one."""
        return schemas.Consultant(
            id=self.id,
            name=self.name,
            archived=self.archived,
            version=self.version,
            **dict(self.details(keys)),
        )

    def _write(self, details: schemas.ConsultantWrite, keys: TenantKeys) -> None:
        self.title, self.first_name, self.last_name = details.title, details.first_name, details.last_name
        self.specialties = list(details.specialties)
        self.specialty_keys = sorted({specialty_key(name) for name in details.specialties})
        self.registration_number = details.registration_number
        self.email = keys.seal(details.email) if details.email else None
        self.phone = keys.seal(details.phone) if details.phone else None
        self.bio = details.bio
        self.status = details.status
        self.colour = details.colour or self.colour
        self.search_text = _searchable(self.name, *details.specialties, details.registration_number)

    def _refuse_when_archived(self) -> None:
        if self.archived:
            raise ConsultantArchived


def full_name(title: str, first_name: str, last_name: str) -> str:
    """Put a name together as people are addressed."""
    return " ".join(part for part in (title, first_name, last_name) if part)


def specialty_key(name: str) -> str:
    """Give the form in which specialities are compared: `Paediatric  Cardiology` is `paediatric cardiology`."""
    return " ".join(words(name))


def _searchable(*texts: str) -> str:
    """Give the words to be found by, each behind a space, so that `LIKE '% beginning%'` finds beginnings of words."""
    return "".join(f" {word}" for text in texts for word in words(text))


def _open(keys: TenantKeys, sealed: bytes | None) -> str | None:
    return None if sealed is None else str(keys.open(sealed))
