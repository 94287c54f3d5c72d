"""Reminders of what is due on an invoice: when, which went out, and whether somebody stopped them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from services.payments.models.base import Base
from services.payments.models.invoices import Invoice
from services.payments.mornings import morning, next_morning
from services.payments.schemas import DunningBegin, DunningStatus, ReminderWrite


class Dunning(db.Tenanted, db.Versioned, Base):
    """How one invoice is recalled; `id` is the invoice's. `sent` counts the reminders, `days` are those of the policy.

    `exhausted_at` is when the last one went out: from then on a person has to look, until `dismissed_at`.
    """

    __tablename__ = "dunnings"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "id"], ["invoices.tenant_id", "invoices.id"]),
        sa.Index(
            "ix_dunnings_exhausted",
            "tenant_id",
            "exhausted_at",
            postgresql_where=sa.text("exhausted_at IS NOT NULL AND dismissed_at IS NULL"),
        ),
    )

    since: Mapped[datetime]
    zone: Mapped[str]
    days: Mapped[list[int]]
    sent: Mapped[int]
    last_sent_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    exhausted_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]

    @classmethod
    def begin(cls, tenant_id: UUID, invoice_id: UUID, wanted: DunningBegin) -> "Dunning":
        """Begin to recall an invoice whose visit ended at `wanted.since`."""
        days = sorted(set(wanted.days))
        return cls(
            tenant_id=tenant_id, id=invoice_id, since=wanted.since, zone=wanted.zone, days=days, sent=0, version=1
        )

    def pause(self, *, paused: bool) -> bool:
        """Stop sending, or go on; false if that is how it stands."""
        if paused == (self.paused_at is not None):
            return False
        self.paused_at = clock.now() if paused else None
        return True

    def remind(self, reminder_id: UUID, wanted: ReminderWrite) -> "DunningReminder | None":
        """Count a reminder that went out; None if just this number was counted before."""
        if wanted.number <= self.sent:
            return None
        self.sent, self.last_sent_at = wanted.number, wanted.at
        if self.days and self.sent >= len(self.days):
            self.exhausted_at, self.dismissed_at = self.exhausted_at or wanted.at, None
        return DunningReminder(
            id=reminder_id, invoice_id=self.id, number=wanted.number, sent_at=wanted.at, statuses=wanted.statuses
        )

    def dismiss(self) -> None:
        """Leave it as it is: nobody waits for this money any more, though it stays owed."""
        self.dismissed_at = self.dismissed_at or clock.now()

    def status(self, invoice: Invoice) -> DunningStatus:
        """Tell how it stands: what is not owed any more is not recalled, whoever paid it or let it go."""
        if not invoice.open:
            return "over"
        if self.sent >= len(self.days):
            return "exhausted"
        return "paused" if self.paused_at else "running"

    def next_at(self, invoice: Invoice, now: datetime) -> datetime | None:
        """Tell when the next reminder is due, a day after the last one at the earliest."""
        if self.status(invoice) != "running":
            return None
        zone = ZoneInfo(self.zone)
        day = self.since.astimezone(zone).date() + timedelta(days=self.days[self.sent])
        if self.last_sent_at:
            day = max(day, self.last_sent_at.astimezone(zone).date() + timedelta(days=1))
        return next_morning(morning(day, self.zone, self.id), now, self.zone, self.id)


class DunningReminder(db.Tenanted, Base):
    """One reminder that went out, and what became of it on each channel."""

    __tablename__ = "dunning_reminders"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "invoice_id"], ["dunnings.tenant_id", "dunnings.id"]),
        sa.UniqueConstraint("tenant_id", "invoice_id", "number"),
    )

    invoice_id: Mapped[UUID]
    number: Mapped[int]
    sent_at: Mapped[datetime]
    statuses: Mapped[dict[str, Any]]
