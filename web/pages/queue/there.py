"""Who is there now and could see somebody who walks in, and how many wait for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.appointments.schemas import OCCUPYING, Appointment, DiaryQuery, Status
from services.consultants.schemas import ConsultantName
from web.formats import local_time
from web.pages.screen import Screen
from web.words import gettext, ngettext

_HALF_A_DAY = timedelta(hours=12)
_HERE = frozenset({Status.ARRIVED, Status.CHECKED_IN})


@dataclass(frozen=True)
class Candidate:
    """A consultant who works at this moment; `free_at` is when a visit of that length would fit, `waiting` how many."""

    id: UUID
    name: str
    free_at: datetime
    free_now: bool
    waiting: int
    zone: str

    @property
    def note(self) -> str:
        """Say when they are free, and how long the queue is."""
        free = (
            gettext("free now")
            if self.free_now
            else gettext("free at %(time)s") % {"time": local_time(self.free_at, self.zone)}
        )
        many = ngettext("%(num)d waits", "%(num)d wait", self.waiting) % {"num": self.waiting}
        return f"{free} · {many if self.waiting else gettext('nobody waits')}"


async def there(screen: Screen, visit_type_id: UUID) -> list[Candidate]:
    """List them: who is free first, and of those the one for whom fewest wait."""
    kind = (await screen.known.visit_types(screen.actor)).get(visit_type_id)
    if kind is None:
        return []
    now = screen.frame.now.replace(second=0, microsecond=0)
    length, place = timedelta(minutes=kind.duration_minutes), screen.frame.location
    windows = await screen.gateway.consultants.windows(
        screen.actor, now, now + length, visit_type_id, location_id=place.id if place else None
    )
    zones = {one.consultant_id: one.zone for one in windows if one.start <= now < one.end}
    if not zones:
        return []
    # Who is still here from an appointment that is over waits too.
    span = DiaryQuery(from_=now - _HALF_A_DAY, to=now + _HALF_A_DAY, consultant_id=list(zones))
    diary = await screen.gateway.appointments.diary(screen.actor, span)
    names = await screen.known.consultant_names(screen.actor, zones)
    found = [
        _candidate(names[who], zone, [one for one in diary if one.consultant_id == who], now, length)
        for who, zone in zones.items()
        if who in names and names[who].status == "active"
    ]
    return sorted(found, key=lambda one: (one.free_at, one.waiting, one.name))


def _candidate(
    who: ConsultantName, zone: str, theirs: list[Appointment], now: datetime, length: timedelta
) -> Candidate:
    free_at = now
    for one in sorted(theirs, key=lambda each: each.start):
        if one.status in OCCUPYING and one.start < free_at + length and one.end > free_at:
            free_at = one.end
    waiting = sum(one.status in _HERE and one.with_consultant_since is None for one in theirs)
    return Candidate(who.id, who.name, free_at, free_at == now, waiting, zone)
