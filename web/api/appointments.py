"""`/appointments`: booking starts a process and answers with its outcome; a verb is a noun resource."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page
from services.appointments.errors import (
    AppointmentNotFound,
    HoldDiffers,
    HoldNotFound,
    HoldUsed,
    MovedTooOften,
    PatientBusy,
    SlotTaken,
    TooLateToCancel,
    TooLateToMove,
    UndoWindowOver,
    WrongState,
)
from services.appointments.references import Reference
from services.appointments.schemas import (
    Appointment,
    AppointmentDetail,
    AppointmentFilter,
    Sort,
    Status,
    Summary,
    TimelineEvent,
)
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
from services.payments.errors import (
    CardDeclined,
    CoverageNotFound,
    CoverageNotValid,
    GatewayUnavailable,
    PayerRetired,
)
from web.api.appointment_input import AppointmentCreate, CancellationCreate, ReschedulingCreate
from web.api.deciding import MAY_WAIVE, may_overbook, reason_to_waive
from web.api.etags import TAGGED, IfMatch, Tagged, as_seen
from web.api.keys import IdempotencyKey
from web.api.listing import LIST, listed
from web.api.openapi import WAITING, further_scopes, refusals
from web.gateway.booked import Booked
from web.gateway.bookings import ChangedAppointment
from web.gateway.errors import EngineUnavailable
from web.session import Door, Needs, may

router = APIRouter(prefix="/appointments", tags=["appointments"])
Reader = Annotated[Actor, may("appointments:read")]
Writer = Annotated[Actor, may("appointments:write")]
_OF_A_BOOKING = ("patients:read", "consultants:read")
"""What a booking reads on its way: who comes, and on which terms."""


@router.post(
    "",
    summary="Book an appointment",
    status_code=201,
    response_model=Booked,
    responses={
        **WAITING,
        **refusals(
            CardDeclined, PatientNotFound, ConsultantNotFound, VisitTypeNotFound, SlotTaken, PatientBusy,
            CoverageNotFound, CoverageNotValid, PayerRetired,
            PatientArchived, ConsultantUnavailable, NotOffered, OutsideHours, TooSoon, BeyondHorizon,
            IdempotencyConflict, GatewayUnavailable, EngineUnavailable, HoldNotFound, HoldUsed, HoldDiffers,
        ),
    },
    dependencies=[Depends(Needs(scope)) for scope in _OF_A_BOOKING],
    **further_scopes({
        "appointments:overbook": "to `overbook`", "payments:read": "for the answer to show the invoice",
    }),
)  # fmt: skip
async def book(
    body: AppointmentCreate, request: Request, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> Response:
    """Hold the time, take the payment, confirm; whatever fails is undone. A taken slot comes with the nearest free.

    With `hold_id` the time of that hold passes over, and nobody can get it in between. A hold that has run out is no
    obstacle: the time is booked if it is free still. If the booking comes to nothing, the hold goes on.
    """
    may_overbook(actor, asked=body.overbook is not None)
    held = await gateway.holds.get(actor, body.hold_id) if body.hold_id else None
    booked = await gateway.bookings.book(actor, body.booking(held), key)
    headers = {"Location": f"{request.scope.get('root_path', '')}/appointments/{booked.id}"}
    return Response(booked.model_dump_json(), 201, headers, "application/json")


@router.get("", summary="List appointments", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    from_: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    to: AwareDatetime | None = None,
    consultant_id: Annotated[list[UUID] | None, Query()] = None,
    patient_id: Annotated[list[UUID] | None, Query()] = None,
    location_id: UUID | None = None,
    status: Annotated[list[Status] | None, Query()] = None,
    reference: Annotated[Reference | None, Query(description="in any case, with or without prefix and dashes")] = None,
    sort: Annotated[Sort, Query(description="status: by status and start; a minus turns it round")] = "start",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    *,
    count: bool = False,
) -> Page[Appointment]:
    """List those that start between `from` and `to`, half-open, in the order of `sort`."""
    wanted = _filter(from_, to, consultant_id, patient_id, location_id, status, reference)
    return listed(await gateway.appointments.list(actor, wanted, limit=limit, cursor=cursor, count=count, sort=sort))


@router.get("/summary", summary="Count appointments")
async def summary(
    actor: Reader,
    gateway: Door,
    from_: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    to: AwareDatetime | None = None,
    consultant_id: Annotated[list[UUID] | None, Query()] = None,
    patient_id: Annotated[list[UUID] | None, Query()] = None,
    location_id: UUID | None = None,
) -> Summary:
    """Count by state: total, upcoming, cancelled and the rest."""
    return await gateway.appointments.summary(actor, _filter(from_, to, consultant_id, patient_id, location_id, None))


@router.get(
    "/{appointment_id}", summary="Read an appointment", responses={200: TAGGED, **refusals(AppointmentNotFound)}
)
async def get(appointment_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> AppointmentDetail:
    """Read it with what was written about it."""
    return tag(await gateway.appointments.get(actor, appointment_id))


@router.get(
    "/{appointment_id}/timeline", summary="What happened to it", responses=refusals(AppointmentNotFound), **LIST
)
async def timeline(appointment_id: UUID, actor: Reader, gateway: Door) -> Page[TimelineEvent]:
    """Tell it, oldest first; a visit's story is short, so there is one page."""
    told = await gateway.appointments.timeline(actor, appointment_id)
    return Page[TimelineEvent](items=told, next_cursor=None)


