"""A time that somebody holds while a form is filled in, until it becomes an appointment, is given back, or runs out."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from services.appointments.base import Base
from services.appointments.errors import HoldExtended, HoldOver, HoldUsed
from services.appointments.holds.schemas import Extension, HoldStatus, HoldWrite


class TimeHold(db.Tenanted, Base):
    """A hold. Its key is that of the row of `appointments` that occupies the time, which leaves when the hold ends.

    While a booking that took the time over is not finished, `expires_at` says until when it would come back.
    """

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("status IN ('held', 'used', 'released', 'expired')", name="status"),
        CheckConstraint("(status = 'used') = (appointment_id IS NOT NULL)", name="used"),
        Index("ix_holds_open", "tenant_id", "expires_at", postgresql_where=text("status = 'held'")),
        Index(
            "uq_holds_appointment",
            "tenant_id",
            "appointment_id",
            unique=True,
            postgresql_where=text("appointment_id IS NOT NULL"),
        ),
    )

    status: Mapped[str]
    patient_id: Mapped[UUID | None]
    consultant_id: Mapped[UUID]
    visit_type_id: Mapped[UUID]
    location_id: Mapped[UUID]
    room_id: Mapped[UUID | None]
    zone: Mapped[str]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    extension_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID | None]
    terms: Mapped[dict[str, Any]]
    request_hash: Mapped[str]

    @classmethod
    def place(cls, hold_id: UUID, asked: HoldWrite, room_id: UUID | None, expires_at: datetime) -> "TimeHold":
        """Hold the time."""
        names = {"patient_id", "consultant_id", "visit_type_id", "location_id", "zone", "terms", "request_hash"}
        return cls(
            id=hold_id,
            status=HoldStatus.HELD,
            start_at=asked.start,
            end_at=asked.end,
            room_id=room_id,
            expires_at=expires_at,
            **asked.model_dump(include=names),
        )

    @property
    def stands(self) -> bool:
        """Whether it keeps the time from others."""
        return self.status == HoldStatus.HELD and self.expires_at > clock.now()

    def extend(self, asked: Extension) -> bool:
        """Hold it for longer; a repeat of the same extension changes nothing.

        Raises:
            HoldUsed: it is an appointment.
            HoldOver: it has run out, or was given back.
            HoldExtended: it was extended before.
        """
        if self.extension_id == asked.id:
            return False
        if self.appointment_id:
            raise HoldUsed(appointment_id=str(self.appointment_id))
        if not self.stands:
            raise HoldOver
        if self.extension_id:
            raise HoldExtended
        self.extension_id, self.expires_at = asked.id, self.expires_at + timedelta(seconds=asked.seconds)
        return True

    def use(self, appointment_id: UUID) -> None:
        """Note which appointment has its time now."""
        self.status, self.appointment_id = HoldStatus.USED, appointment_id

    def bring_back(self) -> bool:
        """Hold the time again, since that appointment came to nothing; false if it would have run out by now."""
        if self.status != HoldStatus.USED or self.expires_at <= clock.now():
            return False
        self.status, self.appointment_id = HoldStatus.HELD, None
        return True

    def end(self, status: HoldStatus) -> bool:
        """Give the time back; one that became an appointment stays so, and does not come back any more."""
        self.expires_at = min(self.expires_at, clock.now())
        if self.status != HoldStatus.HELD:
            return False
        self.status = status
        return True

    def facts(self) -> dict[str, Any]:
        """Tell what the audit needs of it."""
        known = {"hold": self.status, "start": self.start_at.isoformat(), "expires_at": self.expires_at.isoformat()}
        return known | ({"appointment_id": str(self.appointment_id)} if self.appointment_id else {})
