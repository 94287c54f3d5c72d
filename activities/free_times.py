"""Free times out of two services' answers: working time from one, what is occupied from the other, span by span."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from careconnect.auth import Actor
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import MOST_WINDOWS, FreeSlot, SlotSearch, Window
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import VisitType
from services.consultants.schemas import Window as WorkingTime

W = TypeVar("W")
MOST = 2000
"""How many starts one question answers with at most."""
_FIRST_SPANS = (timedelta(days=1), timedelta(days=6))
_SPAN = timedelta(days=14)
_WINDOWS = TypeAdapter(list[Window])
"""Makes a week of windows at once, which takes a fifth of the time that they take one by one."""


def slot_search(visit_type: VisitType, windows: Sequence[WorkingTime], not_before: datetime) -> SlotSearch:
    """Ask for the free starts of a visit type inside the working time of those who offer it."""
    rooms = {window.location_id: window.rooms for window in windows if window.rooms is not None}
    return SlotSearch(
        windows=_WINDOWS.validate_python([_plain(window) for window in windows]),
        duration_minutes=visit_type.duration_minutes,
        buffer_before_minutes=visit_type.buffer_before_minutes,
        buffer_after_minutes=visit_type.buffer_after_minutes,
        step_minutes=visit_type.slot_step_minutes,
        visit_type_id=visit_type.id,
        capacity=visit_type.capacity,
        rooms=rooms if visit_type.room_needed else None,
        not_before=not_before,
    )


def _plain(window: WorkingTime) -> dict[str, Any]:
    """Give what counts of a window; the rooms are told once for each location."""
    return {name: value for name, value in window if name != "rooms"}


@dataclass(frozen=True)
class Wish:
    """What is looked for, and by whom: a visit type, perhaps with somebody, somewhere.

    `narrowed` says more of the question itself (`SlotSearch`); `keep` chooses among the stretches of working time.
    """

    actor: Actor
    visit_type: VisitType
    consultant_id: UUID | None = None
    specialty: str | None = None
    location_id: UUID | None = None
    narrowed: Mapping[str, Any] = field(default_factory=dict)
    keep: Callable[[list[Window]], Awaitable[list[Window]]] | None = None

    @property
    def length(self) -> timedelta:
        """How long the visit takes."""
        return timedelta(minutes=self.narrowed.get("duration_minutes", self.visit_type.duration_minutes))


class FreeTimes:
    """Looks at a day, then at its week, then at two weeks each time, and no further than it has to.

    Two months of a large clinic are more working time than one question takes, and hardly anybody wants to see them.
    """

    def __init__(self, consultants: ConsultantsClient, appointments: AppointmentsClient) -> None:
        self.consultants = consultants
        self.appointments = appointments

    async def soonest(self, wish: Wish, first: datetime, last: datetime, limit: int) -> list[FreeSlot]:
        """Find so many free times inside `[first, last)`, the soonest first."""
        found: list[FreeSlot] = []
        async for more in self.by_span(wish, first, last, limit):
            found += more
            if len(found) >= limit:
                break
        return found[:limit]

    async def by_span(
        self, wish: Wish, first: datetime, last: datetime, limit: int = MOST
    ) -> AsyncIterator[list[FreeSlot]]:
        """Give the free times span by span, at most `limit` of each, the soonest first."""
        for begin, end in spans(first, last):
            until = min(end + wish.length, last)
            yield await self.between(wish, begin, end, until=until, limit=limit)

    async def between(
        self, wish: Wish, begin: datetime, end: datetime, *, until: datetime, limit: int = MOST
    ) -> list[FreeSlot]:
        """Find the free times that start inside `[begin, end)` and end by `until`, the soonest first."""
        working = await self.consultants.windows(
            wish.actor,
            begin,
            until,
            wish.visit_type.id,
            consultant_id=wish.consultant_id,
            specialty=wish.specialty,
            location_id=wish.location_id,
        )
        found: list[FreeSlot] = []
        parts = 0
        for some in _parts(working):
            search = slot_search(wish.visit_type, some, begin)
            kept = await wish.keep(search.windows) if wish.keep else search.windows
            for windows in _parts(kept):
                said = {**wish.narrowed, "windows": windows, "not_after": end, "limit": min(limit, MOST)}
                found += await self.appointments.slots(wish.actor, search.model_copy(update=said))
                parts += 1
        return found if parts < 2 else sorted(found, key=lambda slot: slot.start)[:limit]  # noqa: PLR2004 - merged


def _parts(windows: Sequence[W]) -> Iterator[Sequence[W]]:
    for at in range(0, len(windows), MOST_WINDOWS):
        yield windows[at : at + MOST_WINDOWS]


def spans(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Divide a stretch of time into what is looked at one after the other."""
    lengths = iter(_FIRST_SPANS)
    while first < last:
        end = min(first + next(lengths, _SPAN), last)
        yield first, end
        first = end
