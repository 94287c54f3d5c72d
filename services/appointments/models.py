"""An appointment and the verbs that move it through its states."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from careconnect import clock, db
from careconnect.ids import reference
from services.appointments.absences.models import AbsenceAppointment, ConsultantAbsence
from services.appointments.base import Base
from services.appointments.errors import HoldExpired, TooEarly, TooLateToUndo, UndoWindowOver, WrongState
from services.appointments.feeds.models import CalendarFeed
from services.appointments.holds.models import TimeHold
from services.appointments.reach.models import Access
from services.appointments.references import PREFIX
from services.appointments.schemas import LEFT, OCCUPYING, UNDO_WINDOW, HeldTime, Move, Status, door_opens
from services.appointments.series.models import Occurrence, Series
from services.appointments.waitlist.models import WaitlistEntry, WaitlistOffer

__all__ = [
    "AbsenceAppointment",
    "Access",
    "Appointment",
    "AppointmentNotes",
    "AppointmentRemark",
    "Base",
    "CalendarFeed",
    "ConsultantAbsence",
    "Occurrence",
    "RemarkDraft",
    "Series",
    "TimeHold",
    "WaitlistEntry",
    "WaitlistOffer",
]
_UNDER_WAY = timedelta(minutes=1)
"""What the way to here may take: the process that asks has looked at the clock before."""
OCCUPIES = "status IN ('held', 'booked', 'arrived', 'checked_in')"


class Appointment(db.Tenanted, Base):
    """A patient's visit with a consultant. `version` rises with every move, and only then.

    `returned` counts how often it was brought back after it had been cancelled.

    Of a group visit each patient has an appointment of their own, on one of `capacity` seats. `local_start` is what
    people agreed on: what a wall clock at the location shows, in whatever way the zone's rules change afterwards.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint("occupied_from <= start_at AND start_at < end_at AND end_at <= occupied_to", name="times"),
        CheckConstraint("(status = 'held') = (hold_expires_at IS NOT NULL)", name="hold"),
        CheckConstraint("patient_id IS NOT NULL OR status IN ('held', 'expired')", name="patient"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("capacity >= 1 AND seat BETWEEN 1 AND capacity", name="seat"),
        Index(
            "ix_appointments_start",
            "tenant_id",
            "start_at",
            "id",
            postgresql_include=["consultant_id", "location_id", "status", "end_at"],
        ),
        Index("ix_appointments_consultant", "tenant_id", "consultant_id", "start_at", "id"),
        Index("ix_appointments_patient", "tenant_id", "patient_id", "start_at", "id"),
        Index("ix_appointments_treated", "tenant_id", "consultant_id", "patient_id"),
        Index("ix_appointments_location", "tenant_id", "location_id", "start_at", "id"),
        Index(
            "ix_appointments_room",
            "tenant_id",
            "room_id",
            "start_at",
            "id",
            postgresql_where=text("room_id IS NOT NULL"),
        ),
        Index("ix_appointments_status", "tenant_id", "status", "start_at", "id"),
        Index("ix_appointments_busy", "tenant_id", "consultant_id", "occupied_to", postgresql_where=text(OCCUPIES)),
        Index("ix_appointments_held", "tenant_id", "hold_expires_at", postgresql_where=text("status = 'held'")),
        Index("ix_appointments_reference", "tenant_id", "reference"),
        Index("ix_appointments_attention", "tenant_id", "id", postgresql_where=text("needs_attention IS NOT NULL")),
    )

    reference: Mapped[str]
    status: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    patient_id: Mapped[UUID | None]
    consultant_id: Mapped[UUID]
    visit_type_id: Mapped[UUID]
    location_id: Mapped[UUID]
    room_id: Mapped[UUID | None]
    capacity: Mapped[int]
    seat: Mapped[int]
    zone: Mapped[str]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    local_start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    occupied_from: Mapped[datetime]
    occupied_to: Mapped[datetime]
    hold_expires_at: Mapped[datetime | None]
    status_since: Mapped[datetime]
    with_consultant_since: Mapped[datetime | None]
    cancelled_from: Mapped[str | None]
    undo_until: Mapped[datetime | None]
    returned: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    overbooked: Mapped[bool]
    hours_overridden: Mapped[bool]
    cancellation_reason: Mapped[str | None]
    refusal_code: Mapped[str | None]
    needs_attention: Mapped[str | None]
    request_hash: Mapped[str]
    charged: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    @classmethod
    def hold(cls, appointment_id: UUID, asked: HeldTime) -> "Appointment":
        """Occupy the time until the booking is finished or the hold runs out."""
        moment = clock.now()
        times = {"overbooked": False, "hours_overridden": False}
        times |= asked.model_dump(exclude={"start", "end", "hold_seconds", "rooms", "hold_id", "terms", "charged"})
        return cls(
            id=appointment_id,
            reference=reference(PREFIX, appointment_id),
            status=Status.HELD,
            version=1,
            start_at=asked.start,
            end_at=asked.end,
            local_start=wall_time(asked.start, asked.zone),
            seat=1,
            hold_expires_at=moment + timedelta(seconds=asked.hold_seconds),
            status_since=moment,
            charged=asked.charged.model_dump(mode="json") if asked.charged else None,
            **times,
        )

    def confirm(self) -> bool:
        """Turn the hold into a booking.

        Raises:
            HoldExpired: the time was given back before.
        """
        if self.status == Status.EXPIRED:
            raise HoldExpired
        return self._become(Status.BOOKED, Status.HELD)

    def release(self, code: str) -> bool:
        """Give back the time of a booking that was never finished; harmless when that was done already."""
        if self.status == Status.EXPIRED:
            return False
        self.refusal_code = code
        return self._become(Status.EXPIRED, Status.HELD, Status.BOOKED)

    def hold_on(self, until: datetime) -> bool:
        """Hold the time for longer, or again after a booking that had taken it over came to nothing."""
        changed = self._become(Status.HELD, Status.EXPIRED)
        self.hold_expires_at, self.refusal_code = until, None
        return changed

    def arrive(self) -> bool:
        """Note that the patient is here: not before the day of the visit."""
        self._not_before(door_opens(self.start_at, self.zone))
        return self._become(Status.ARRIVED, Status.BOOKED)

    def undo_arrival(self) -> bool:
        """Note that the patient is not here after all."""
        self._same_day(Status.ARRIVED)
        return self._become(Status.BOOKED, Status.ARRIVED)

    def check_in(self) -> bool:
        """Note that the desk has checked the patient in; an arrival that nobody noted is implied, and so is its day."""
        self._not_before(door_opens(self.start_at, self.zone))
        return self._become(Status.CHECKED_IN, Status.ARRIVED, Status.BOOKED)

    def undo_check_in(self) -> bool:
        """Go back to arrived."""
        self._same_day(Status.CHECKED_IN)
        self.with_consultant_since = None
        return self._become(Status.ARRIVED, Status.CHECKED_IN)

    def see_consultant(self) -> bool:
        """Note that the patient is with the consultant; a check-in that nobody noted is implied."""
        if self.with_consultant_since and self.status == Status.CHECKED_IN:
            return False
        self._become(Status.CHECKED_IN, Status.ARRIVED)
        self.with_consultant_since = clock.now()
        return True

    def undo_consultation(self) -> bool:
        """Note that the patient is still waiting."""
        if self.status != Status.CHECKED_IN:
            raise WrongState(f"It is {self.status}; this needs {Status.CHECKED_IN}.", current=self.status)
        changed = self.with_consultant_since is not None
        self.with_consultant_since = None
        return changed

    def complete(self) -> bool:
        """Note that the visit took place."""
        return self._become(Status.FULFILLED, Status.CHECKED_IN, Status.ARRIVED)

    def undo_completion(self) -> bool:
        """Go back to checked in, since the visit has not ended: on the same local day, if the time is still free."""
        self._same_day(Status.FULFILLED)
        return self._become(Status.CHECKED_IN, Status.FULFILLED)

    def mark_no_show(self) -> bool:
        """Note that the patient did not come: not before the visit was to begin."""
        self._not_before(self.start_at)
        return self._become(Status.NO_SHOW, Status.BOOKED)

    def undo_no_show(self) -> bool:
        """Go back to booked, since the patient came after all: on the same local day, if the time is still free."""
        self._same_day(Status.NO_SHOW)
        return self._become(Status.BOOKED, Status.NO_SHOW)

    def cancel(self, reason: str, *, undoable: bool = False) -> bool:
        """End the appointment before it took place; the time is free again, and `undoable` for the undo window."""
        if self.status == Status.CANCELLED:
            return False
        before = self.status
        changed = self._become(Status.CANCELLED, Status.BOOKED, Status.ARRIVED)
        self.cancellation_reason, self.cancelled_from = reason, before
        self.undo_until = self.status_since + UNDO_WINDOW if undoable else None
        return changed

    def undo_cancellation(self) -> bool:
        """Bring it back as it was: within the undo window, if the time is still free."""
        if self.status == Status.CANCELLED and self.cancellation_reason == LEFT:
            raise WrongState("The patient left; undo the departure.", current=self.status)
        over = self.undo_until is None or self.undo_until + _UNDER_WAY < clock.now()
        if self.status == Status.CANCELLED and over:
            raise UndoWindowOver
        return self._come_back()

    def leave(self) -> bool:
        """Note that the patient, who had come, left without being seen."""
        if self.status == Status.CANCELLED and self.cancellation_reason == LEFT:
            return False
        before = self.status
        self._become(Status.CANCELLED, Status.ARRIVED, Status.CHECKED_IN)
        self.cancellation_reason, self.cancelled_from = LEFT, before
        return True

    def undo_departure(self) -> bool:
        """Bring it back as it was: on the same local day, if the time is still free."""
        if self.status == Status.CANCELLED and self.cancellation_reason != LEFT:
            raise WrongState("It was cancelled; undo the cancellation.", current=self.status)
        self._same_day(Status.CANCELLED)
        return self._come_back()

    def _come_back(self) -> bool:
        if self.status != Status.CANCELLED:
            raise WrongState(f"It is {self.status}; this needs {Status.CANCELLED}.", current=self.status)
        before = Status(self.cancelled_from or Status.BOOKED)
        self.cancellation_reason = self.cancelled_from = self.undo_until = None
        self.returned += 1
        return self._become(before, Status.CANCELLED)

    def move(self, asked: Move) -> bool:
        """Take the new time and let go of the old one, in one statement; the version rises."""
        if self.version == asked.to_version:
            return False
        if self.status != Status.BOOKED or asked.to_version != self.version + 1:
            raise WrongState(
                f"A {self.status} appointment at version {self.version} cannot be moved to {asked.to_version}."
            )
        self.start_at, self.end_at, self.seat = asked.start, asked.end, 1
        self.local_start = wall_time(asked.start, asked.zone)
        for name, value in asked.model_dump(exclude={"start", "end", "to_version", "rooms", "undoes"}).items():
            setattr(self, name, value)
        self.version = asked.to_version
        return True

    def agree_to_clock(self) -> bool:
        """Agree on what the wall clock shows at its instant by the rules of today, where they were changed."""
        if not self.occupies:
            raise WrongState(f"It is {self.status}; only what is to come can be agreed on.", current=self.status)
        before, self.local_start = self.local_start, wall_time(self.start_at, self.zone)
        return before != self.local_start

    def attend(self, step: str | None) -> bool:
        """Say which step waits for a person, or that none does."""
        changed = self.needs_attention != step
        self.needs_attention = step
        return changed

    def _become(self, status: Status, *sources: Status) -> bool:
        if self.status == status:
            return False
        if self.status not in sources:
            raise WrongState(f"It is {self.status}; this needs {' or '.join(sources)}.", current=self.status)
        self.status = status
        self.status_since = clock.now()
        if status is not Status.HELD:
            self.hold_expires_at = None
        return True

    def _not_before(self, opens: datetime) -> None:
        """Refuse to note what cannot have happened yet; what was noted already stands.

        Raises:
            TooEarly: it is booked, and its time has not come.
        """
        if self.status != Status.BOOKED or clock.now() + _UNDER_WAY >= opens:
            return
        at = opens.astimezone(ZoneInfo(self.zone))
        raise TooEarly(
            f"This can be noted from {at:%Y-%m-%d %H:%M} ({self.zone}) on. If the patient is to be seen earlier, move "
            "the appointment; if the patient will not come, cancel it.",
            possible_from=at.isoformat(),
        )

    def _same_day(self, status: Status) -> None:
        zone = ZoneInfo(self.zone)
        if self.status == status and self.status_since.astimezone(zone).date() != clock.now().astimezone(zone).date():
            raise TooLateToUndo

    def shares_with(self, other: "Appointment") -> bool:
        """Tell whether both are seats of one group visit (`visit_session` in the database)."""
        return self.capacity > 1 and other.capacity > 1 and self.session_key == other.session_key

    @property
    def session_key(self) -> tuple[Any, ...]:
        """What the seats of one group visit have in common."""
        return (self.consultant_id, self.visit_type_id, self.location_id, self.start_at, self.end_at)

    @property
    def occupies(self) -> bool:
        """Whether it occupies its consultant and its patient."""
        return self.status in OCCUPYING

    def facts(self) -> dict[str, Any]:
        """Tell what the audit and the other services need of it: ids, codes and times."""
        return {
            "status": self.status,
            "version": self.version,
            "start": self.start_at.isoformat(),
            "consultant_id": str(self.consultant_id),
            "location_id": str(self.location_id),
            **{name: True for name in ("overbooked", "hours_overridden") if getattr(self, name)},
        }


class AppointmentRemark(db.Tenanted, Base):
    """Why somebody decided what the rules alone do not say, sealed; never changed."""

    __tablename__ = "appointment_remarks"
    __table_args__ = (Index("ix_appointment_remarks_appointment", "tenant_id", "appointment_id", "id"),)

    appointment_id: Mapped[UUID]
    kind: Mapped[str]
    sealed: Mapped[bytes]


class RemarkDraft(db.Tenanted, Base):
    """Why something is asked for, sealed, until it is decided whether it is done."""

    __tablename__ = "appointment_remark_drafts"

    appointment_id: Mapped[UUID]
    kind: Mapped[str]
    sealed: Mapped[bytes]


def wall_time(moment: datetime, zone: str) -> datetime:
    """Tell what the wall clock of an IANA zone shows at an instant, by the rules that are known now."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


class AppointmentNotes(db.Tenanted, Base):
    """What was written about an appointment, sealed; its key is the appointment's. It may come before the hold."""

    __tablename__ = "appointment_notes"

    sealed: Mapped[bytes]
