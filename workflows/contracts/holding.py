"""Holding a time while a form is filled in: what is asked of a hold, the steps, and the answers."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from services.appointments.holds.schemas import HeldSlot
from services.consultants.schemas import Offer
from workflows.contracts.refusal import Refused


class HoldWanted(BaseModel):
    """Asks that a time be held: with one consultant, or with whoever is free then."""

    hold_id: UUID
    actor: Actor
    visit_type_id: UUID
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    start: AwareDatetime
    patient_id: UUID | None = None
    hold_seconds: int = 600
    request_hash: str = ""


class PlaceHold(BaseModel):
    """Asks to occupy the time that an offer describes."""

    actor: Actor
    hold_id: UUID
    patient_id: UUID | None
    offer: Offer
    hold_seconds: int
    request_hash: str


class ExtendHold(BaseModel):
    """Asks to hold the time for longer; the id makes a repeat harmless."""

    actor: Actor
    hold_id: UUID
    extension_id: UUID
    seconds: int


class EndHold(BaseModel):
    """Asks to give the time back."""

    actor: Actor
    hold_id: UUID
    how: Literal["released", "expired"]


class HoldStanding(BaseModel):
    """The hold as it stands after a step, or why not."""

    hold: HeldSlot | None = None
    refused: Refused | None = None


class HoldOutcome(HoldStanding):
    """Whether the time is held, and which request that answers."""

    request_hash: str = ""


class HoldAsk(BaseModel):
    """Says who asks for something about a hold."""

    actor: Actor


class HoldProgress(BaseModel):
    """The answer to the query `progress`."""

    stage: Literal["holding", "held", "done"]
    outcome: HoldOutcome | None = None
