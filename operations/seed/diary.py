"""The diary: which patient sees which consultant when, and when that was booked.

Working time is packed with visits that cannot overlap, and as many of them as are wanted are kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from operations.seed.doctors import Doctor, VisitType
from operations.seed.ground import Ground
from operations.seed.people import Group, Patient
from services.consultants.hours import Stretch

_FOLLOW_UP_WEIGHT, _WEIGHT = 1, 3
_FEWEST_TOGETHER = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A time that could be booked: one visit of one type with one consultant, for so many patients together."""

    doctor: Doctor
    type: VisitType
    location_id: UUID
    start: datetime
    patients: int = 1

    @property
    def room(self) -> tuple[str, str] | None:
        """Name the location and the room that it takes, if it takes one."""
        return self.doctor.room(self.type, self.location_id)

    @property
    def end(self) -> datetime:
        """When the visit ends."""
        return self.start + timedelta(minutes=self.type.terms.duration_minutes)

    @property
    def occupied(self) -> tuple[datetime, datetime]:
        """What the visit occupies of its consultant, the buffers included."""
        terms = self.type.terms
        before, after = terms.buffer_before_minutes, terms.buffer_after_minutes
        return self.start - timedelta(minutes=before), self.end + timedelta(minutes=after)


@dataclass(frozen=True, slots=True)
class Entry:
    """A time that somebody booked."""

    id: UUID
    place: Place
    patient: Patient
    booked_at: datetime
    seat: int = 1


def packed(ground: Ground, doctor: Doctor, start: datetime, end: datetime) -> list[Place]:
    """Fill a consultant's working time between `start` and `end` to the last minute, in the order of time."""
    dice = ground.dice("diary", doctor.number, start.date())
    return [place for stretch in doctor.working_time(start, end) for place in _filled(doctor, stretch, dice)]


def _filled(doctor: Doctor, stretch: Stretch, dice: Random) -> Iterator[Place]:
    """Put one visit after the other, each at a start that the catalogue offers."""
    offered = doctor.offered_at(stretch.location_id)
    weights = [_FOLLOW_UP_WEIGHT if one.terms.capacity > 1 or not one.terms.price else _WEIGHT for one in offered]
    free_from = stretch.start
    while True:
        chosen = dice.choices(offered, weights)[0]
        before, step = chosen.terms.buffer_before_minutes, chosen.terms.slot_step_minutes * 60
        earliest = free_from + timedelta(minutes=before) if free_from > stretch.start else stretch.start
        steps = -(-(earliest - stretch.anchor).total_seconds() // step)
        start = stretch.anchor + timedelta(seconds=steps * step)
        many = dice.randint(_FEWEST_TOGETHER, chosen.terms.capacity) if chosen.terms.capacity > 1 else 1
        place = Place(doctor, chosen, stretch.location_id, start, many)
        if place.end > stretch.end:
            return
        yield place
        free_from = place.occupied[1]


def chosen(places: Sequence[Place], weights: Iterable[float], count: int, dice: Random) -> list[Place]:
    """Keep places for `count` patients, those of greater weight more likely; in the order of time."""
    # Sampling without replacement by the exponent of the weight (Efraimidis and Spirakis, 2006).
    drawn = [(dice.random() ** (1 / weight), number) for number, weight in enumerate(weights)]
    found = []
    for _, number in sorted(drawn, reverse=True):
        if places[number].patients <= count:
            found.append(places[number])
            count -= places[number].patients
    return sorted(found, key=lambda place: (place.start, place.doctor.number))


class Booker:
    """Finds a patient for each place: one who was registered by then and has no other visit on that day."""

    def __init__(self, ground: Ground, group: Group) -> None:
        self.ground = ground
        self.group = group
        self.dice = ground.dice("booker", group.name)
        self.visits: set[tuple[int, int]] = set()

    def entries(self, places: Sequence[Place]) -> list[Entry]:
        """Book the places, all of them if there are enough patients."""
        booked = (self._entry(place, seat) for place in places for seat in range(1, place.patients + 1))
        return [entry for entry in booked if entry is not None]

    def _entry(self, place: Place, seat: int) -> Entry | None:
        booked_at = self._booked_at(place)
        known = self.group.known_at(booked_at)
        for _ in range(20):
            number = self.dice.randrange(known) if known else 0
            visit = (number, place.start.toordinal())
            if known and visit not in self.visits:
                self.visits.add(visit)
                beside = (seat,) if seat > 1 else ()
                what = (place.doctor.number, place.start.isoformat(), place.type.name, *beside)
                return Entry(self.ground.id("appointment", *what), place, self.group.people[number], booked_at, seat)
        return None

    def _booked_at(self, place: Place) -> datetime:
        """Most visits are booked some days ahead, some an hour before; none in the future."""
        ahead = timedelta(hours=1) + _DAY * min(self.dice.expovariate(1 / 5), 40)
        return min(place.start - ahead, self.ground.moment - timedelta(minutes=self.dice.randrange(3, 2000)))
