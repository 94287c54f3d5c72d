"""A patient who was opened for a person outside of whose reach they are."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from services.appointments.base import Base
from services.appointments.reach.schemas import LASTS, AccessWrite, PatientAccess


class Access(db.Tenanted, Base):
    """One person may see one patient for a while. Why is in the audit, where nobody can change it."""

    __tablename__ = "patient_accesses"
    __table_args__ = (sa.Index("ix_patient_accesses_actor", "tenant_id", "actor_id", "until"),)

    actor_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    until: Mapped[datetime]

    @classmethod
    def open(cls, access_id: UUID, actor_id: UUID, asked: AccessWrite) -> "Access":
        """Open a patient for a person, from now on."""
        return cls(id=access_id, actor_id=actor_id, patient_id=asked.patient_id, until=clock.now() + LASTS)

    def shown(self) -> PatientAccess:
        """Give it as it goes over the wire."""
        return PatientAccess.model_validate(self, from_attributes=True)
