"""A series and its occurrences. How a booked one stands is the appointment's own business."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import db
from careconnect.ids import derived_id
from services.appointments.base import Base
from services.appointments.series.rule import Rule
from services.appointments.series.schemas import OccurrenceStatus, Outcome, SeriesPlan, SeriesStatus


class Series(db.Tenanted, Base):
    """Appointments of one patient that repeat by a rule (RFC 5545), at one wall time of one place."""

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("status IN ('booking', 'active', 'ended', 'cancelled')", name="status"),
        Index("ix_series_created", "tenant_id", "created_at", "id"),
        Index("ix_series_patient", "tenant_id", "patient_id", "created_at", "id"),
    )

    status: Mapped[str]
    rule: Mapped[str]
    patient_id: Mapped[UUID]
    consultant_id: Mapped[UUID]
    visit_type_id: Mapped[UUID]
    location_id: Mapped[UUID]
    zone: Mapped[str]
    start_at: Mapped[datetime]
    request_hash: Mapped[str]

    @classmethod
    def plan(cls, series_id: UUID, asked: SeriesPlan) -> "tuple[Series, list[Occurrence]]":
        """Lay down when the appointments are to be.

        Raises:
            InvalidRule: the rule cannot be followed.
        """
        rule = Rule.read(asked.rule)
        starts = rule.starts(asked.start, ZoneInfo(asked.zone))
        known = asked.model_dump(exclude={"rule", "start"})
        series = cls(id=series_id, status=SeriesStatus.BOOKING, rule=rule.text, start_at=starts[0], **known)
        return series, [Occurrence.plan(series_id, number, start) for number, start in enumerate(starts, 1)]

    def become(self, status: SeriesStatus) -> bool:
        """Note where the series stands; false where that is known."""
        changed = self.status != status
        self.status = status
        return changed


class Occurrence(db.Tenanted, Base):
    """One appointment of a series; its number counts from 1."""

    __tablename__ = "series_occurrences"
    __table_args__ = (
        UniqueConstraint("tenant_id", "series_id", "number", name="uq_series_occurrences_number"),
        Index("ix_series_occurrences_appointment", "tenant_id", "appointment_id"),
        CheckConstraint("status IN ('pending', 'booked', 'conflict', 'skipped')", name="status"),
        CheckConstraint("status <> 'booked' OR appointment_id IS NOT NULL", name="booked"),
        CheckConstraint("number >= 1", name="number"),
    )

    series_id: Mapped[UUID]
    number: Mapped[int]
    planned_at: Mapped[datetime]
    status: Mapped[str]
    code: Mapped[str | None]
    appointment_id: Mapped[UUID | None]
    alternatives: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

    @classmethod
    def plan(cls, series_id: UUID, number: int, start: datetime) -> "Occurrence":
        """Lay one down."""
        return cls(
            id=derived_id("occurrence", series_id, number),
            series_id=series_id,
            number=number,
            planned_at=start,
            status=OccurrenceStatus.PENDING,
            alternatives=[],
        )

    def note(self, outcome: Outcome) -> bool:
        """Note what became of it; false where that is known. What was booked stays booked."""
        if self.status == OccurrenceStatus.BOOKED:
            return False
        said = outcome.model_dump(mode="json", include={"alternatives"})["alternatives"]
        before = (self.status, self.code, self.appointment_id, self.alternatives)
        self.status, self.code, self.alternatives = outcome.status, outcome.code, said
        self.appointment_id = outcome.appointment_id
        return before != (self.status, self.code, self.appointment_id, self.alternatives)

    def facts(self) -> dict[str, Any]:
        """Tell what the audit needs of it."""
        return {
            "number": self.number,
            "occurrence": self.status,
            "code": self.code,
            "appointment_id": str(self.appointment_id) if self.appointment_id else None,
        }
