"""`/absences`: what becomes of the appointments in a consultant's leave."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page, PagingQuery
from services.appointments.absences.schemas import MOST, Absence, AbsenceSummary, Action
from services.appointments.errors import AbsenceNotFound, AbsenceUnderWay, NobodyAffected, NotNow
from services.appointments.schemas import Appointment
from services.consultants.errors import ConsultantNotFound, ExceptionNotFound
from web.api.etags import TAGGED, Tagged
from web.api.fields import own_account
from web.api.keys import IdempotencyKey
from web.api.listing import LIST, listed, whole
from web.api.openapi import WAITING, refusals
from web.gateway.absences import Intention
from web.gateway.errors import EngineUnavailable
from web.session import Door, Needs, may
from workflows.contracts.absence import Steer

router = APIRouter(tags=["consultants"])
Reader = Annotated[Actor, may("appointments:read")]
Writer = Annotated[Actor, may("appointments:write")]
_STEER = {**WAITING, **refusals(AbsenceNotFound, NotNow, EngineUnavailable)}


class ChosenAction(BaseModel):
    """What is to become of one appointment, where it differs from the others."""

    model_config = ConfigDict(extra="forbid")

    appointment_id: UUID
    action: Action


class AbsenceCreate(BaseModel):
    """Deals with the appointments in a leave: moved, offered other times, or cancelled with the money back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"exception_id": "01a203f0-41cf-7a32-b1b1-67f5a0d2c119", "action": "move"}],
        },
    )

    exception_id: UUID = Field(description="the leave or blocked time, as `/consultants/{id}/exceptions` gave it")
    action: Action = Field(Action.MOVE, description="for every appointment that `appointments` does not name")
    appointments: list[ChosenAction] = Field(default_factory=list, max_length=MOST)
    other_consultants: bool = Field(default=True, description="whether others of the speciality may take over")
    decide_hours: int = Field(48, ge=1, le=336, description="how long a patient may choose; then it is cancelled")

    def intention(self) -> Intention:
        """Give it as the gateway takes it."""
        named = {one.appointment_id: one.action for one in self.appointments}
        return Intention(**self.model_dump(exclude={"appointments"}), appointments=named)


@router.get(
    "/consultants/{consultant_id}/exceptions/{exception_id}/affected",
    summary="List the appointments that a leave concerns",
    responses=refusals(ConsultantNotFound, ExceptionNotFound),
    **LIST,
)
async def affected(consultant_id: UUID, exception_id: UUID, actor: Reader, gateway: Door) -> Page[Appointment]:
    """List what occupies the consultant's time then, holds included, soonest first; at most 500, on one page."""
    leave = await gateway.consultants.exception(actor, consultant_id, exception_id)
    return whole(await gateway.absences.affected(actor, leave))


@router.post(
    "/consultants/{consultant_id}/absences",
    summary="Deal with the appointments in a leave",
    status_code=201,
    response_model=Absence,
    responses={
        **WAITING,
        **refusals(
            ConsultantNotFound, ExceptionNotFound, NobodyAffected, AbsenceUnderWay, IdempotencyConflict,
            EngineUnavailable,
        ),
    },
)  # fmt: skip
async def begin(
    consultant_id: UUID, body: AbsenceCreate, request: Request, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> Response:
    """Start it; it goes on by itself, each patient is told once, and all can be undone for ten minutes afterwards."""
    begun = await gateway.absences.begin(actor, consultant_id, body.intention(), key)
    headers = {"Location": f"{request.scope.get('root_path', '')}/absences/{begun.id}"}
    return Response(begun.model_dump_json(), 201, headers, "application/json")


@router.get(
    "/consultants/{consultant_id}/absences",
    summary="List how a consultant's absences were dealt with",
    responses=refusals(ConsultantNotFound),
    **LIST,
)
async def search(consultant_id: UUID, actor: Reader, gateway: Door, paging: PagingQuery) -> Page[AbsenceSummary]:
    """List the newest first."""
    await gateway.consultants.get(own_account(actor, "consultants:read"), consultant_id)
    return listed(await gateway.absences.of_consultant(actor, consultant_id, **paging.model_dump()))


@router.get(
    "/absences/{absence_id}",
    summary="Read how far an absence is dealt with",
    responses={200: TAGGED, **refusals(AbsenceNotFound)},
)
async def read(absence_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Absence:
    """Give it with each appointment: what was planned, what became of it, and whether the patient was told."""
    return tag(await gateway.absences.get(actor, absence_id))


@router.post("/absences/{absence_id}/pause", summary="Pause", responses=_STEER)
async def pause(absence_id: UUID, actor: Writer, gateway: Door) -> Absence:
    """Begin with no further appointment; what has begun is finished."""
    return await gateway.absences.steer(actor, absence_id, Steer.PAUSE)


@router.delete("/absences/{absence_id}/pause", summary="Go on", responses=_STEER)
async def resume(absence_id: UUID, actor: Writer, gateway: Door) -> Absence:
    """Go on after a pause."""
    return await gateway.absences.steer(actor, absence_id, Steer.RESUME)


@router.post(
    "/absences/{absence_id}/undo",
    summary="Undo all of it",
    responses=_STEER,
    dependencies=[Depends(Needs("consultants:write"))],  # the leave is taken back
)
async def undo(absence_id: UUID, actor: Writer, gateway: Door) -> Absence:
    """Take the leave back and put the appointments where they were; within ten minutes after the work was finished."""
    return await gateway.absences.steer(actor, absence_id, Steer.UNDO)
