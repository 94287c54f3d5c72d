"""A consultant's schedule: weekly hours in local wall time, and the exceptions from them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Self, get_args
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import flag_modified

from careconnect import clock
from careconnect.crypto import TenantKeys
from careconnect.db import Tenanted, Versioned
from services.consultants import schemas
from services.consultants.errors import HoursOverlap, ZoneUnknown
from services.consultants.hours import Block, first_clash
from services.consultants.models.base import Base
from services.consultants.walltime import minutes_of, wall_of

_KINDS = ", ".join(f"'{kind}'" for kind in get_args(schemas.ExceptionKind))
_LOOKAHEAD = timedelta(days=400)


class Schedule(Base, Tenanted, Versioned):
    """The one schedule of a consultant; its id is the consultant's, its version rises when the weekly hours change."""

    __tablename__ = "schedules"
    __table_args__ = (
        sa.ForeignKeyConstraint(["tenant_id", "id"], ["consultants.tenant_id", "consultants.id"], ondelete="CASCADE"),
    )

    revised_at: Mapped[datetime]

    @classmethod
    def empty(cls, consultant_id: UUID) -> Self:
        """Start a schedule without hours."""
        return cls(id=consultant_id, revised_at=clock.now())

    def revise(self, hours: Iterable[schemas.Hours]) -> "list[ScheduleBlock]":
        """Make the blocks of new weekly hours.

        Raises:
            HoursOverlap: blocks in different zones would have the consultant in two places at one instant.
        """
        blocks = [ScheduleBlock.of(self.id, each) for each in hours]
        if len({block.zone for block in blocks}) > 1:
            present = clock.now()
            clash = first_clash([block.plain() for block in blocks], present, present + _LOOKAHEAD)
            if clash:
                raise HoursOverlap(f"Hours in {clash[0].zone} and {clash[1].zone} meet on {clash[1].start:%d %B %Y}.")
        self.revised_at = clock.now()
        flag_modified(self, "revised_at")  # the version rises even where two revisions share an instant
        return blocks


class ScheduleBlock(Base, Tenanted):
    """Working hours on one weekday at one location; minutes of the wall clock, days included on both ends."""

    __tablename__ = "schedule_blocks"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["tenant_id", "consultant_id"], ["schedules.tenant_id", "schedules.id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        sa.CheckConstraint("0 <= starts AND starts < ends AND ends <= 1440", name="minutes"),
        sa.CheckConstraint("valid_from <= valid_to", name="validity"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("consultant_id", "="),
            ("zone", "="),
            ("weekday", "="),
            (sa.text("int4range(starts, ends)"), "&&"),
            (sa.text("daterange(valid_from, valid_to, '[]')"), "&&"),
            name="ex_schedule_blocks_overlap",
            using="gist",
        ),
        sa.Index("ix_schedule_blocks_location", "tenant_id", "location_id"),
    )

    consultant_id: Mapped[UUID]
    location_id: Mapped[UUID]
    zone: Mapped[str]
    weekday: Mapped[int] = mapped_column(sa.SmallInteger)
    starts: Mapped[int]
    ends: Mapped[int]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    @classmethod
    def of(cls, consultant_id: UUID, hours: schemas.Hours) -> Self:
        """Make the block that `hours` describe."""
        return cls(
            consultant_id=consultant_id,
            location_id=hours.location_id,
            zone=hours.zone,
            weekday=hours.weekday,
            starts=minutes_of(hours.starts),
            ends=minutes_of(hours.ends),
            valid_from=hours.valid_from,
            valid_to=hours.valid_to,
        )

    def plain(self) -> Block:
        """Give the block as the arithmetic of hours wants it."""
        return Block(self.location_id, self.zone, self.weekday, self.starts, self.ends, self.valid_from, self.valid_to)

    def shown(self) -> schemas.Hours:
        """Give the block as the wire shows it."""
        return schemas.Hours(
            location_id=self.location_id,
            zone=self.zone,
            weekday=self.weekday,
            starts=wall_of(self.starts),
            ends=wall_of(self.ends),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class ScheduleException(Base, Tenanted, Versioned):
    """A time at which the weekly hours do not hold; `[starts_at, ends_at)`. The reason is personal and sealed."""

    __tablename__ = "schedule_exceptions"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["tenant_id", "consultant_id"], ["schedules.tenant_id", "schedules.id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        sa.CheckConstraint("starts_at < ends_at", name="times"),
        sa.CheckConstraint("kind <> 'extra' OR (location_id IS NOT NULL AND zone IS NOT NULL)", name="extra_place"),
        ExcludeConstraint(
            ("tenant_id", "="),
            ("consultant_id", "="),
            (sa.func.tstzrange(sa.column("starts_at"), sa.column("ends_at"), type_=TSTZRANGE()), "&&"),
            name="ex_schedule_exceptions_extra",
            using="gist",
            where=sa.text("kind = 'extra'"),
        ),
        sa.Index("ix_schedule_exceptions_times", "tenant_id", "consultant_id", "starts_at", "id"),
    )

    consultant_id: Mapped[UUID]
    kind: Mapped[schemas.ExceptionKind] = mapped_column(sa.Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    location_id: Mapped[UUID | None]
    zone: Mapped[str | None]
    reason: Mapped[bytes | None]

    def say(self, told: schemas.ExceptionWrite, zone: str | None, keys: TenantKeys) -> None:
        """Write down when and why; `zone` is that of the location.

        Raises:
            ZoneUnknown: extra hours at a location whose zone nobody has said.
        """
        if told.kind == "extra" and zone is None:
            raise ZoneUnknown
        self.kind, self.location_id, self.zone = told.kind, told.location_id, zone
        self.starts_at, self.ends_at = told.starts_at.astimezone(UTC), told.ends_at.astimezone(UTC)
        self.reason = keys.seal(told.reason) if told.reason else None

    def same_as(self, told: schemas.ExceptionWrite, zone: str | None, keys: TenantKeys) -> bool:
        """Tell whether `told` says what is written here."""
        here = (self.kind, self.starts_at, self.ends_at, self.location_id, self.zone, self._reason(keys))
        return here == (told.kind, told.starts_at, told.ends_at, told.location_id, zone, told.reason or None)

    def shown(self, keys: TenantKeys) -> schemas.ScheduleException:
        """Give the exception as the wire shows it."""
        return schemas.ScheduleException(
            id=self.id,
            consultant_id=self.consultant_id,
            kind=self.kind,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            location_id=self.location_id,
            zone=self.zone,
            reason=self._reason(keys),
            version=self.version,
        )

    def _reason(self, keys: TenantKeys) -> str | None:
        return None if self.reason is None else str(keys.open(self.reason))
