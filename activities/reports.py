"""Steps of the dashboard: which views there are, and writing them; with each round the audit is sealed as a whole."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from temporalio import activity

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.errors import Refusal
from services.identity.client import IdentityClient
from services.identity.schemas import Location
from services.reports.client import ReportsClient
from services.reports.schemas import Period, SnapshotWrite
from workflows.contracts import DashboardPeriods, FiguresPeriod, PeriodsRequest, SnapshotRequest

MOST_LOCATIONS = 100
"""Locations with views of their own: the figures of all views are one payload, and the engine's limit is 2 MiB."""
_PERIODS: tuple[Period, ...] = ("today", "week", "month")


class ReportActivities:
    """Holds the client of the reports service, and that of the service that knows the locations."""

    def __init__(self, reports: ReportsClient, identity: IdentityClient, audited: Sequence[ServiceClient] = ()) -> None:
        """Take the two; `audited` are clients of all services, whose audits are given checkpoints."""
        self.reports = reports
        self.identity = identity
        self.audited = audited

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """All of them, for a worker to register."""
        return [self.periods, self.write]

    @activity.defn(name="dashboard_periods")
    async def periods(self, request: PeriodsRequest) -> DashboardPeriods:
        """Compose the views: each period in all locations, and in each open one in its own zone."""
        actor = Actor.workflow(request.tenant_id, "dashboard", frozenset({"identity:read"}))
        found = await self.identity.locations(actor, active=True)
        if len(found) > MOST_LOCATIONS:
            activity.logger.warning("locations_without_view", extra={"count": len(found) - MOST_LOCATIONS})
        return DashboardPeriods(periods=list(views(found[:MOST_LOCATIONS], request.at)))

    @activity.defn(name="write_snapshot")
    async def write(self, request: SnapshotRequest) -> None:
        """Write all views in one transaction."""
        actor = Actor.workflow(request.tenant_id, "dashboard", frozenset({"reports:write"}))
        await self.reports.write(actor, _snapshot(request))
        await asyncio.gather(*(self._seal_audit(service, request.tenant_id) for service in self.audited))

    async def _seal_audit(self, service: ServiceClient, tenant_id: UUID) -> None:
        """Have one service append its checkpoint; the figures do not wait for one that is away."""
        try:
            await service.append_checkpoint(Actor.workflow(tenant_id, "audit", frozenset({"audit:seal"})))
        except Refusal as refusal:
            # The next round asks again, and that checkpoint covers all the same.
            activity.logger.warning("audit_not_sealed", extra={"source": service.service, "code": refusal.code})


def views(locations: list[Location], at: datetime) -> Iterable[FiguresPeriod]:
    """List the views at a moment; that of all locations counts time as the first of them does."""
    yield from _views(locations[0].zone if locations else "UTC", at, None)
    for location in locations:
        yield from _views(location.zone, at, location.id)


def _views(zone: str, at: datetime, location_id: UUID | None) -> Iterable[FiguresPeriod]:
    for name in _PERIODS:
        previous, start, end = (_midnight(day, zone) for day in _days(name, at.astimezone(ZoneInfo(zone)).date()))
        yield FiguresPeriod(
            name=name, start=start, end=end, previous_start=previous, zone=zone, location_id=location_id
        )


def _days(period: Period, today: date) -> tuple[date, date, date]:
    """Give the first days of the period before, of the present one and of the next. A week begins on Monday."""
    if period == "month":
        first = today.replace(day=1)
        return (first - timedelta(days=1)).replace(day=1), first, (first + timedelta(days=31)).replace(day=1)
    length = timedelta(days=7 if period == "week" else 1)
    start = today - timedelta(days=today.weekday()) if period == "week" else today
    return start - length, start, start + length


def _midnight(day: date, zone: str) -> datetime:
    """Give the instant at which a local day begins; where clocks skip midnight, that at which they skip it."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _snapshot(request: SnapshotRequest) -> SnapshotWrite:
    answers = [
        {source.source: source.figures[place] for source in request.sources} for place in range(len(request.periods))
    ]
    return SnapshotWrite.model_validate(
        {
            "as_of": request.as_of,
            "views": [
                {
                    "period": period.name,
                    "start": period.start,
                    "end": period.end,
                    "zone": period.zone,
                    "location_id": period.location_id,
                    "answers": answered,
                }
                for period, answered in zip(request.periods, answers, strict=True)
            ],
        }
    )
