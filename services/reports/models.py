"""A snapshot: what the dashboard shows in one view, as of the last aggregation."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped

from careconnect import db
from careconnect.ids import derived_id
from services.reports.schemas import Period, View
from services.reports.sources import SourceName, Sources


class Base(db.Base, DeclarativeBase):
    """The tables of this service."""

    metadata = db.new_metadata()


class Snapshot(db.Tenanted, Base):
    """One view of a tenant's dashboard; its id says which, see `key`."""

    __tablename__ = "snapshots"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "period", "location_id", name="uq_snapshots_view", postgresql_nulls_not_distinct=True
        ),
        CheckConstraint("period IN ('today', 'week', 'month')", name="period"),
        CheckConstraint("start_at < end_at", name="times"),
    )

    period: Mapped[str]
    location_id: Mapped[UUID | None]
    zone: Mapped[str]
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    as_of: Mapped[datetime]
    sources: Mapped[dict[str, Any]]
    """A `Sources`, as JSON."""

    @classmethod
    def key(cls, period: Period, location_id: UUID | None) -> UUID:
        """Give the id of a view's snapshot; `location_id` is none for the view of all locations."""
        return derived_id("snapshot", period, location_id)

    @classmethod
    def first(cls, view: View, as_of: datetime) -> "Snapshot":
        """Make the first snapshot of a view."""
        snapshot = cls(
            id=cls.key(view.period, view.location_id), period=view.period, location_id=view.location_id, sources={}
        )
        snapshot.start_at = view.start
        snapshot.take(view, as_of)
        return snapshot

    def take(self, view: View, as_of: datetime) -> None:
        """Take the services' answers; a silent one's last figures stay, unless they speak of a period that is over."""
        same_period = self.start_at == view.start
        sources = Sources.model_validate(self.sources).take(view.answers, as_of, same_period=same_period)
        self.sources = sources.model_dump(mode="json")
        self.zone, self.start_at, self.end_at, self.as_of = view.zone, view.start, view.end, as_of

    @property
    def known_period(self) -> Period:
        """The period; the table's check lets no other in."""
        return cast("Period", self.period)

    @property
    def silent(self) -> list[SourceName]:
        """The services that did not answer last time."""
        return Sources.model_validate(self.sources).silent()
