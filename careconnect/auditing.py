"""Every service's endpoints of its audit: read it, and have it counted and sealed."""

from typing import Any

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, Request
from sqlalchemy.dialects.postgresql import ARRAY

from careconnect import audit, checkpoints
from careconnect.auth import require
from careconnect.db import Read, Write
from careconnect.trail import AuditEvent, TrailFilter, TrailQuery

router = APIRouter(tags=["audit"])
log = structlog.get_logger()
_EVENTS = audit.audit_table(sa.MetaData())


@router.post(
    "/audit-checkpoints",
    summary="Count and seal the audit events so far",
    status_code=204,
    dependencies=[require("audit:seal")],
)
async def append_checkpoint(session: Write, request: Request) -> None:
    """Append the tenant's next checkpoint, if it is due; what is in the log can be compared with it later."""
    made = await checkpoints.append(session)
    if made:
        told = {"number": made["number"], "up_to": made["up_to"], "seal": made["seal"].hex()}
        log.info("audit_checkpoint", service=request.app.state.name, tenant=str(session.tenant_id), **told)


@router.get("/audit-events", summary="Read the audit, the newest first", dependencies=[require("audit:read")])
async def list_events(session: Read, request: Request, wanted: TrailQuery) -> list[AuditEvent]:
    """Give the tenant's events that fit."""
    statement = sa.select(_EVENTS).where(*_conditions(wanted))
    if wanted.before:
        statement = statement.where(sa.tuple_(_EVENTS.c.at, _EVENTS.c.id) < (wanted.before, wanted.before_id))
    # The tenant is named although row-level security knows it, so that the index by time is found to serve the order.
    statement = statement.where(_EVENTS.c.tenant_id == session.tenant_id)
    newest = statement.order_by(_EVENTS.c.at.desc(), _EVENTS.c.id.desc()).limit(wanted.limit)
    rows = (await session.execute(newest)).mappings()
    return [AuditEvent(service=request.app.state.name, **row) for row in rows]


def _conditions(wanted: TrailFilter) -> list[sa.ColumnElement[bool]]:
    events = _EVENTS.c
    found: list[sa.ColumnElement[bool]] = []
    if wanted.about:
        found.append(_about([str(one) for one in wanted.about], wanted))
    if wanted.actor_id:
        found.append(events.actor_id == wanted.actor_id)
    if wanted.action:
        begins = events.action.startswith(f"{wanted.action}.", autoescape=True)
        found.append(sa.or_(events.action == wanted.action, begins))
    if wanted.since:
        found.append(events.at >= wanted.since)
    if wanted.until:
        found.append(events.at < wanted.until)
    return found


def _about(ids: list[str], wanted: TrailFilter) -> sa.ColumnElement[bool]:
    """Match events of some records, those that name one, and readings of lists in which one was shown."""
    data: Any = _EVENTS.c.data
    texts = sa.cast(ids, ARRAY(sa.Text))
    return sa.or_(
        _EVENTS.c.entity_id.in_(wanted.about),
        data["patient_id"].astext.in_(ids),
        data["appointment_id"].astext.in_(ids),
        data["shown"].has_any(texts),
    )
