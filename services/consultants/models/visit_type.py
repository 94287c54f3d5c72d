"""A visit type: what can be booked, for how long, at what price and on which terms."""

from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm.attributes import flag_modified

from careconnect.db import Tenanted, Versioned
from careconnect.money import Money
from services.consultants import schemas
from services.consultants.models.base import Base
from services.consultants.models.consultant import specialty_key


class VisitTypeConsultant(Base):
    """One consultant who is named as offering a visit type."""

    __tablename__ = "visit_type_consultants"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["tenant_id", "visit_type_id"], ["visit_types.tenant_id", "visit_types.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "consultant_id"], ["consultants.tenant_id", "consultants.id"], ondelete="CASCADE"
        ),
        sa.Index("ix_visit_type_consultants_consultant", "tenant_id", "consultant_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    visit_type_id: Mapped[UUID] = mapped_column(primary_key=True)
    consultant_id: Mapped[UUID] = mapped_column(primary_key=True)


class VisitType(Base, Tenanted, Versioned):
    """One entry of a tenant's catalogue. Durations are minutes; the policies are those of the wire."""

    __tablename__ = "visit_types"
    __table_args__ = (
        sa.CheckConstraint("duration > 0 AND buffer_before >= 0 AND buffer_after >= 0", name="durations"),
        sa.CheckConstraint("price >= 0", name="price"),
        sa.CheckConstraint("capacity >= 1", name="capacity"),
        sa.CheckConstraint("mode IN ('in_person', 'telehealth')", name="mode"),
        sa.Index("ix_visit_types_name", "tenant_id", "name", "id"),
    )

    name: Mapped[str]
    duration: Mapped[int]
    buffer_before: Mapped[int]
    buffer_after: Mapped[int]
    price: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str]
    payment_policy: Mapped[dict[str, Any]]
    cancellation_policy: Mapped[dict[str, Any]]
    tax: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    follow_up: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reminder_offsets: Mapped[list[int]]
    min_notice: Mapped[int]
    horizon_days: Mapped[int]
    slot_step: Mapped[int]
    mode: Mapped[schemas.Mode] = mapped_column(sa.Text)
    video_url: Mapped[str | None]
    specialty: Mapped[str | None]
    specialty_key: Mapped[str | None]
    colour: Mapped[str]
    active: Mapped[bool]
    capacity: Mapped[int]
    location_ids: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid))
    room_needed: Mapped[bool]
    room_features: Mapped[list[str]]
    offered_by: Mapped[list[VisitTypeConsultant]] = relationship(lazy="raise", cascade="all, delete-orphan")

    @classmethod
    def introduce(cls, tenant_id: UUID, visit_type_id: UUID, terms: schemas.VisitTypeWrite) -> Self:
        """Add an entry to the catalogue of a tenant."""
        visit_type = cls(tenant_id=tenant_id, id=visit_type_id, offered_by=[])
        visit_type.change(terms)
        return visit_type

    def change(self, terms: schemas.VisitTypeWrite) -> None:
        """Replace the terms; what is booked already keeps those on which it was booked."""
        self.name, self.duration = terms.name, terms.duration_minutes
        self.buffer_before, self.buffer_after = terms.buffer_before_minutes, terms.buffer_after_minutes
        self.price, self.currency = terms.price.amount, terms.price.currency
        self.payment_policy = terms.payment_policy.model_dump(mode="json")
        self.cancellation_policy = terms.cancellation_policy.model_dump(mode="json")
        self.tax = terms.tax.model_dump(mode="json") if terms.tax else None
        self.follow_up = terms.follow_up.model_dump(mode="json") if terms.follow_up else None
        self.reminder_offsets = sorted(terms.reminder_offsets_hours, reverse=True)
        self.min_notice, self.horizon_days = terms.min_notice_minutes, terms.horizon_days
        self.slot_step, self.mode = terms.slot_step_minutes, terms.mode
        self.video_url = terms.video_url
        self.specialty = terms.specialty
        self.specialty_key = specialty_key(terms.specialty) if terms.specialty else None
        self.colour, self.active = terms.colour, terms.active
        self.capacity, self.location_ids = terms.capacity, sorted(terms.location_ids)
        self.room_needed, self.room_features = terms.room_needed, sorted(terms.room_features)
        self._offer_by(terms.consultant_ids)

    def same_as(self, terms: schemas.VisitTypeWrite) -> bool:
        """Tell whether `terms` say what is written here."""
        told = {name: getattr(terms, name) for name in schemas.VisitTypeWrite.model_fields}
        told["reminder_offsets_hours"] = sorted(told["reminder_offsets_hours"], reverse=True)
        for name in ("consultant_ids", "location_ids", "room_features"):
            told[name] = sorted(told[name])
        shown = self.shown().model_dump(exclude={"id", "version"})
        return schemas.VisitTypeWrite(**told).model_dump() == shown

    def shown(self) -> schemas.VisitType:
        """Give the visit type as the wire shows it."""
        return schemas.VisitType(
            id=self.id,
            name=self.name,
            duration_minutes=self.duration,
            buffer_before_minutes=self.buffer_before,
            buffer_after_minutes=self.buffer_after,
            price=Money(amount=self.price, currency=self.currency),
            payment_policy=schemas.PaymentPolicy.model_validate(self.payment_policy),
            cancellation_policy=schemas.CancellationPolicy.model_validate(self.cancellation_policy),
            tax=schemas.Tax.model_validate(self.tax) if self.tax else None,
            follow_up=schemas.FollowUpPolicy.model_validate(self.follow_up) if self.follow_up else None,
            reminder_offsets_hours=self.reminder_offsets,
            min_notice_minutes=self.min_notice,
            horizon_days=self.horizon_days,
            slot_step_minutes=self.slot_step,
            mode=self.mode,
            video_url=self.video_url,
            specialty=self.specialty,
            colour=self.colour,
            active=self.active,
            consultant_ids=sorted(link.consultant_id for link in self.offered_by),
            location_ids=list(self.location_ids),
            capacity=self.capacity,
            room_needed=self.room_needed,
            room_features=list(self.room_features),
            version=self.version,
        )

    def _offer_by(self, consultant_ids: list[UUID]) -> None:
        wanted = set(consultant_ids)
        present = {link.consultant_id for link in self.offered_by}
        if wanted != present:
            flag_modified(self, "active")  # who offers it is kept in another table, and is a change of this record
        self.offered_by = [link for link in self.offered_by if link.consultant_id in wanted] + [
            VisitTypeConsultant(tenant_id=self.tenant_id, consultant_id=consultant_id)
            for consultant_id in sorted(wanted - present)
        ]
