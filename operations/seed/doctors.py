"""The consultants as the diary needs them: what they offer, and where they are when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from operations.seed import clinic
from operations.seed.ground import ZONE, Ground
from services.consultants.hours import Block, Deviation, Stretch, working_time
from services.consultants.schemas import ConsultantWrite, ExceptionWrite, Hours, ScheduleWrite, VisitTypeWrite
from services.consultants.walltime import minutes_of

_LEAVE_BEGAN, _LEAVE_LASTS = 9, 30


@dataclass(frozen=True)
class VisitType:
    """One thing that can be booked, under its key."""

    id: UUID
    name: str
    terms: VisitTypeWrite


@dataclass(frozen=True)
class Doctor:
    """One consultant: `offered` is what can be booked with them."""

    id: UUID
    number: int
    hiring: clinic.Hiring
    offered: Sequence[VisitType]
    locations: dict[str, UUID]
    leave: tuple[datetime, datetime] | None = None

    @property
    def name(self) -> str:
        """Give the name as people are addressed."""
        return f"{self.hiring.title} {self.hiring.first_name} {self.hiring.last_name}"

    def details(self, ground: Ground) -> ConsultantWrite:
        """Describe the consultant to the consultants service."""
        account = f"{self.hiring.first_name}.{self.hiring.last_name}.{self.number}".lower().replace(" ", "")
        return ConsultantWrite(
            title=self.hiring.title,
            first_name=self.hiring.first_name,
            last_name=self.hiring.last_name,
            specialties=[self.hiring.specialty],
            registration_number=f"SLMC-{21_400 + self.number * 37}",
            email=f"{account}@{ground.domain}",
            phone=f"+94 11 269 {4800 + self.number}",
            bio=self.hiring.bio or None,
            status="on_leave" if self.hiring.on_leave else "active",
        )

    def schedule(self) -> ScheduleWrite:
        """Write down the weekly hours."""
        return ScheduleWrite(hours=[self._hours(*one) for one in self._blocks()])

    def absence(self) -> ExceptionWrite | None:
        """Write down the leave, if there is one."""
        if self.leave is None:
            return None
        return ExceptionWrite(kind="leave", starts_at=self.leave[0], ends_at=self.leave[1], reason="Study leave abroad")

    def working_time(self, start: datetime, end: datetime) -> list[Stretch]:
        """Compute where the consultant is when, just as the consultants service does."""
        blocks = [
            Block(self.locations[place], ZONE, day, minutes_of(starts), minutes_of(ends))
            for day, place, starts, ends in self._blocks()
        ]
        leave = [Deviation("leave", *self.leave)] if self.leave else []
        return working_time(blocks, leave, start, end)

    def _blocks(self) -> list[tuple[int, str, str, str]]:
        return [
            (int(day), place, *_both(block))
            for days, place, blocks in self.hiring.hours
            for day in days
            for block in blocks
        ]

    def _hours(self, day: int, place: str, starts: str, ends: str) -> Hours:
        return Hours(location_id=self.locations[place], zone=ZONE, weekday=day, starts=starts, ends=ends)


def catalogue(ground: Ground) -> list[VisitType]:
    """Give what can be booked."""
    return [VisitType(ground.id("visit type", name), name, terms) for name, terms in clinic.VISIT_TYPES.items()]


def hired(ground: Ground, hirings: Sequence[clinic.Hiring], first: int = 0) -> list[Doctor]:
    """Give the consultants of `hirings`, numbered from `first`."""
    types = catalogue(ground)
    places = {name: ground.id("location", name) for name in clinic.LOCATIONS}
    return [
        Doctor(
            id=ground.id("consultant", number),
            number=number,
            hiring=hiring,
            offered=[one for one in types if one.terms.specialty in {None, hiring.specialty}],
            locations=places,
            leave=_leave(ground) if hiring.on_leave else None,
        )
        for number, hiring in enumerate(hirings, first)
    ]


def _leave(ground: Ground) -> tuple[datetime, datetime]:
    begun = ground.today - timedelta(days=_LEAVE_BEGAN)
    return _midnight(ground, begun), _midnight(ground, begun + timedelta(days=_LEAVE_LASTS))


def _midnight(ground: Ground, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ground.zone)


def _both(block: str) -> tuple[str, str]:
    starts, ends = block.split("-")
    return starts, ends
