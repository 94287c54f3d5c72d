"""The consultants as the diary needs them: what they offer, and where they are when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from uuid import UUID

from operations.seed import clinic
from operations.seed.ground import ZONE, Ground
from services.consultants.hours import Block, Deviation, Stretch, working_time
from services.consultants.opening import MARGIN, Calendar, Policy, Said, block_of
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
    rooms: bool = True

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
        calendars = {self.locations[name]: calendar for name, calendar in _calendars(start.date(), end.date()).items()}
        return working_time(blocks, leave, start, end, calendars)

    def offered_at(self, location_id: UUID) -> list[VisitType]:
        """Give what can be booked at a location: some visits need a room that not every location has."""
        return [one for one in self.offered if not one.terms.room_needed or self._fitting(one, location_id)]

    def room(self, visit_type: VisitType, location_id: UUID) -> tuple[str, str] | None:
        """Name the location and the room that a visit takes; none for those who were hired for measurements."""
        if not (self.rooms and visit_type.terms.room_needed):
            return None
        return next(iter(self._fitting(visit_type, location_id)))

    def _fitting(self, visit_type: VisitType, location_id: UUID) -> list[tuple[str, str]]:
        needed = set(visit_type.terms.room_features)
        return [
            (place, name)
            for place, name, features in clinic.ROOMS
            if self.locations[place] == location_id and needed <= set(features)
        ]

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
            rooms=number < len(clinic.CONSULTANTS),
        )
        for number, hiring in enumerate(hirings, first)
    ]


@lru_cache(maxsize=64)
def _calendars(first: date, last: date) -> dict[str, Calendar]:
    """Work out when the locations are open, just as the consultants service does."""
    policy = Policy(clinic.HOLIDAYS.country, None, clinic.HOLIDAYS.closed)
    return {
        name: Said([block_of(one.model_dump()) for one in told.opening or []], told.holidays).calendar(
            policy, first - MARGIN, last + MARGIN
        )
        for name, told in clinic.CALENDARS.items()
    }


def _leave(ground: Ground) -> tuple[datetime, datetime]:
    begun = ground.today - timedelta(days=_LEAVE_BEGAN)
    return _midnight(ground, begun), _midnight(ground, begun + timedelta(days=_LEAVE_LASTS))


def _midnight(ground: Ground, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ground.zone)


def _both(block: str) -> tuple[str, str]:
    starts, ends = block.split("-")
    return starts, ends
