"""The audit as it is read: what an event says on the wire, and what can be asked for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

MOST = 200
"""How many events a service gives at once, and how many records they may be asked for by."""
_END = 2**63 - 1


class Place(BaseModel):
    """Where an event stands among those of all services."""

    service: str
    id: int = Field(description="rises within a service and an organisation")
    at: datetime


class AuditEvent(Place):
    """Who did or read what, when and why."""

    actor_id: UUID
    actor_kind: str = Field(description="staff, client, workflow, patient or system")
    action: str = Field(description="such as `appointment.booked` or `patient.read`")
    entity: str
    entity_id: UUID
    reason: str | None
    data: dict[str, Any] = Field(description="ids, codes, states and amounts")
    request_id: str | None


class TrailFilter(BaseModel):
    """Which events are wanted; what is not said is not narrowed."""

    about: list[UUID] = Field([], max_length=MOST, description="records that an event is about, names or has shown")
    actor_id: UUID | None = None
    action: str | None = Field(None, max_length=100, description="whole, or its beginning up to a full stop")
    since: datetime | None = None
    until: datetime | None = Field(None, description="exclusive")


class TrailPage(TrailFilter):
    """The same, from a place on: events that are older than `before`, or as old with a smaller number."""

    before: datetime | None = None
    before_id: int = Field(0, ge=0)
    limit: int = Field(50, ge=1, le=MOST + 1)


TrailQuery = Annotated[TrailPage, Query()]


def before_in(service: str, last: Place) -> dict[str, Any]:
    """Tell where a service goes on after `last`: of one moment, services follow each other by name."""
    if service == last.service:
        return {"before": last.at, "before_id": last.id}
    return {"before": last.at, "before_id": 0 if service < last.service else _END}


def position(event: Place) -> tuple[float, str, int]:
    """Give what events of all services are sorted by, the newest first."""
    return -event.at.timestamp(), event.service, -event.id
