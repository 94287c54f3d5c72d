"""Held times on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.appointments.schemas import HeldTime


class HoldStatus(StrEnum):
    """Where a hold stands: it holds its time, became an appointment, was given back, or ran out."""

    HELD = "held"
    USED = "used"
    RELEASED = "released"
    EXPIRED = "expired"


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HoldWrite(HeldTime):
    """Holds a time, perhaps for a patient; `terms` are what was said of price and policies."""

    patient_id: UUID | None = None
    terms: dict[str, Any] = Field(default_factory=dict)


class Extension(_Input):
    """Holds the time for longer, once: another extension, with another id, is refused."""

    id: UUID
    seconds: int = Field(600, ge=5, le=3600)


class HoldEnd(_Input):
    """How a hold ends that did not become an appointment."""

    how: Literal["released", "expired"]


class HeldSlot(BaseModel):
    """A hold as it stands. Its id is that of the row that occupies the time."""

    id: UUID
    status: HoldStatus
    patient_id: UUID | None
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID
    room_id: UUID | None
    zone: str
    start: datetime
    end: datetime
    expires_at: datetime
    extended: bool
    appointment_id: UUID | None = Field(None, description="the appointment that it became")
    terms: dict[str, Any] = {}
    request_hash: str = ""
