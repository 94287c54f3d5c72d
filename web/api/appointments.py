"""`/appointments`: booking starts a process and answers with its outcome; a verb is a noun resource."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from careconnect.auth import Actor
from careconnect.errors import Forbidden, IdempotencyConflict
from careconnect.pagination import Page
from services.appointments.errors import AppointmentNotFound, PatientBusy, SlotTaken, TooLateToUndo, WrongState
from services.appointments.schemas import (
    Appointment,
    AppointmentDetail,
    AppointmentFilter,
    CancellationReason,
    Status,
    Summary,
    TimelineEvent,
)
from services.consultants.errors import ConsultantNotFound, ConsultantUnavailable, VisitTypeNotFound
from services.payments.errors import CardDeclined
from web.api.keys import IdempotencyKey
from web.api.openapi import refusals
from web.gateway.bookings import Booked, Booking
from web.gateway.errors import EngineUnavailable, StillDeciding
from web.session import Door, may
from workflows.contracts import PaymentChoice

router = APIRouter(prefix="/appointments", tags=["appointments"])
Reader = Annotated[Actor, may("appointments:read")]
Writer = Annotated[Actor, may("appointments:write")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CardOrDesk(_Input):
    """How the visit is paid: a card token of the gateway now, or at the desk."""

    method: Literal["card", "at_desk"]
    token: str | None = Field(None, max_length=255, examples=["pm_card_visa"])


class Overbook(_Input):
    """Why the appointment may overlap another or lie outside the hours."""

    reason: str = Field(min_length=3, max_length=500)


class AppointmentCreate(_Input):
    """A booking."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "patient_id": "01a203f0-401c-70e4-83a6-d489d5df1db4",
                    "consultant_id": "01a203f0-41cf-7a32-b1b1-67f5a0d2c111",
                    "visit_type_id": "01a203f0-41cf-7a32-b1b1-67f5a0d2c112",
                    "start": "2026-12-01T09:30:00+05:30",
                    "payment": {"method": "card", "token": "pm_card_visa"},
                }
            ]
        },
    )

    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID | None = None
    start: AwareDatetime
    reason: str = Field("", max_length=2000)
    notes: str = Field("", max_length=2000)
    payment: CardOrDesk | None = None
    notify: bool = True
    overbook: Overbook | None = None

    def booking(self) -> Booking:
        """Give it as the gateway takes it."""
        return Booking(
            **self.model_dump(exclude={"payment", "overbook"}),
            payment=PaymentChoice(**self.payment.model_dump()) if self.payment else None,
            overbook_reason=self.overbook.reason if self.overbook else None,
        )


class FeeWaiver(_Input):
    """Why the patient does not pay the fee."""

    reason: str = Field(min_length=3, max_length=500)


class CancellationCreate(_Input):
    """A cancellation, with its FHIR reason code."""

    reason: CancellationReason
    note: str = Field("", max_length=2000)
    notify: bool = True
    waive_fee: FeeWaiver | None = None


class ReschedulingCreate(_Input):
    """Another time, perhaps with another consultant or elsewhere."""

    start: AwareDatetime
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    notify: bool = True


@router.post(
    "",
    summary="Book an appointment",
    status_code=201,
    response_model=Booked,
    responses={
        202: {"description": "Still being decided; `Location` says where to look"},
        **refusals(
            CardDeclined, ConsultantNotFound, VisitTypeNotFound, SlotTaken, PatientBusy, ConsultantUnavailable,
            IdempotencyConflict, EngineUnavailable,
        ),
    },
)  # fmt: skip
async def book(
    body: AppointmentCreate, request: Request, actor: Writer, gateway: Door, key: IdempotencyKey = None
) -> Response:
    """Hold the time, take the payment, confirm; whatever fails is undone. A taken slot comes with the nearest free."""
    if body.overbook and not actor.may("appointments:overbook"):
        raise Forbidden("Overbooking needs the scope appointments:overbook.")
    try:
        booked = await gateway.bookings.book(actor, body.booking(), key)
    except StillDeciding as waiting:
        place = f"{request.scope.get('root_path', '')}/workflows/{waiting.extra['workflow_id']}"
        return JSONResponse(waiting.problem(), 202, {"Location": place, "Retry-After": "2"})
    headers = {"Location": f"{request.scope.get('root_path', '')}/appointments/{booked.id}"}
    return Response(booked.model_dump_json(), 201, headers, "application/json")


