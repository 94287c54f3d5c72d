"""The dashboard: written by the aggregation, read by the pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from careconnect.auth import Actor, require
from careconnect.db import Read, Write, WriteSession
from services.reports import dashboard, repository
from services.reports.models import Snapshot
from services.reports.schemas import Dashboard, Period, SnapshotWrite, View
from services.reports.sources import SourceName

router = APIRouter()


@router.put("/snapshots", summary="Write all views of the dashboard", status_code=204)
async def write(asked: SnapshotWrite, actor: Annotated[Actor, require("reports:write")], session: Write) -> None:
    """Write them in one transaction; a repeat, or one that newer figures overtook, changes nothing.

    Figures are no new facts, so not each of the day's thousand writings is an event: that a service fell silent or
    came back is one.
    """
    standing = await repository.all_to_change(session)
    if any(snapshot.as_of >= asked.as_of for snapshot in standing.values()):
        return
    before = _silent(standing.values()) if standing else None
    written = [_written(session, standing.pop(_key(view), None), view, asked.as_of) for view in asked.views]
    for gone in standing.values():
        await session.delete(gone)
    silent = _silent(written)
    if silent != before:
        session.record("dashboard.sources_changed", "dashboard", actor.tenant_id, data={"silent": silent})


def _key(view: View) -> UUID:
    return Snapshot.key(view.period, view.location_id)


def _written(session: WriteSession, standing: Snapshot | None, view: View, as_of: datetime) -> Snapshot:
    if standing is None:
        standing = Snapshot.first(view, as_of)
        session.add(standing)
    else:
        standing.take(view, as_of)
    return standing


def _silent(snapshots: Iterable[Snapshot]) -> list[SourceName]:
    """Name the services that are silent in any view."""
    return sorted({name for snapshot in snapshots for name in snapshot.silent})


@router.get("/dashboard", summary="Read the dashboard")
async def read(
    _: Annotated[Actor, require("reports:read")],
    session: Read,
    period: Period = "today",
    location_id: UUID | None = None,
) -> Dashboard:
    """Read the last snapshot; where there is none yet, the answer is an empty dashboard."""
    snapshot = await repository.find(session, period, location_id)
    return dashboard.shape(snapshot) if snapshot else dashboard.empty(period, location_id)
