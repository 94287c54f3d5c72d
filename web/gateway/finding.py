"""Free times, composed of two services' answers: working time, less what is occupied."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from activities.free_times import FreeTimes, Wish
from careconnect import clock
from careconnect.auth import Actor
from services.appointments.client import AppointmentsClient
from services.consultants.client import ConsultantsClient

LONGEST_SEARCH = timedelta(days=62)
_DEFAULT_SEARCH = timedelta(days=14)


PartOfDay = Literal["morning", "afternoon", "evening"]
PARTS_OF_DAY: dict[PartOfDay, tuple[int, int]] = {
    "morning": (0, 12 * 60),
    "afternoon": (12 * 60, 17 * 60),
    "evening": (17 * 60, 24 * 60),
}
"""When a visit starts, in minutes of the location's wall clock."""


class SlotQuery(BaseModel):
    """Which free times; `from_` defaults to now, `to` to two weeks later, at most 62 days; weekdays: Monday = 0."""

    visit_type_id: UUID
    from_: datetime | None = None
    to: datetime | None = None
    consultant_id: UUID | None = None
    specialty: str | None = None
    location_id: UUID | None = None
    part_of_day: PartOfDay | None = None
    weekdays: list[int] = []
    limit: int = 50
    without: UUID | None = None
    """A hold of one's own, or the appointment that is to move: its time counts as free."""
    patient_id: UUID | None = None
    """Who is to come: times at which they are at another visit are left out."""
    duration_minutes: int | None = None
    """How long the visit takes, where that is not what its type says."""


class Slot(BaseModel):
    """A bookable start."""

    consultant_id: UUID
    location_id: UUID
    visit_type_id: UUID
    start: datetime
    end: datetime
    zone: str


_SLOTS = TypeAdapter(list[Slot])


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
    narrowed: dict[str, Any] = {"without": wanted.without, "patient_id": wanted.patient_id}
    narrowed["weekdays"] = wanted.weekdays or list(range(7))
    if wanted.duration_minutes:
        narrowed["duration_minutes"] = wanted.duration_minutes
    if wanted.part_of_day:
        narrowed |= dict(zip(("wall_from", "wall_to"), PARTS_OF_DAY[wanted.part_of_day], strict=True))
    wish = Wish(
        actor,
        visit_type,
        consultant_id=wanted.consultant_id,
        specialty=wanted.specialty,
        location_id=wanted.location_id,
        narrowed=narrowed,
    )
    free = await FreeTimes(consultants, appointments).soonest(wish, first, last, wanted.limit)
    return _SLOTS.validate_python([dict(slot) | {"visit_type_id": wanted.visit_type_id} for slot in free])
