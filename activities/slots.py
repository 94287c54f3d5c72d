"""A step that composes two services' answers: the free slots nearest to one that is taken."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from temporalio import activity

from activities.answers import insisting
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import SlotSearch, Window
from services.consultants.client import ConsultantsClient
from services.consultants.schemas import VisitType
from services.consultants.schemas import Window as WorkingTime
from workflows.contracts import Alternatives, AlternativesRequest, Slot

_NEAR = 500
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
        """Find free starts around the wanted one, of the same consultant if one is named, the nearest first."""
        visit_type = await self.consultants.visit_type(request.actor, request.visit_type_id)
        windows = await self.consultants.windows(
            request.actor,
            request.start - timedelta(days=1),
            request.start + timedelta(days=7),
            request.visit_type_id,
            consultant_id=request.consultant_id,
            location_id=request.location_id,
        )
        notice = timedelta(minutes=visit_type.min_notice_minutes)
        search = slot_search(visit_type, windows, activity.info().scheduled_time + notice)
        length = request.duration_minutes or visit_type.duration_minutes
        asked = {"limit": _NEAR, "without": request.moving, "duration_minutes": length}
        free = await self.appointments.slots(request.actor, search.model_copy(update=asked))
        nearest = sorted(free, key=lambda slot: abs(slot.start - request.start))[: request.limit]
        return Alternatives(slots=[Slot(visit_type_id=request.visit_type_id, **slot.model_dump()) for slot in nearest])
