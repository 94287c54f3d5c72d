"""`/walk-ins`: somebody stands at the desk and is booked, queued and billed at once."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from careconnect import clock
from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from services.appointments.errors import PatientBusy, SlotTaken
from services.consultants.errors import ConsultantNotFound, ConsultantUnavailable, NotOffered, OutsideHours
from services.patients.errors import PatientArchived, PatientNotFound
from web.api.appointment_input import WalkInCreate
from web.api.deciding import may_overbook
from web.api.keys import IdempotencyKey
from web.api.openapi import WAITING, refusals
from web.gateway.booked import Booked
from web.gateway.errors import EngineUnavailable
from web.session import Door, may

router = APIRouter(prefix="/walk-ins", tags=["appointments"])


@router.post(
    "",
    summary="Register a walk-in",
    status_code=201,
    response_model=Booked,
    responses={
        **WAITING,
        **refusals(
            PatientNotFound, ConsultantNotFound, SlotTaken, PatientBusy, PatientArchived, ConsultantUnavailable,
            NotOffered, OutsideHours, IdempotencyConflict, EngineUnavailable,
        ),
    },
)  # fmt: skip
async def walk_in(
    body: WalkInCreate,
    request: Request,
    actor: Annotated[Actor, may("appointments:write")],
    gateway: Door,
    key: IdempotencyKey = None,
) -> Response:
    """Book a visit that starts this minute, with its patient arrived and its invoice open at the desk."""
    may_overbook(actor, asked=body.overbook is not None)
    start = clock.now().replace(second=0, microsecond=0)
    booked = await gateway.bookings.book(actor, body.booking(start), key)
    headers = {"Location": f"{request.scope.get('root_path', '')}/appointments/{booked.id}"}
    return Response(booked.model_dump_json(), 201, headers, "application/json")
