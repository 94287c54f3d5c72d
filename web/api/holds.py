"""`/holds`: a time is kept for some minutes while its booking is prepared, and freed by itself."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from services.appointments.errors import HoldExtended, HoldNotFound, HoldOver, HoldUsed, PatientBusy, SlotTaken
from services.consultants.errors import (
    BeyondHorizon,
    ConsultantNotFound,
    ConsultantUnavailable,
    NotOffered,
    OutsideHours,
    TooSoon,
    VisitTypeNotFound,
)
from services.patients.errors import PatientArchived, PatientNotFound
from web.api.etags import TAGGED, Tagged
from web.api.keys import IdempotencyKey
from web.api.openapi import WAITING, refusals
from web.gateway.errors import EngineUnavailable
from web.gateway.holds import Held, HoldWish, shown
from web.session import Door, may

router = APIRouter(prefix="/holds", tags=["appointments"])
Writer = Annotated[Actor, may("appointments:write")]


class HoldCreate(BaseModel):
    """A time that is to be held."""

    model_config = ConfigDict(extra="forbid")

    visit_type_id: UUID
    consultant_id: UUID | None = Field(None, description="left out: whoever is free then, who is occupied least first")
    location_id: UUID | None = None
    start: AwareDatetime
    patient_id: UUID | None = Field(None, description="if the patient is known already")


@router.post(
    "",
    summary="Hold a time",
    status_code=201,
    response_model=Held,
    responses={
        **WAITING,
        **refusals(
            PatientNotFound, ConsultantNotFound, VisitTypeNotFound, SlotTaken, PatientBusy, PatientArchived,
            ConsultantUnavailable, NotOffered, OutsideHours, TooSoon, BeyondHorizon, IdempotencyConflict,
            EngineUnavailable,
        ),
    },
)  # fmt: skip
async def place(
    body: HoldCreate, request: Request, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> Response:
    """Keep a time for ten minutes; nobody else can book it. Book it by its id as `hold_id` of `POST /appointments`.

    A taken slot comes with the nearest free ones. Without a booking it is free again at `expires_at`, by itself.
    """
    held = shown(await gateway.holds.place(actor, HoldWish(**body.model_dump()), key))
    headers = {"Location": f"{request.scope.get('root_path', '')}/holds/{held.id}"}
    return Response(held.model_dump_json(), 201, headers, "application/json")


@router.get("/{hold_id}", summary="Read a hold", responses={200: TAGGED, **refusals(HoldNotFound)})
async def get(hold_id: UUID, actor: Writer, gateway: Door, tag: Tagged) -> Held:
    """Read it; `status` tells whether it still holds its time."""
    return tag(shown(await gateway.holds.get(actor, hold_id)))


@router.post(
    "/{hold_id}/extension",
    summary="Hold it for longer",
    responses={**WAITING, **refusals(HoldNotFound, HoldOver, HoldExtended, HoldUsed, EngineUnavailable)},
)
async def extend(hold_id: UUID, actor: Writer, gateway: Door, key: IdempotencyKey = None) -> Held:
    """Add ten minutes to what is left, which is possible once."""
    return shown(await gateway.holds.extend(actor, hold_id, key))


@router.delete(
    "/{hold_id}",
    summary="Give the time back",
    status_code=204,
    responses={**WAITING, **refusals(HoldNotFound, EngineUnavailable)},
)
async def release(hold_id: UUID, actor: Writer, gateway: Door) -> None:
    """Free the time at once. Harmless where it is over, and where it is an appointment's by now, which stays."""
    await gateway.holds.release(actor, hold_id)
