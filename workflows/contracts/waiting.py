"""The waiting list: what is asked of an entry, the steps, and the answers."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from services.appointments.schemas import Appointment
from services.appointments.waitlist.schemas import Part
from services.consultants.schemas import Offer
from workflows.contracts.booking import Slot
from workflows.contracts.refusal import Refused


class WaitRequest(BaseModel):
    """Asks for a place on the waiting list."""

    entry_id: UUID
    actor: Actor
    patient_id: UUID
    visit_type_id: UUID
    consultant_ids: list[UUID] = []
    location_ids: list[UUID] = []
    weekdays: list[int] = []
    parts: list[Part] = []
    earliest: date | None = None
    latest: date | None = None
    until: AwareDatetime
    request_hash: str = ""


class Joined(BaseModel):
    """Whether the patient has a place, and which request that answers."""

    request_hash: str = ""
    refused: Refused | None = None


class WaitProgress(BaseModel):
    """The answer to the query `progress`."""

    stage: Literal["joining", "waiting", "offering", "booking", "done"]
    outcome: Joined | None = None
    offer_id: UUID | None = None


class OfferTime(BaseModel):
    """A free time for the one who waits, from the matching."""

    slot: Slot


class OfferMade(BaseModel):
    """Whether the time is on offer now."""

    offer_id: UUID | None = None
    refused: Refused | None = None


class HoldOffer(BaseModel):
    """Asks to hold a time under the offer's id, and to put it on offer, in one step."""

    actor: Actor
    entry_id: UUID
    offer_id: UUID
    patient_id: UUID
    terms: Offer
    hold_seconds: int
    expires_at: datetime


class CloseOffer(BaseModel):
    """Asks to note how an offer ended."""

    actor: Actor
    entry_id: UUID
    offer_id: UUID
    status: Literal["accepted", "declined", "lapsed", "withdrawn"]


class CloseEntry(BaseModel):
    """Asks to note that the waiting ended without a visit."""

    actor: Actor
    entry_id: UUID
    status: Literal["left", "lapsed"]


class OfferMessage(BaseModel):
    """Asks to tell the patient of an offer; the activity reads names and addresses itself."""

    tenant_id: UUID
    entry_id: UUID
    offer_id: UUID


class OfferTold(BaseModel):
    """Whether a message about the offer went out on any channel."""

    told: bool = False


class OfferAnswer(BaseModel):
    """The patient's answer to an offer, by the link or through the desk."""

    actor: Actor
    offer_id: UUID
    accept: bool


class Answered(BaseModel):
    """What an answer led to: the booked visit, or why there is none. A declined offer has neither."""

    appointment: Appointment | None = None
    refused: Refused | None = None


class Leaving(BaseModel):
    """Asks to take the patient from the list."""

    actor: Actor


class WatchRequest(BaseModel):
    """Asks that free times be looked for, again and again, for those of a tenant who wait."""

    tenant_id: UUID


class MatchResult(BaseModel):
    """What one look for free times led to."""

    waiting: int = 0
    offered: int = 0
