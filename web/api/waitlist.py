"""`/waitlist`: patients who wait for a time. A free one is offered to the first for a quarter of an hour."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from careconnect.auth import Actor
from careconnect.errors import IdempotencyConflict
from careconnect.pagination import Page
from services.appointments.errors import OfferOver, WaitlistEntryNotFound
from services.appointments.waitlist.schemas import Entry, EntryFilter, EntryStatus, Part, Weekday
from services.consultants.errors import VisitTypeNotFound
from services.patients.errors import PatientArchived, PatientNotFound
from web.api.etags import TAGGED, Tagged
from web.api.keys import IdempotencyKey
from web.api.listing import LIST, listed
from web.api.openapi import WAITING, refusals
from web.gateway.errors import EngineUnavailable
from web.gateway.waitlist import WaitWanted
from web.session import Door, may

router = APIRouter(prefix="/waitlist", tags=["appointments"])
Reader = Annotated[Actor, may("appointments:read")]
Writer = Annotated[Actor, may("appointments:write")]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WaitlistCreate(_Input):
    """Who waits, for what, and which times suit; what is left out does not matter."""

    patient_id: UUID
    visit_type_id: UUID
    consultant_ids: list[UUID] = Field([], max_length=50)
    location_ids: list[UUID] = Field([], max_length=50)
    weekdays: list[Weekday] = Field([], max_length=7)
    parts: list[Part] = Field([], max_length=3, description="of the day, on the clock of the location")
    earliest: date | None = None
    latest: date | None = None
    until: AwareDatetime | None = Field(None, description="when the waiting ends; 90 days from now if left out")


class OfferAnswerCreate(_Input):
    """What the patient says to the time that is on offer."""

    accept: bool


class WaitlistPlace(Entry):
    """One who waits, with what was offered so far, the newest first."""


@router.post(
    "",
    summary="Put a patient on the waiting list",
    status_code=201,
    responses={
        **WAITING,
        **refusals(PatientNotFound, PatientArchived, VisitTypeNotFound, IdempotencyConflict, EngineUnavailable),
    },
)
async def join(body: WaitlistCreate, actor: Writer, gateway: Door, key: IdempotencyKey = None) -> WaitlistPlace:
    """Take a place in the line; free times are looked for at once, and whenever one is freed."""
    return _place(await gateway.waitlist.join(actor, WaitWanted(**body.model_dump()), key))


@router.get("", summary="List those who wait, the first in line first", **LIST)
async def search(
    actor: Reader,
    gateway: Door,
    patient_id: UUID | None = None,
    status: Annotated[list[EntryStatus] | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=1000)] = None,
) -> Page[WaitlistPlace]:
    """List, with the offers; without `status` also those whose waiting has ended."""
    wanted = EntryFilter(patient_id=patient_id, status=status or [])
    found = await gateway.waitlist.list(actor, wanted, limit=limit, cursor=cursor)
    places = [_place(one) for one in found.items]
    return listed(Page[WaitlistPlace](items=places, next_cursor=found.next_cursor, total=found.total))


@router.get("/{entry_id}", summary="Read one entry", responses={200: TAGGED, **refusals(WaitlistEntryNotFound)})
async def get(entry_id: UUID, actor: Reader, gateway: Door, tag: Tagged) -> WaitlistPlace:
    """Read it, with what was offered."""
    return tag(_place(await gateway.waitlist.get(actor, entry_id)))


@router.post(
    "/{entry_id}/answer",
    summary="Answer an offer for the patient",
    responses={**WAITING, **refusals(WaitlistEntryNotFound, OfferOver, EngineUnavailable)},
)
async def answer(entry_id: UUID, body: OfferAnswerCreate, actor: Writer, gateway: Door) -> WaitlistPlace:
    """Accept: the held time becomes a booked visit. Decline: it goes to the next in line."""
    return _place(await gateway.waitlist.answer_newest(actor, entry_id, accept=body.accept))


@router.delete(
    "/{entry_id}",
    summary="Take a patient from the waiting list",
    status_code=204,
    responses={**WAITING, **refusals(WaitlistEntryNotFound, EngineUnavailable)},
)
async def leave(entry_id: UUID, actor: Writer, gateway: Door) -> None:
    """End the waiting; an offer under way is withdrawn. Harmless where it has ended."""
    await gateway.waitlist.leave(actor, entry_id)


def _place(entry: Entry) -> WaitlistPlace:
    return WaitlistPlace.model_validate(entry.model_dump())
