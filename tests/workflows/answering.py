"""Services that answer the dashboard's questions as a test wants them to."""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from activities.reports import views
from careconnect.ids import uuid7
from services.identity.schemas import Location
from workflows.contracts import DashboardPeriods, FiguresRequest, PeriodsRequest, SnapshotRequest, SourceFigures


class Clinic:
    """Services that answer with numbers that tell what they were asked, but for the silent ones."""

    def __init__(self, *zones: str, silent: frozenset[str] = frozenset()) -> None:
        self.locations = [location(zone) for zone in zones]
        self.silent = silent
        self.asked: dict[str, FiguresRequest] = {}
        self.written: asyncio.Queue[tuple[activity.Info, SnapshotRequest]] = asyncio.Queue()

    @activity.defn(name="dashboard_periods")
    async def periods(self, request: PeriodsRequest) -> DashboardPeriods:
        if "identity" in self.silent:
            raise silence()
        return DashboardPeriods(periods=list(views(self.locations, request.at)))

    @activity.defn(name="patient_figures")
    async def patients(self, request: FiguresRequest) -> SourceFigures:
        return self.answer("patients", request)

    @activity.defn(name="consultant_figures")
    async def consultants(self, request: FiguresRequest) -> SourceFigures:
        return self.answer("consultants", request)

    @activity.defn(name="appointment_figures")
    async def appointments(self, request: FiguresRequest) -> SourceFigures:
        return self.answer("appointments", request)

    @activity.defn(name="payment_figures")
    async def payments(self, request: FiguresRequest) -> SourceFigures:
        return self.answer("payments", request)

    @activity.defn(name="write_snapshot")
    async def write(self, request: SnapshotRequest) -> None:
        await self.written.put((activity.info(), request))

    async def next_run(self, client: Client) -> WorkflowHandle[Any, Any]:
        """Wait until the next snapshot is written and its run has ended."""
        run, _ = await self.written.get()
        handle = client.get_workflow_handle(str(run.workflow_id), run_id=run.workflow_run_id)
        await handle.result()
        return handle

    def answer(self, source: str, request: FiguresRequest) -> SourceFigures:
        self.asked[source] = request
        if source in self.silent:
            raise silence()
        figures: list[dict[str, Any]] = [
            {"revenue": period.start.isoformat(), "location": str(period.location_id)} for period in request.periods
        ]
        return SourceFigures(source=source, figures=figures)

    @property
    def activities(self) -> list[Any]:
        return [self.periods, self.patients, self.consultants, self.appointments, self.payments, self.write]


def silence() -> ApplicationError:
    """Make the failure of a service that does not answer."""
    # Not repeated, so that the test need not wait for what the engine's own tests show.
    return ApplicationError("nobody answers", non_retryable=True)


def location(zone: str) -> Location:
    """Make a location."""
    return Location(id=uuid7(), name=zone, zone=zone, address=None, phone=None, active=True, version=1)
