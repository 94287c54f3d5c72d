"""`/consultants/{id}/schedule` and `/exceptions`: when a consultant works."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict, VersionConflict
from careconnect.pagination import Page, PagingQuery
from services.appointments.schemas import Appointment
from services.consultants.errors import ConsultantArchived, ConsultantNotFound, HoursOverlap
from services.consultants.schemas import ExceptionWrite, Hours, Schedule, ScheduleException, ScheduleWrite
from services.consultants.schemas.fields import ClosingTime, ExceptionKind, WallTime
from web.api.etags import TAGGED, IfMatch, Tagged, as_seen
from web.api.fields import of_validation, own_account, wrong
from web.api.keys import IdempotencyKey, minted, told_apart
from web.api.listing import LIST, listed
from web.api.openapi import refusals
from web.gateway import Gateway
from web.session import Door, may

router = APIRouter(prefix="/consultants/{consultant_id}", tags=["consultants"])
Reader = Annotated[Actor, may("consultants:read")]
Writer = Annotated[Actor, may("consultants:write")]
_NEVER = 2**31 - 1
"""A version that no exception reaches: an id that is in use for another one is refused, rather than written over."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HoursInput(_Input):
    """Working hours on one weekday at one location; the zone is the location's."""

    location_id: UUID
    weekday: int = Field(ge=0, le=6, description="Monday = 0")
    starts: WallTime
    ends: ClosingTime
    valid_from: date | None = Field(None, description="first day on which these hours hold")
    valid_to: date | None = Field(None, description="last day on which these hours hold")
    zone: str | None = Field(None, max_length=64, description="left out: that of the location")


class ScheduleInput(_Input):
    """A consultant's weekly hours, all anew."""

    hours: list[HoursInput] = Field(max_length=200)
    version: int | None = Field(None, ge=1)


class ExceptionInput(_Input):
    """Leave or blocked time, at one location or everywhere; or extra hours, at one location."""

    kind: ExceptionKind
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    location_id: UUID | None = None
    reason: str | None = Field(None, max_length=500)


class EnteredException(ScheduleException):
    """What was entered, and whom it concerns."""

    affected: list[Appointment] | None = Field(
        None, description="the appointments inside it, holds included; none given to who may not read appointments"
    )


@router.get(
    "/schedule", summary="Read a consultant's weekly hours", responses={200: TAGGED, **refusals(ConsultantNotFound)}
)
async def read(consultant_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> Schedule:
    """Give the hours in local wall time, which follows daylight saving."""
    return tag(await gateway.consultants.schedule(actor, consultant_id))


@router.put(
    "/schedule",
    summary="Replace a consultant's weekly hours",
    responses={200: TAGGED, **refusals(ConsultantNotFound, ConsultantArchived, VersionConflict, HoursOverlap)},
)
async def replace(
    consultant_id: UUID, body: ScheduleInput, actor: Writer, gateway: Door, tag: Tagged, *, seen: IfMatch
) -> Schedule:
    """Write the hours anew; several blocks a day are possible. Appointments outside the new hours stay as they are."""
    wanted = as_seen(body, seen)
    zones = await _zones(
        gateway, actor, ((f"hours.{at}.location_id", one.location_id) for at, one in enumerate(wanted.hours))
    )
    try:
        hours = [
            Hours.model_validate(one.model_dump() | {"zone": one.zone or zones[one.location_id]})
            for one in wanted.hours
        ]
        schedule = ScheduleWrite(hours=hours, version=wanted.version)
    except ValidationError as error:
        raise of_validation(error) from error
    return tag(await gateway.consultants.put_schedule(actor, consultant_id, schedule))


@router.get(
    "/exceptions",
    summary="List when the weekly hours do not hold",
    responses=refusals(ConsultantNotFound),
    **LIST,
)
async def exceptions(
    consultant_id: UUID,
    actor: Reader,
    gateway: Door,
    paging: PagingQuery,
    from_: Annotated[AwareDatetime | None, Query(alias="from")] = None,
    to: AwareDatetime | None = None,
) -> Page[ScheduleException]:
    """List soonest first; those that touch `[from, to)` where that is given."""
    found = await gateway.consultants.exceptions(actor, consultant_id, start=from_, end=to, **paging.model_dump())
    return listed(found)


@router.post(
    "/exceptions",
    summary="Enter leave, blocked time or extra hours",
    status_code=201,
    responses={201: TAGGED, **refusals(ConsultantNotFound, ConsultantArchived, HoursOverlap, IdempotencyConflict)},
)
async def enter(
    consultant_id: UUID,
    body: ExceptionInput,
    actor: Writer,
    gateway: Door,
    tag: Tagged,
    *,
    key: IdempotencyKey = None,
) -> EnteredException:
    """Enter it; appointments inside a leave stay as they are until `/absences` deals with them."""
    place = [("location_id", body.location_id)] if body.location_id else []
    zones = await _zones(gateway, actor, place)
    try:
        told = ExceptionWrite(
            **body.model_dump(), zone=zones[body.location_id] if body.location_id else None, version=_NEVER
        )
    except ValidationError as error:
        raise of_validation(error) from error
    exception_id = minted("schedule exception", actor, key)
    with told_apart(VersionConflict):
        entered = await gateway.consultants.put_exception(actor, consultant_id, exception_id, told)
    affected = await gateway.absences.affected(actor, entered) if actor.may("appointments:read") else None
    return tag(EnteredException(**entered.model_dump(), affected=affected))


@router.delete(
    "/exceptions/{exception_id}",
    summary="Remove an exception",
    status_code=204,
    responses=refusals(ConsultantNotFound),
)
async def remove(consultant_id: UUID, exception_id: UUID, actor: Writer, gateway: Door) -> None:
    """Let the weekly hours hold again; a repeat is harmless."""
    await gateway.consultants.delete_exception(actor, consultant_id, exception_id)


async def _zones(gateway: Gateway, actor: Actor, places: Iterable[tuple[str, UUID]]) -> dict[UUID, str]:
    """Give the zone of each location.

    Raises:
        InvalidInput: a field names a location that this tenant does not have.
    """
    wanted = list(places)
    if not wanted:
        return {}
    known = {one.id: one.zone for one in await gateway.identity.locations(own_account(actor, "identity:read"))}
    for field, location_id in wanted:
        if location_id not in known:
            raise wrong(field, "location_not_found", "There is no such location.")
    return known
