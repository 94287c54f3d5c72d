"""`/audit-events`: who did or read what, when and why."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from careconnect.auth import Actor
from careconnect.pagination import Page, PagingQuery
from careconnect.trail import AuditEvent, TrailFilter
from web.api.listing import LIST, listed
from web.session import Door, may

router = APIRouter(tags=["audit"])
Auditor = Annotated[Actor, may("audit:read")]


@router.get("/audit-events", summary="Read the audit", **LIST)
async def events(
    actor: Auditor,
    gateway: Door,
    paging: PagingQuery,
    patient_id: UUID | None = None,
    appointment_id: UUID | None = None,
    actor_id: UUID | None = None,
    action: Annotated[str | None, Query(max_length=100, description="whole, or its beginning: `patient`")] = None,
    from_: Annotated[datetime | None, Query(alias="from")] = None,
    to: Annotated[datetime | None, Query(description="exclusive")] = None,
) -> Page[AuditEvent]:
    """List the events of all services, the newest first: of a patient and the patient's appointments, or of one."""
    about = await gateway.trail.about(actor, patient_id, appointment_id)
    wanted = TrailFilter(about=about, actor_id=actor_id, action=action, since=from_, until=to)
    return listed(await gateway.trail.page(actor, wanted, limit=paging.limit, cursor=paging.cursor))
