"""What became of each booked visit: most took place, some were cancelled or missed, a few were never paid for."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from careconnect.money import Money
from operations.seed.diary import Entry, Place
from operations.seed.ground import Ground
from services.appointments.schemas import OCCUPYING, Status

_MINUTE = timedelta(minutes=1)
_AT_DESK, _DECLINED, _MOVED, _UNPAID = 0.12, 0.03, 0.04, 0.03
_CANCELLED, _MISSED = 0.09, 0.06
_DECLINES = ("card_declined", "insufficient_funds", "expired_card")  # those for which there are test cards
_HERE_BEFORE = timedelta(minutes=20)
_NOTICE = timedelta(minutes=40)
_REASONS = (("pat",) * 11, ("pat-cpp",) * 4, ("prov",) * 3, ("oth-weath",) * 1)


@dataclass(frozen=True, slots=True)
class Visit:
    """One appointment and its story. Instants are None for what has not happened."""

    entry: Entry
    status: Status
    since: datetime
    prepaid: bool
    settled: bool = False
    arrived_at: datetime | None = None
    checked_in_at: datetime | None = None
    moved_at: datetime | None = None
    moved_from: datetime | None = None
    reason: str | None = None
    late: bool = False
    decline: str | None = None

    @property
    def id(self) -> UUID:
        """The appointment's key."""
        return self.entry.id

    @property
    def place(self) -> Place:
        """When, where and with whom."""
        return self.entry.place

    @property
    def version(self) -> int:
        """One, and one more for the move."""
        return 2 if self.moved_at else 1

    @property
    def occupies(self) -> bool:
        """Whether it still occupies its time, and so has a running workflow."""
        return self.status in OCCUPYING

    @property
    def price(self) -> Money:
        """What the visit costs."""
        return self.place.type.terms.price

    @property
    def waived(self) -> bool:
        """Whether a late cancellation costs nothing, because the clinic or the weather was the cause."""
        return self.reason in {"prov", "oth-weath"}


def fate(ground: Ground, entry: Entry) -> Visit:
    """Decide what became of a visit."""
    dice = ground.dice("fate", entry.id)
    terms = entry.place.type.terms
    booking = terms.payment_policy.when == "booking" and terms.payment_policy.kind != "none"
    prepaid = booking and dice.random() >= _AT_DESK
    visit = Visit(entry, Status.BOOKED, entry.booked_at + timedelta(seconds=3), prepaid)
    if prepaid and dice.random() < _DECLINED:
        code = dice.choice(_DECLINES)
        return replace(visit, status=Status.EXPIRED, since=entry.booked_at + timedelta(seconds=4), decline=code)
    if dice.random() < _CANCELLED and (cancelled := _cancelled(ground, visit, dice)):
        return cancelled
    return _attended(ground, _moved(visit, ground, dice), dice)


def _cancelled(ground: Ground, visit: Visit, dice: Random) -> Visit | None:
    """Cancel between the booking and the visit, if there is time for it."""
    latest = min(visit.place.start - _NOTICE, ground.moment - _MINUTE)
    if latest - visit.since < _NOTICE:
        return None
    at = latest - (latest - visit.since) * (dice.random() ** 2)
    reason = dice.choice([one for group in _REASONS for one in group])
    free_until = timedelta(hours=visit.place.type.terms.cancellation_policy.free_until_hours)
    late = at > visit.place.start - free_until
    return replace(visit, status=Status.CANCELLED, since=_whole(at), reason=reason, late=late)


def _moved(visit: Visit, ground: Ground, dice: Random) -> Visit:
    """Let some be moved from another day."""
    before = timedelta(days=dice.choice((-2, -1, 1, 3, 7)))
    at = visit.since + (min(visit.place.start, ground.moment) - visit.since) * dice.uniform(0.1, 0.6)
    if dice.random() >= _MOVED or visit.place.start - at < _NOTICE or visit.place.start + before < at + _NOTICE:
        return visit
    return replace(visit, moved_at=_whole(at), moved_from=visit.place.start + before)


def _attended(ground: Ground, visit: Visit, dice: Random) -> Visit:
    """Let the patient come, or not."""
    moment, start, end = ground.moment, visit.place.start, visit.place.end
    arrived = max(_whole(start - _MINUTE * dice.uniform(4, 15)), visit.since + _MINUTE)
    if start > moment:
        near = start - moment < _HERE_BEFORE and arrived <= moment
        return replace(visit, status=Status.ARRIVED, since=arrived, arrived_at=arrived) if near else visit
    grace = timedelta(minutes=visit.place.type.terms.cancellation_policy.grace_minutes)
    if dice.random() < _MISSED and start + grace <= moment:
        return replace(visit, status=Status.NO_SHOW, since=start + grace)
    checked_in = _whole(start - _MINUTE * dice.uniform(0.5, 3))
    here = replace(visit, arrived_at=arrived, checked_in_at=checked_in, settled=dice.random() >= _UNPAID)
    if end > moment:
        return replace(here, status=Status.CHECKED_IN, since=checked_in)
    return replace(here, status=Status.FULFILLED, since=min(_whole(end + _MINUTE * dice.uniform(-4, 9)), moment))


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
