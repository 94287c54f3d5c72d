"""A calendar feed of a consultant or a location."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from careconnect import clock, db
from services.appointments.base import Base
from services.appointments.feeds.schemas import Feed, FeedWrite


class CalendarFeed(db.Tenanted, Base):
    """Who holds its address reads the busy times. No secret is kept: the address is signed, and the row revokes it."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('consultant', 'location')", name="kind"),
        sa.Index(
            "uq_calendar_feeds_active",
            "tenant_id",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )

    kind: Mapped[str]
    subject_id: Mapped[UUID]
    shows_names: Mapped[bool]
    revoked_at: Mapped[datetime | None]

    @classmethod
    def make(cls, feed_id: UUID, asked: FeedWrite) -> "CalendarFeed":
        """Begin a feed."""
        return cls(id=feed_id, **asked.model_dump())

    def revoke(self) -> bool:
        """Let its address work no longer; harmless where that was done."""
        if self.revoked_at is not None:
            return False
        self.revoked_at = clock.now()
        return True

    def shown(self) -> Feed:
        """Give it as it goes over the wire."""
        return Feed.model_validate(self, from_attributes=True)
