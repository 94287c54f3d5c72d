"""An absence and what becomes of each appointment in it; the row that pages read while the process works."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import db
from careconnect.ids import derived_id
from services.appointments.absences.schemas import (
    AbsenceItem,
    AbsencePlan,
    AbsenceState,
    Action,
    ItemResult,
    ItemState,
    Place,
    Standing,
)
from services.appointments.base import Base

OPEN = "state IN ('running', 'paused', 'undoing')"
NOT_DECIDED = "state IN ('waiting', 'offered')"
UNDECIDED = frozenset({ItemState.WAITING})
TROUBLED = frozenset({ItemState.FAILED, ItemState.UNRESTORED})


class ConsultantAbsence(db.Tenanted, Base):
    """A consultant is away; its id is the one of the process."""

    __tablename__ = "absences"
    __table_args__ = (
        sa.CheckConstraint("state IN ('running', 'paused', 'finished', 'undoing', 'undone', 'closed')", name="state"),
        sa.CheckConstraint("starts_at < ends_at", name="times"),
        # The law against two processes that pull at the same appointments.
        sa.Index("uq_absences_exception", "tenant_id", "exception_id", unique=True, postgresql_where=sa.text(OPEN)),
        sa.Index("ix_absences_consultant", "tenant_id", "consultant_id", "created_at", "id"),
    )

    consultant_id: Mapped[UUID]
    exception_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    location_id: Mapped[UUID | None]
    other_consultants: Mapped[bool]
    decide_hours: Mapped[int]
    state: Mapped[str]
    undo_until: Mapped[datetime | None]
    request_hash: Mapped[str]

    @classmethod
    def begin(cls, absence_id: UUID, plan: AbsencePlan) -> "ConsultantAbsence":
        """Note that the work begins."""
        return cls(id=absence_id, state=AbsenceState.RUNNING, **plan.model_dump(exclude={"items"}))

    def stand(self, standing: Standing) -> bool:
        """Note where the work stands."""
        changed = (self.state, self.undo_until) != (standing.state, standing.undo_until or self.undo_until)
        self.state, self.undo_until = standing.state, standing.undo_until or self.undo_until
        return changed


class AbsenceAppointment(db.Tenanted, Base):
    """One appointment of an absence. `was` and `place` are where it stood and stands, as `Place` writes them."""

    __tablename__ = "absence_appointments"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "absence_id"], ["absences.tenant_id", "absences.id"]),
        sa.Index("uq_absence_appointments_once", "tenant_id", "absence_id", "appointment_id", unique=True),
        sa.Index("ix_absence_appointments_open", "tenant_id", "appointment_id", postgresql_where=sa.text(NOT_DECIDED)),
        sa.CheckConstraint("action IN ('move', 'offer', 'cancel')", name="action"),
        sa.CheckConstraint(
            "state IN ('waiting', 'moved', 'offered', 'cancelled', 'left', 'failed', 'restored', 'unrestored')",
            name="state",
        ),
    )

    absence_id: Mapped[UUID]
    appointment_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    visit_type_id: Mapped[UUID]
    reference: Mapped[str]
    action: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str | None]
    appointment_version: Mapped[int]
    start_at: Mapped[datetime]
    was: Mapped[dict[str, Any]]
    place: Mapped[dict[str, Any] | None]
    choices: Mapped[list[dict[str, Any]]] = mapped_column(JSONB())
    decide_by: Mapped[datetime | None]
    told: Mapped[str | None]

    @classmethod
    def of(cls, absence_id: UUID, appointment: Any, action: Action) -> "AbsenceAppointment":
        """Note an appointment as it stands before anything is done."""
        was = Place(
            consultant_id=appointment.consultant_id,
            location_id=appointment.location_id,
            start=appointment.start_at,
            end=appointment.end_at,
            zone=appointment.zone,
        )
        return cls(
            id=derived_id("absence appointment", absence_id, appointment.id),
            absence_id=absence_id,
            appointment_id=appointment.id,
            patient_id=appointment.patient_id,
            visit_type_id=appointment.visit_type_id,
            reference=appointment.reference,
            action=action,
            state=ItemState.WAITING,
            appointment_version=appointment.version,
            start_at=appointment.start_at,
            was=was.model_dump(mode="json"),
            choices=[],
        )

    def become(self, result: ItemResult) -> bool:
        """Note what became of it; a repeat changes nothing."""
        said = result.model_dump(mode="json")
        changed = (self.state, self.reason, self.place, self.choices) != (
            said["state"], said["reason"], said["place"] or self.place, said["choices"],
        )  # fmt: skip
        self.state, self.reason = result.state, result.reason
        self.appointment_version = result.version or self.appointment_version
        self.place, self.choices = said["place"] or self.place, said["choices"]
        self.decide_by = result.decide_by
        return changed

    def shown(self) -> AbsenceItem:
        """Give it as it goes over the wire."""
        fields = AbsenceItem.model_fields.keys() - {"version"}
        known = {name: getattr(self, name) for name in fields}
        return AbsenceItem.model_validate(known | {"version": self.appointment_version})
