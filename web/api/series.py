"""`/series`: appointments that repeat by a rule, each booked by a process of its own; a conflict is no failure."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page
from services.appointments.errors import (
    InvalidRule,
    OccurrenceNotFound,
    SeriesNotFound,
    SlotTaken,
    UndoWindowOver,
    WrongState,
)
from services.appointments.schemas import CancellationReason
from services.appointments.series.schemas import Series, SeriesFilter, SeriesStatus, SeriesSummary
from services.consultants.errors import ConsultantNotFound, NotOffered, VisitTypeNotFound
from services.identity.errors import LocationNotFound
from services.patients.errors import PatientArchived, PatientNotFound
from web.api.appointment_input import FeeWaiver
from web.api.deciding import MAY_WAIVE, reason_to_waive
from web.api.etags import TAGGED, Tagged
from web.api.keys import IdempotencyKey
from web.api.listing import LIST, listed
from web.api.openapi import WAITING, refusals
from web.gateway.errors import EngineUnavailable
from web.gateway.series import ChangedSeries, SeriesWanted
from web.session import Door, may
from workflows.contracts.series import Scope

router = APIRouter(prefix="/series", tags=["appointments"])
Reader = Annotated[Actor, may("appointments:read")]
Writer = Annotated[Actor, may("appointments:write")]
_CHANGE: dict[str, Any] = {
    "responses": {
        **WAITING,
        **refusals(SeriesNotFound, OccurrenceNotFound, WrongState, IdempotencyConflict, EngineUnavailable),
    }
}
_UNDO: dict[str, Any] = {
    "responses": {
        **WAITING,
        **refusals(SeriesNotFound, WrongState, UndoWindowOver, IdempotencyConflict, EngineUnavailable),
    }
}


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeriesCreate(_Input):
    """A series: the first appointment, and the rule by which it repeats. Each visit is paid at the desk."""

    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    start: AwareDatetime = Field(description="of the first; its wall time at the location is that of all")
    rule: str = Field(
        max_length=200,
        description="RFC 5545: FREQ=DAILY, WEEKLY or MONTHLY with INTERVAL, BYDAY, BYMONTHDAY, BYSETPOS, and COUNT or "
        "UNTIL; at most 60 appointments",
    )
    notify: bool = Field(default=True, description="tell the patient all dates in one message")


class SeriesRescheduling(_Input):
    """Another time for appointments of a series."""

    number: int = Field(ge=1, le=60, description="of the appointment that `start` is for, counted from 1")
    scope: Scope = "one"
    start: AwareDatetime = Field(description="the others move by as many days, to the same wall time")
    consultant_id: UUID | None = None
    notify: bool = True


class SeriesCancellationCreate(_Input):
    """A cancellation of appointments of a series."""

    number: int = Field(1, ge=1, le=60)
    scope: Scope = "one"
    reason: CancellationReason
    notify: bool = True
    waive_fee: FeeWaiver | None = None
    undoable: bool = Field(
        default=False, description="let it be undone for ten minutes; money and message wait until then"
    )


class Resolution(_Input):
    """Another time in the place of a conflict; left out, the place stays empty."""

    start: AwareDatetime | None = None
    consultant_id: UUID | None = None
    location_id: UUID | None = None


@router.post(
    "",
    summary="Book a series",
    status_code=201,
    response_model=Series,
    responses={
        **WAITING,
        **refusals(
            InvalidRule, PatientNotFound, PatientArchived, ConsultantNotFound, VisitTypeNotFound, LocationNotFound,
            NotOffered, IdempotencyConflict, EngineUnavailable,
        ),
    },
)  # fmt: skip
async def book(
    body: SeriesCreate, request: Request, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> Response:
    """Book each date by itself; one that is not free is a conflict with the nearest free times, the others stand."""
    made = await gateway.series.book(actor, SeriesWanted(**body.model_dump()), key)
    headers = {"Location": f"{request.scope.get('root_path', '')}/series/{made.id}"}
    return Response(made.model_dump_json(), 201, headers, "application/json")


@router.get("", summary="List series, the newest first", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    patient_id: UUID | None = None,
    status: SeriesStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Page[SeriesSummary]:
    """List, filtered."""
    wanted = SeriesFilter(patient_id=patient_id, status=status)
    return listed(await gateway.series.list(actor, wanted, limit=limit, cursor=cursor))


@router.get(
    "/{series_id}",
    summary="Read a series with its appointments",
    responses={200: TAGGED, **refusals(SeriesNotFound)},
)
async def get(series_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Series:
    """Read it as it stands now."""
    return tag(await gateway.series.get(actor, series_id))


@router.post("/{series_id}/rescheduling", summary="Move one, the following or all", **_CHANGE)
async def reschedule(
    series_id: UUID, body: SeriesRescheduling, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> ChangedSeries:
    """Move what lies ahead of the scope; each appointment may be refused by itself, and then stays where it is."""
    return await gateway.series.move(
        actor,
        series_id,
        body.number,
        body.scope,
        body.start,
        consultant_id=body.consultant_id,
        notify=body.notify,
        key=key,
    )


@router.post("/{series_id}/cancellation", summary="Cancel one, the following or all", **_CHANGE, **MAY_WAIVE)
async def cancel(
    series_id: UUID, body: SeriesCancellationCreate, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> ChangedSeries:
    """Cancel what lies ahead of the scope; the money goes back as the policy says."""
    return await gateway.series.cancel(
        actor,
        series_id,
        body.number,
        body.scope,
        body.reason,
        notify=body.notify,
        waiver=reason_to_waive(actor, body.waive_fee),
        undoable=body.undoable,
        key=key,
    )


@router.delete("/{series_id}/cancellation", summary="Undo the last cancellation", **_UNDO)
async def undo_cancellation(series_id: UUID, actor: Writer, gateway: Door, key: IdempotencyKey = None) -> ChangedSeries:
    """Bring back what it ended, with its money: within ten minutes, if it was made `undoable`.

    An appointment whose time is taken by now is refused by itself, and stays cancelled.
    """
    return await gateway.series.undo_cancellation(actor, series_id, key=key)


@router.post(
    "/{series_id}/occurrences/{number}/resolution",
    summary="Resolve a conflict",
    responses={**WAITING, **refusals(SeriesNotFound, WrongState, SlotTaken, IdempotencyConflict, EngineUnavailable)},
)
async def resolve(
    series_id: UUID, number: int, body: Resolution, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> Series:
    """Book another time in its place, or leave the place empty."""
    return await gateway.series.resolve(
        actor, series_id, number, body.start, consultant_id=body.consultant_id, location_id=body.location_id, key=key
    )