@router.post(
    "/{appointment_id}/cancellation",
    summary="Cancel",
    responses={
        **WAITING,
        **refusals(
            AppointmentNotFound, WrongState, TooLateToCancel, VersionConflict, IdempotencyConflict, EngineUnavailable
        ),
    },
    **MAY_WAIVE,
)
async def cancel(
    appointment_id: UUID,
    body: CancellationCreate,
    actor: Writer,
    gateway: Door,
    *,
    seen: IfMatch,
    key: IdempotencyKey = None,
) -> ChangedAppointment:
    """Cancel; the time is free at once, and the money goes back as the policy says.

    Once the visit was to begin, only for a reason of the clinic's (`prov`, `maint`, `meds-inc`, `oth-`): a patient who
    did not come is a no-show, and one who goes unseen has left (`departure`).
    """
    return await gateway.bookings.cancel(
        actor,
        appointment_id,
        body.reason,
        notify=body.notify,
        waiver=reason_to_waive(actor, body.waive_fee),
        note=body.note,
        undoable=body.undoable,
        version=as_seen(body, seen).version,
        key=key,
    )


@router.delete(
    "/{appointment_id}/cancellation",
    summary="Undo the cancellation",
    responses={
        **WAITING,
        **refusals(
            AppointmentNotFound,
            WrongState,
            VersionConflict,
            UndoWindowOver,
            SlotTaken,
            OutsideHours,
            IdempotencyConflict,
            EngineUnavailable,
        ),
    },
)
async def undo_cancellation(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Bring it back with its money: within ten minutes, if it was made `undoable` and the time is still free."""
    return await gateway.bookings.step(actor, appointment_id, "cancellation", undo=True, version=seen, key=key)


_MOVE: dict[str, Any] = {
    "responses": {
        **WAITING,
        **refusals(
            AppointmentNotFound, WrongState, SlotTaken, PatientBusy, VersionConflict, TooLateToMove, MovedTooOften,
            UndoWindowOver, OutsideHours, IdempotencyConflict, EngineUnavailable,
        ),
    }
}  # fmt: skip


@router.post("/{appointment_id}/rescheduling", summary="Move to another time", **_MOVE)
async def reschedule(
    appointment_id: UUID,
    body: ReschedulingCreate,
    actor: Writer,
    gateway: Door,
    *,
    seen: IfMatch,
    key: IdempotencyKey = None,
) -> ChangedAppointment:
    """Take the new time before the old one is free; reminders and payment follow."""
    may_overbook(actor, asked=body.overbook is not None)
    return await gateway.bookings.reschedule(
        actor,
        appointment_id,
        body.start,
        **as_seen(body, seen).model_dump(
            include={"consultant_id", "location_id", "duration_minutes", "version", "notify"}
        ),
        overbook_reason=body.overbook.reason if body.overbook else "",
        override_reason=body.override.reason if body.override else "",
        key=key,
    )


@router.delete("/{appointment_id}/rescheduling", summary="Take back the last move", **_MOVE)
async def undo_move(
    appointment_id: UUID, actor: Writer, gateway: Door, *, seen: IfMatch, key: IdempotencyKey = None
) -> ChangedAppointment:
    """Move it back, within ten minutes and if the old time is still free; the version rises once more."""
    return await gateway.bookings.undo_move(actor, appointment_id, version=seen, key=key)


def _filter(
    from_: datetime | None,
    to: datetime | None,
    consultant_id: list[UUID] | None,
    patient_id: list[UUID] | None,
    location_id: UUID | None,
    status: list[Status] | None,
    reference: str | None = None,
) -> AppointmentFilter:
    return AppointmentFilter(
        from_=from_,
        to=to,
        consultant_id=consultant_id or [],
        patient_id=patient_id or [],
        location_id=location_id,
        status=status or [],
        reference=reference,
    )
