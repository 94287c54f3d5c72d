"""An entry of the waiting list, and the times that were offered to it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from services.appointments.base import Base
from services.appointments.errors import OfferOver, WrongState
from services.appointments.waitlist.schemas import EntryStatus, EntryWrite, OfferStatus, OfferWrite

_UNDER_WAY = "status IN ('waiting', 'offered')"


class WaitlistEntry(db.Tenanted, Base):
    """A patient who waits for a visit. Who came first is first in line."""

    __tablename__ = "waitlist_entries"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'offered', 'booked', 'left', 'lapsed')", name="status"),
        CheckConstraint("(status = 'booked') = (appointment_id IS NOT NULL)", name="booked"),
        Index("ix_waitlist_entries_line", "tenant_id", "created_at", "id"),
        Index("ix_waitlist_entries_patient", "tenant_id", "patient_id", "created_at", "id"),
        Index("ix_waitlist_entries_waiting", "tenant_id", "created_at", "id", postgresql_where=text(_UNDER_WAY)),
    )

    status: Mapped[str]
    patient_id: Mapped[UUID]
    visit_type_id: Mapped[UUID]
    consultant_ids: Mapped[list[UUID]]
    location_ids: Mapped[list[UUID]]
    weekdays: Mapped[list[int]]
    parts: Mapped[list[str]]
    earliest: Mapped[date | None]
    latest: Mapped[date | None]
    until: Mapped[datetime]
    appointment_id: Mapped[UUID | None]
    request_hash: Mapped[str]

    @classmethod
    def join(cls, entry_id: UUID, asked: EntryWrite) -> "WaitlistEntry":
        """Take a place in the line."""
        return cls(id=entry_id, status=EntryStatus.WAITING, **asked.model_dump())

    def offer(self) -> None:
        """Note that a time is on offer.

        Raises:
            WrongState: the patient does not wait, or has another time on offer.
        """
        if self.status != EntryStatus.WAITING:
            raise WrongState(f"This entry is {self.status}; a time can be offered to one that waits.")
        self.status = EntryStatus.OFFERED

    def book(self, appointment_id: UUID) -> None:
        """Note that the patient has the visit."""
        self.status, self.appointment_id = EntryStatus.BOOKED, appointment_id

    def wait_on(self) -> None:
        """Note that the offer came to nothing."""
        if self.status == EntryStatus.OFFERED:
            self.status = EntryStatus.WAITING

    def close(self, status: EntryStatus) -> bool:
        """End the waiting without a visit; false where it has ended."""
        if self.status not in {EntryStatus.WAITING, EntryStatus.OFFERED}:
            return False
        self.status = status
        return True

    def facts(self) -> dict[str, Any]:
        """Tell what the audit needs of it."""
        return {"entry": self.status, "visit_type_id": str(self.visit_type_id)}


class WaitlistOffer(db.Tenanted, Base):
    """A time on offer. Its key is that of the appointment that holds the time, and that is booked if it is accepted."""

    __tablename__ = "waitlist_offers"
    __table_args__ = (
        CheckConstraint("status IN ('offered', 'accepted', 'declined', 'lapsed', 'withdrawn')", name="status"),
        Index("ix_waitlist_offers_entry", "tenant_id", "entry_id", "offered_at"),
        Index(
            "uq_waitlist_offers_open",
            "tenant_id",
            "entry_id",
            unique=True,
            postgresql_where=text("status = 'offered'"),
        ),
    )

    entry_id: Mapped[UUID]
    status: Mapped[str]
    consultant_id: Mapped[UUID]
    location_id: Mapped[UUID]
    zone: Mapped[str]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    told: Mapped[bool | None]

    @classmethod
    def make(cls, entry_id: UUID, offer_id: UUID, asked: OfferWrite) -> "WaitlistOffer":
        """Offer the time that is held."""
        held = asked.hold
        return cls(
            id=offer_id,
            entry_id=entry_id,
            status=OfferStatus.OFFERED,
            consultant_id=held.consultant_id,
            location_id=held.location_id,
            zone=held.zone,
            start_at=held.start,
            end_at=held.end,
            offered_at=clock.now(),
            expires_at=asked.expires_at,
            told=None,
        )

    def close(self, status: str) -> bool:
        """Note how it ended; false where that is known.

        Raises:
            OfferOver: it ended in another way.
        """
        if self.status == status:
            return False
        if self.status != OfferStatus.OFFERED:
            raise OfferOver(f"This offer is {self.status}.")
        self.status = status
        return True

    def facts(self) -> dict[str, Any]:
        """Tell what the audit needs of it."""
        return {"offer_id": str(self.id), "offer": self.status, "start": self.start_at.isoformat()}
