"""A step that composes two services' answers: the free slots nearest to one that is taken."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise

from temporalio import activity

from activities.answers import insisting
from activities.free_times import FreeTimes, Wish, slot_search
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import FreeSlot
from services.consultants.client import ConsultantsClient
from workflows.contracts import Alternatives, AlternativesRequest, Slot

_AHEAD = timedelta(days=7)
_BACK = (timedelta(), timedelta(hours=2), timedelta(hours=6), timedelta(days=1))
"""How far before the wanted start is looked, as long as there are too few."""


class SlotActivities:
    """Holds the clients of the two services that know working time and occupied time."""

    def __init__(self, consultants: ConsultantsClient, appointments: AppointmentsClient) -> None:
        self.consultants = consultants
        self.appointments = appointments

    @activity.defn(name="free_at_start")
    @insisting
    async def at_start(self, request: AlternativesRequest) -> Alternatives:
        """Find who is free at just that start, who is occupied least first."""
        visit_type = await self.consultants.visit_type(request.actor, request.visit_type_id)
        windows = await self.consultants.windows(
            request.actor,
            request.start,
            request.start + timedelta(minutes=visit_type.duration_minutes),
            request.visit_type_id,
            consultant_id=request.consultant_id,
            location_id=request.location_id,
        )
        only = {"not_after": request.start + timedelta(seconds=1), "limit": request.limit}
        search = slot_search(visit_type, windows, request.start).model_copy(update=only)
        free = await self.appointments.slots(request.actor, search)
        return Alternatives(slots=[Slot(visit_type_id=request.visit_type_id, **slot.model_dump()) for slot in free])

    @activity.defn(name="find_alternatives")
    @insisting
    async def alternatives(self, request: AlternativesRequest) -> Alternatives:
        """Find free starts around the wanted one, of the same consultant if one is named, the nearest first.

        Before and after it are looked at apart: of a large clinic's week the soonest are all on the day before.
        """
        visit_type = await self.consultants.visit_type(request.actor, request.visit_type_id)
        now = activity.info().scheduled_time
        earliest = now + timedelta(minutes=visit_type.min_notice_minutes)
        latest = min(request.start + _AHEAD, now + timedelta(days=visit_type.horizon_days))
        narrowed: dict[str, object] = {"without": request.moving, "patient_id": request.patient_id}
        if request.duration_minutes:
            narrowed["duration_minutes"] = request.duration_minutes
        wish = Wish(
            request.actor,
            visit_type,
            consultant_id=request.consultant_id,
            location_id=request.location_id,
            narrowed=narrowed,
        )
        times = FreeTimes(self.consultants, self.appointments)
        free = await times.soonest(wish, max(request.start, earliest), latest, request.limit)
        async for more in _before(times, wish, request.start, earliest, latest):
            free += more
            if len(more) >= request.limit:
                break
        nearest = sorted(free, key=lambda slot: abs(slot.start - request.start))[: request.limit]
        return Alternatives(slots=[Slot(visit_type_id=request.visit_type_id, **slot.model_dump()) for slot in nearest])


async def _before(
    times: FreeTimes, wish: Wish, start: datetime, earliest: datetime, latest: datetime
) -> AsyncIterator[list[FreeSlot]]:
    """Give the free times before `start`, the nearer spans first, none before `earliest` or at `latest`."""
    for near, far in pairwise(_BACK):
        begin, end = max(start - far, earliest), min(start - near, latest)
        if begin < end:
            yield await times.between(wish, begin, end, until=end + wish.length)
