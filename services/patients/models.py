"""A patient's record: sealed, found by hidden terms, archived instead of deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from careconnect import clock, db
from careconnect.crypto import TenantKeys
from careconnect.errors import IdempotencyConflict
from services.patients import schemas, search
from services.patients.errors import PatientArchived
from services.patients.identifiers import mrn
from services.patients.schemas import Demographics, MedicalInfo


class Base(db.Base, DeclarativeBase):
    """The tables of the patients service."""

    metadata = db.new_metadata()


@dataclass(frozen=True)
class Sealer:
    """What a record is sealed and indexed with: the tenant's keys, and the country of its local telephone numbers."""

    keys: TenantKeys
    country: str


class Patient(db.Versioned, db.Tenanted, Base):
    """A person who is treated.

    `number` counts registrations of the tenant without gaps: it is the medical record number, and the order of lists.
    `demographics` and `clinical` are sealed documents; `terms` repeats what `search_terms` holds for this record.
    """

    __tablename__ = "patients"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "number"),
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.Index("ix_patients_active", "tenant_id", "number", postgresql_where=sa.text("archived_at IS NULL")),
        sa.Index(
            "ix_patients_changed", "tenant_id", "updated_at", "number", postgresql_where=sa.text("archived_at IS NULL")
        ),
        sa.Index("ix_patients_tenant_id_created_at", "tenant_id", "created_at"),
    )

    number: Mapped[int] = mapped_column(sa.BigInteger)
    demographics: Mapped[bytes]
    clinical: Mapped[bytes]
    terms: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger))
    registration: Mapped[str]
    archived_at: Mapped[datetime | None]

    @classmethod
    def register(
        cls, sealer: Sealer, patient_id: UUID, number: int, person: Demographics, medical: MedicalInfo
    ) -> "Patient":
        """Open a record for `person`."""
        patient = cls(id=patient_id, number=number, registration=registration_of(sealer.keys, person, medical))
        patient.describe(sealer, person)
        patient.note(sealer.keys, medical)
        return patient

    def repeat(self, keys: TenantKeys, person: Demographics, medical: MedicalInfo) -> None:
        """Take a second registration under the same id as the first one, sent again.

        Raises:
            IdempotencyConflict: it is another person's, or says something else.
        """
        if self.registration != registration_of(keys, person, medical):
            raise IdempotencyConflict("This id was used to register somebody else.")

    def would_pass_for_another(self, keys: TenantKeys, person: Demographics) -> bool:
        """Tell whether `person` differs in what people are told apart by."""
        before = self.person(keys)
        return any(getattr(person, field) != getattr(before, field) for field in _IDENTITY)

    def describe(self, sealer: Sealer, person: Demographics) -> None:
        """Take over who the person is and how to reach them.

        Raises:
            PatientArchived: the record is put away.
        """
        self._refuse_archived()
        if self.demographics and person == self.person(sealer.keys):
            return
        self.demographics = sealer.keys.seal(person.model_dump(mode="json", exclude_none=True))
        terms = search.index(sealer.keys, search.record_terms(person, self.number, sealer.country))
        if terms != self.terms:
            self.terms = terms

    def note(self, keys: TenantKeys, medical: MedicalInfo) -> None:
        """Take over what the record says of the person's health.

        Raises:
            PatientArchived: the record is put away.
        """
        self._refuse_archived()
        if not self.clinical or medical != self.medical(keys):
            self.clinical = keys.seal(medical.model_dump(mode="json"))

    def archive(self) -> None:
        """Put the record away; harmless when it is."""
        self.archived_at = self.archived_at or clock.now()

    def restore(self) -> None:
        """Take the record out of the archive; harmless when it is not there."""
        self.archived_at = None

    def person(self, keys: TenantKeys) -> Demographics:
        """Read who the person is."""
        return Demographics.model_validate(keys.open(self.demographics))

    def name(self, keys: TenantKeys) -> str:
        """Read the name alone; a list of two hundred has no time for more."""
        said = keys.open(self.demographics)
        return f"{said['first_name']} {said['last_name']}"

    def medical(self, keys: TenantKeys) -> MedicalInfo:
        """Read what the record says of the person's health."""
        return MedicalInfo.model_validate(keys.open(self.clinical))

    def shown(self, keys: TenantKeys, *, clinical: bool) -> schemas.Patient:
        """Give the record as it goes over the wire, with the medical fields only where `clinical` allows it."""
        said: dict[str, Any] = dict.fromkeys(Demographics.model_fields) | keys.open(self.demographics)
        if clinical:
            said |= keys.open(self.clinical)
        return schemas.Patient.model_validate(
            said
            | {
                "id": self.id,
                "mrn": mrn(self.number),
                "archived": self.archived_at is not None,
                "version": self.version,
                "created_at": self.created_at,
            }
        )

    def _refuse_archived(self) -> None:
        if self.archived_at is not None:
            raise PatientArchived


_IDENTITY = ("first_name", "last_name", "date_of_birth", "national_id", "phone")


def registration_of(keys: TenantKeys, person: Demographics, medical: MedicalInfo) -> str:
    """Fingerprint what a registration says, so that it can be told from another one without keeping it."""
    return keys.blind("registration", person.model_dump_json() + medical.model_dump_json())


class SearchTerm(Base):
    """One hidden term of one record; the rows that a search reads.

    One row per term rather than an array with a GIN index: under row-level security Postgres uses an index only with
    operators that cannot leak, equality is one and array containment is not.
    """

    __tablename__ = "search_terms"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "number"], ["patients.tenant_id", "patients.number"], ondelete="CASCADE"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    term: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)


class Counter(Base):
    """The last number that a tenant gave out; its row makes the tenant's registrations queue."""

    __tablename__ = "counters"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(sa.BigInteger)
