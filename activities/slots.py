"""A step that composes two services' answers: the free slots nearest to one that is taken."""

from datetime import timedelta

from temporalio import activity

from activities.answers import insisting
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import SlotSearch, Window
from services.consultants.client import ConsultantsClient
from workflows.contracts import Alternatives, AlternativesRequest, Slot


class SlotActivities:
    """Holds the clients of the two services that know working time and occupied time."""

    def __init__(self, consultants: ConsultantsClient, appointments: AppointmentsClient) -> None:
        self.consultants = consultants
        self.appointments = appointments

    @activity.defn(name="find_alternatives")
    @insisting
    async def alternatives(self, request: AlternativesRequest) -> Alternatives:
        """Find the same consultant's free starts around the wanted one, the nearest first."""
        visit_type = await self.consultants.visit_type(request.actor, request.visit_type_id)
        windows = await self.consultants.windows(
            request.actor,
            request.start - timedelta(days=1),
            request.start + timedelta(days=7),
            request.visit_type_id,
            consultant_id=request.consultant_id,
            location_id=request.location_id,
        )
        search = SlotSearch(
            windows=[Window.model_validate(window.model_dump()) for window in windows],
            duration_minutes=visit_type.duration_minutes,
            buffer_before_minutes=visit_type.buffer_before_minutes,
            buffer_after_minutes=visit_type.buffer_after_minutes,
            step_minutes=visit_type.slot_step_minutes,
            not_before=activity.info().scheduled_time + timedelta(minutes=visit_type.min_notice_minutes),
            limit=500,
        )
        free = await self.appointments.slots(request.actor, search)
        nearest = sorted(free, key=lambda slot: abs(slot.start - request.start))[: request.limit]
        return Alternatives(slots=[Slot(visit_type_id=request.visit_type_id, **slot.model_dump()) for slot in nearest])