@router.get("", summary="List appointments")
async def search(
    actor: Reader,
    gateway: Door,
    from_: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    to: AwareDatetime | None = None,
    consultant_id: Annotated[list[UUID] | None, Query()] = None,
    patient_id: Annotated[list[UUID] | None, Query()] = None,
    location_id: UUID | None = None,
    status: Annotated[list[Status] | None, Query()] = None,
    sort: Literal["start", "-start"] = "start",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
    *,
    count: bool = False,
) -> Page[Appointment]:
    """List by start; half-open between `from` and `to`."""
    wanted = _filter(from_, to, consultant_id, patient_id, location_id, status)
    return await gateway.appointments.list(
        actor, wanted, limit=limit, cursor=cursor, count=count, newest_first=sort == "-start"
    )


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
    return await gateway.appointments.summary(
        actor, _filter(from_, to, consultant_id, patient_id, location_id, None)
    )


@router.get("/{appointment_id}", summary="Read an appointment", responses=refusals(AppointmentNotFound))
async def get(appointment_id: UUID, actor: Reader, gateway: Door) -> AppointmentDetail:
    """Read it with what was written about it."""
    return await gateway.appointments.get(actor, appointment_id)


@router.get("/{appointment_id}/timeline", summary="What happened to it", responses=refusals(AppointmentNotFound))
async def timeline(appointment_id: UUID, actor: Reader, gateway: Door) -> list[TimelineEvent]:
    """Tell it, oldest first."""
    return await gateway.appointments.timeline(actor, appointment_id)


@router.post(
    "/{appointment_id}/cancellation", summary="Cancel", responses=refusals(AppointmentNotFound, WrongState)
)
async def cancel(appointment_id: UUID, body: CancellationCreate, actor: Writer, gateway: Door) -> Appointment:
    """Cancel; the time is free at once, and the money goes back as the policy says."""
    return await gateway.bookings.cancel(
        actor, appointment_id, body.reason, notify=body.notify, waive_fee=body.waive_fee is not None
    )


@router.post(
    "/{appointment_id}/rescheduling",
    summary="Move to another time",
    responses=refusals(AppointmentNotFound, WrongState, SlotTaken),
)
async def reschedule(appointment_id: UUID, body: ReschedulingCreate, actor: Writer, gateway: Door) -> Appointment:
    """Take the new time before the old one is free; reminders and payment follow."""
    return await gateway.bookings.reschedule(
        actor,
        appointment_id,
        body.start,
        consultant_id=body.consultant_id,
        location_id=body.location_id,
        notify=body.notify,
    )


_STEP: dict[str, Any] = {"responses": refusals(AppointmentNotFound, WrongState)}
_UNDO: dict[str, Any] = {"responses": refusals(AppointmentNotFound, WrongState, TooLateToUndo)}


@router.post("/{appointment_id}/arrival", summary="The patient is here", **_STEP)
async def arrive(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Note the arrival."""
    return await gateway.bookings.step(actor, appointment_id, "arrival")


@router.delete("/{appointment_id}/arrival", summary="Undo the arrival", **_UNDO)
async def undo_arrival(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Undo it, on the same day."""
    return await gateway.bookings.step(actor, appointment_id, "arrival", undo=True)


@router.post("/{appointment_id}/check-in", summary="Check the patient in", **_STEP)
async def check_in(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Check in."""
    return await gateway.bookings.step(actor, appointment_id, "check-in")


@router.delete("/{appointment_id}/check-in", summary="Undo the check-in", **_UNDO)
async def undo_check_in(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Undo it, on the same day."""
    return await gateway.bookings.step(actor, appointment_id, "check-in", undo=True)


@router.post("/{appointment_id}/completion", summary="The visit took place", **_STEP)
async def complete(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Complete the visit."""
    return await gateway.bookings.step(actor, appointment_id, "completion")


@router.post("/{appointment_id}/no-show", summary="The patient did not come", **_STEP)
async def no_show(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Note that nobody came."""
    return await gateway.bookings.step(actor, appointment_id, "no-show")


@router.delete("/{appointment_id}/no-show", summary="The patient came after all", **_UNDO)
async def undo_no_show(appointment_id: UUID, actor: Writer, gateway: Door) -> Appointment:
    """Undo it, on the same day and if the time is still free."""
    return await gateway.bookings.step(actor, appointment_id, "no-show", undo=True)


def _filter(  # noqa: PLR0917 - the query's own parameters
    from_: datetime | None,
    to: datetime | None,
    consultant_id: list[UUID] | None,
    patient_id: list[UUID] | None,
    location_id: UUID | None,
    status: list[Status] | None,
) -> AppointmentFilter:
    return AppointmentFilter(
        from_=from_,
        to=to,
        consultant_id=consultant_id or [],
        patient_id=patient_id or [],
        location_id=location_id,
        status=status or [],
    )
