"""`GET /slots`: free times across consultants."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from careconnect.auth import Actor
from services.consultants.errors import VisitTypeNotFound
from web.api.openapi import refusals
from web.gateway.finding import PartOfDay, Slot, SlotQuery
from web.session import Door, may

router = APIRouter(tags=["slots"])
Weekday = Annotated[int, Field(ge=0, le=6)]


class Slots(BaseModel):
    """Free times, the soonest first."""

    items: list[Slot]
    next_cursor: str | None = None


@router.get("/slots", summary="Find free times", responses=refusals(VisitTypeNotFound))
async def slots(
    actor: Annotated[Actor, may("appointments:read")],
    gateway: Door,
    visit_type_id: UUID,
    from_: Annotated[AwareDatetime | None, Query(alias="from", description="defaults to now")] = None,
    to: Annotated[AwareDatetime | None, Query(description="defaults to two weeks later; at most 62 days")] = None,
    consultant_id: UUID | None = None,
    specialty: Annotated[str | None, Query(max_length=100)] = None,
    location_id: UUID | None = None,
    part_of_day: Annotated[PartOfDay | None, Query(description="until 12:00, until 17:00, and after that")] = None,
    weekday: Annotated[list[Weekday] | None, Query(description="Monday = 0; several are possible")] = None,
    patient_id: Annotated[UUID | None, Query(description="leaves out when they are at another visit")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Slots:
    """Give free starts across consultants; of equal starts, the consultant who is occupied least comes first.

    Parts of the day and weekdays are those of the location.
    """
    wanted = SlotQuery(
        visit_type_id=visit_type_id,
        from_=from_,
        to=to,
        consultant_id=consultant_id,
        specialty=specialty,
        location_id=location_id,
        part_of_day=part_of_day,
        weekdays=weekday or [],
        patient_id=patient_id,
        limit=limit,
    )
    return Slots(items=await gateway.slots(actor, wanted))
