"""Messages: what was, will be or could not be sent, and what a patient wants to be sent."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped

from careconnect import clock, db
from careconnect.errors import IdempotencyConflict
from services.notifications import schemas
from services.notifications.channels.letter import Outcome
from services.notifications.errors import OptedOut, Superseded

LEASE = timedelta(seconds=60)
"""How long one delivery has the message to itself; longer than the mail server is waited for."""
PATIENCE = timedelta(minutes=90)
"""How long a message is tried again while its server cannot be reached."""
PERISHABLE = frozenset(
    {
        "booking_confirmation", "reminder", "rescheduling", "waitlist_offer",
        "absence_moved", "absence_choice", "absence_withdrawn",
    }
)  # fmt: skip
"""Templates that speak of a time to come, and are wrong once the appointment has changed."""
_KEY = (
    "patient_id", "appointment_id", "appointment_version", "payment_id", "invoice_id", "channel", "template",
    "offset_hours",
)  # fmt: skip


class Base(db.Base, DeclarativeBase):
    """The tables of the notifications service."""

    metadata = db.new_metadata()


class Message(db.Versioned, db.Tenanted, Base):
    """One message to one person on one channel.

    `content` is sealed: recipient, address, language, subject, body. `deliveries` counts the deliveries that were asked
    for (one, and one more for each resending); `attempts` counts the conversations with a mail server, and
    `leased_until` says until when one of them may be under way.
    """

    __tablename__ = "messages"
    __table_args__ = (
        # The law of the least mail: at most one message per appointment, version, channel, template and offset.
        sa.Index(
            "uq_messages_once",
            "tenant_id", "appointment_id", "appointment_version", "channel", "template", "offset_hours", "payment_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("appointment_id IS NOT NULL"),
        ),
        sa.Index("ix_messages_tenant_id_created_at_id", "tenant_id", "created_at", "id"),
        sa.Index("ix_messages_status", "tenant_id", "status", "created_at", "id"),
        sa.Index("ix_messages_patient", "tenant_id", "patient_id", "created_at", "id"),
        sa.Index(
            "ix_messages_invoice", "tenant_id", "invoice_id", "created_at", "id",
            postgresql_where=sa.text("invoice_id IS NOT NULL"),
        ),
        sa.Index("ix_messages_settled_at", "tenant_id", "status", "settled_at"),
        sa.CheckConstraint("status IN ('queued', 'sent', 'failed', 'skipped', 'cancelled')", name="status"),
        sa.CheckConstraint("channel IN ('email', 'sms')", name="channel"),
        sa.CheckConstraint("status <> 'sent' OR sent_at IS NOT NULL", name="sent_at"),
        sa.CheckConstraint("status NOT IN ('failed', 'skipped') OR failure IS NOT NULL", name="failure"),
    )  # fmt: skip

    patient_id: Mapped[UUID]
    appointment_id: Mapped[UUID | None]
    appointment_version: Mapped[int | None]
    payment_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    channel: Mapped[str]
    template: Mapped[str]
    offset_hours: Mapped[int | None]
    status: Mapped[str]
    scheduled_for: Mapped[datetime | None]
    queued_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    deliveries: Mapped[int]
    attempts: Mapped[int]
    leased_until: Mapped[datetime | None]
    content: Mapped[bytes]

    @staticmethod
    def row(message_id: UUID, tenant_id: UUID, said: schemas.MessageSend, content: bytes) -> dict[str, Any]:
        """Give the row of a new message that waits to be delivered."""
        moment = clock.now()
        key = {field: getattr(said, field) for field in _KEY}
        counts = {"deliveries": 1, "attempts": 0, "version": 1}
        times = {"scheduled_for": said.scheduled_for, "queued_at": moment, "created_at": moment, "updated_at": moment}
        return key | counts | times | {"id": message_id, "tenant_id": tenant_id, "status": "queued", "content": content}

    def repeat(self, message_id: UUID, said: schemas.MessageSend) -> None:
        """Take the same message asked for again: nothing changes.

        A retry may carry a newer address of the patient, so only what makes it this message is compared.

        Raises:
            IdempotencyConflict: the id belongs to a message for another purpose.
        """
        if self.id == message_id and any(getattr(self, field) != getattr(said, field) for field in _KEY):
            raise IdempotencyConflict("This id was used for another message.")

    def rewrite(self, content: bytes) -> None:
        """Take newer words and a newer address, as long as nothing was tried with the first ones."""
        if self.status == "queued" and self.attempts == 0:
            self.content = content

    @property
    def is_due(self) -> bool:
        """Whether it waits to be sent and its time has come."""
        return self.status == "queued" and (self.scheduled_for is None or self.scheduled_for <= clock.now())

    @property
    def is_leased(self) -> bool:
        """Whether somebody may be delivering it at this moment."""
        return self.leased_until is not None and self.leased_until > clock.now()

    def begin_attempt(self) -> None:
        """Note, before the server is spoken to, that a delivery is tried."""
        self.attempts += 1
        self.leased_until = clock.now() + LEASE

    def end_attempt(self, outcome: Outcome) -> None:
        """Note how a try ended. A server that cannot be reached is tried again until there is no point any more."""
        if outcome.kind == "arrived":
            self.sent_at = clock.now()
            self._settle("sent", None)
        elif outcome.kind == "refused":
            self._settle("failed", outcome.reason)
        elif self.status == "queued":
            since = max(self.queued_at, self.scheduled_for or self.queued_at)
            self.leased_until, self.failure = None, outcome.reason
            if clock.now() - since > PATIENCE:
                self._settle("failed", outcome.reason)

    def skip(self, reason: str) -> None:
        """Note that the message is not to be sent at all."""
        self._settle("skipped", reason)

    def supersede(self) -> None:
        """Note that the appointment has changed since."""
        self._settle("cancelled", "superseded")

    def send_again(self, preferences: "Preferences | None", cutoff: "Cutoff | None") -> None:
        """Queue one more delivery of the same message, because a person asked for it.

        Raises:
            OptedOut: the patient does not want messages on this channel.
            Superseded: the appointment has changed since.
        """
        if preferences and not preferences.wants(self.channel):
            raise OptedOut
        if cutoff and cutoff.forbids(self):
            raise Superseded
        self.deliveries += 1
        self.status, self.failure, self.leased_until, self.sent_at, self.settled_at = "queued", None, None, None, None
        self.queued_at = clock.now()

    def shown(self) -> schemas.Message:
        """Give the message as it goes over the wire, without what it says."""
        return schemas.Message.model_validate(self, from_attributes=True)

    def _settle(self, status: str, reason: str | None) -> None:
        self.status, self.failure, self.leased_until, self.settled_at = status, reason, None, clock.now()


class Preferences(db.Versioned, db.Tenanted, Base):
    """On which channels a patient wants messages; who never said wants them all. `id` is the patient's."""

    __tablename__ = "preferences"

    email: Mapped[bool]
    sms: Mapped[bool]

    def wants(self, channel: str) -> bool:
        """Tell whether the patient wants messages on `channel`."""
        return bool(getattr(self, channel))


class Cutoff(db.Tenanted, Base):
    """From which version on an appointment may be spoken of. `id` is the appointment's."""

    __tablename__ = "cutoffs"

    below_version: Mapped[int]

    def forbids(self, message: Message) -> bool:
        """Tell whether `message` speaks of a time that no longer holds.

        A cancellation, a receipt or a failed payment stays true whatever becomes of the appointment.
        """
        version = message.appointment_version
        return message.template in PERISHABLE and version is not None and version < self.below_version
