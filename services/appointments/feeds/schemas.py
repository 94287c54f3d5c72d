"""Calendar feeds on the wire: addresses that a calendar program reads again and again."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class FeedKind(StrEnum):
    """Whose appointments a feed shows."""

    CONSULTANT = "consultant"
    LOCATION = "location"


class FeedWrite(BaseModel):
    """Asks for a feed of a consultant's or a location's appointments; an earlier one of the same is revoked."""

    model_config = ConfigDict(extra="forbid")

    kind: FeedKind
    subject_id: UUID
    shows_names: bool = Field(default=False, description="whether patients are named, or only references shown")


class Feed(BaseModel):
    """A feed; its address is a signed link to its id, and works until it is revoked."""

    id: UUID
    kind: FeedKind
    subject_id: UUID
    shows_names: bool
    created_at: datetime
    revoked_at: datetime | None
