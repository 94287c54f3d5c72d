"""Free times, composed of two services' answers: working time, less what is occupied."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from careconnect import clock
from careconnect.auth import Actor
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import SlotSearch, Window
from services.consultants.client import ConsultantsClient

LONGEST_SEARCH = timedelta(days=62)
_DEFAULT_SEARCH = timedelta(days=14)


class SlotQuery(BaseModel):
    """Which free times; `from_` defaults to now, `to` to two weeks later, at most 62 days."""

    visit_type_id: UUID
    from_: datetime | None = None
    to: datetime | None = None
    consultant_id: UUID | None = None
    specialty: str | None = None
    location_id: UUID | None = None
    limit: int = 50


class Slot(BaseModel):
    """A bookable start."""

    consultant_id: UUID
    location_id: UUID
    visit_type_id: UUID
    start: datetime
    end: datetime
    zone: str


async def find_slots(
    consultants: ConsultantsClient, appointments: AppointmentsClient, actor: Actor, wanted: SlotQuery
) -> list[Slot]:
    """Find free starts across consultants, the soonest first."""
    visit_type = await consultants.visit_type(actor, wanted.visit_type_id)
    moment = clock.now()
    first = max(wanted.from_ or moment, moment + timedelta(minutes=visit_type.min_notice_minutes))
    last = min(
        wanted.to or first + _DEFAULT_SEARCH, first + LONGEST_SEARCH, moment + timedelta(days=visit_type.horizon_days)
    )
    if last <= first:
        return []
    windows = await consultants.windows(
        actor,
        first,
        last,
        wanted.visit_type_id,
        consultant_id=wanted.consultant_id,
        specialty=wanted.specialty,
        location_id=wanted.location_id,
    )
    search = SlotSearch(
        windows=[Window.model_validate(window.model_dump()) for window in windows],
        duration_minutes=visit_type.duration_minutes,
        buffer_before_minutes=visit_type.buffer_before_minutes,
        buffer_after_minutes=visit_type.buffer_after_minutes,
        step_minutes=visit_type.slot_step_minutes,
        not_before=first,
        limit=wanted.limit,
    )
    free = await appointments.slots(actor, search)
    return [Slot(visit_type_id=wanted.visit_type_id, **slot.model_dump()) for slot in free]
