"""The dashboard's figures: asked of every service at once, written as one snapshot."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.appointments import AppointmentActivities
    from activities.consultants import ConsultantActivities
    from activities.patients import PatientActivities
    from activities.payments import PaymentActivities
    from activities.reports import ReportActivities
    from workflows import policies
    from workflows.contracts import (
        DashboardRequest,
        DashboardResult,
        FiguresPeriod,
        FiguresRequest,
        PeriodsRequest,
        SnapshotRequest,
        SourceFigures,
    )
    from workflows.undo import ours

_Figures = Callable[[Any, FiguresRequest], Awaitable[SourceFigures]]
_SOURCES = ("patients", "consultants", "appointments", "payments")


@workflow.defn(name="DashboardAggregation")
class DashboardAggregation:
    """Makes one snapshot. Its id is that of its schedule and the time: `dashboard-{tenant uuid}-{instant}`."""

    @workflow.run
    async def run(self, request: DashboardRequest) -> DashboardResult:
        """Ask which views there are, ask all services for their figures, write what was answered."""
        self.tenant_id = request.tenant_id
        as_of = workflow.now()
        periods = await self._periods(as_of)
        answers = await asyncio.gather(
            self._patients(periods), self._consultants(periods), self._appointments(periods), self._payments(periods)
        )
        sources = [answer for answer in answers if answer]
        await self._write(SnapshotRequest(tenant_id=self.tenant_id, as_of=as_of, periods=periods, sources=sources))
        return _result(as_of, sources)

    async def _periods(self, at: datetime) -> list[FiguresPeriod]:
        found = await workflow.execute_activity_method(
            ReportActivities.periods,
            PeriodsRequest(tenant_id=self.tenant_id, at=at),
            summary="which periods and locations",
            **policies.FIGURES,
        )
        return found.periods

    async def _patients(self, periods: list[FiguresPeriod]) -> SourceFigures | None:
        return await self._everywhere("patients", PatientActivities.figures, periods)

    async def _consultants(self, periods: list[FiguresPeriod]) -> SourceFigures | None:
        return await self._everywhere("consultants", ConsultantActivities.figures, periods)

    async def _appointments(self, periods: list[FiguresPeriod]) -> SourceFigures | None:
        return await self._ask("appointments", AppointmentActivities.figures, periods)

    async def _payments(self, periods: list[FiguresPeriod]) -> SourceFigures | None:
        """Ask for the periods before as well: the payments service knows one stretch of time at a time."""
        both = [*periods, *(_before(period) for period in periods)]
        answer = await self._everywhere("payments", PaymentActivities.figures, both)
        if answer is None:
            return None
        present, previous = answer.figures[: len(periods)], answer.figures[len(periods) :]
        figures = [now | {"previous_revenue": before["revenue"]} for now, before in zip(present, previous, strict=True)]
        return SourceFigures(source="payments", figures=figures)

    async def _everywhere(self, source: str, figures: _Figures, periods: list[FiguresPeriod]) -> SourceFigures | None:
        """Ask a service that knows no locations: once per stretch of time, however many locations share it."""
        stretches = {_stretch(period): period.model_copy(update={"location_id": None}) for period in periods}
        answer = await self._ask(source, figures, list(stretches.values()))
        if answer is None:
            return None
        by_stretch = dict(zip(stretches, answer.figures, strict=True))
        return SourceFigures(source=source, figures=[by_stretch[_stretch(period)] for period in periods])

    async def _ask(self, source: str, figures: _Figures, periods: list[FiguresPeriod]) -> SourceFigures | None:
        """Ask one service; one that stays silent greys its own part and no other."""
        try:
            return await workflow.execute_activity_method(
                figures,
                FiguresRequest(tenant_id=self.tenant_id, periods=periods),
                summary=f"{source}, {len(periods)} periods",
                **policies.FIGURES,
            )
        except BaseException as error:
            if not ours(error) or is_cancelled_exception(error):
                raise
            workflow.logger.warning("source_silent", extra={"source": source})
            return None

    async def _write(self, snapshot: SnapshotRequest) -> None:
        silent = _result(snapshot.as_of, snapshot.sources).silent
        told = f"; silent: {', '.join(silent)}" if silent else ""
        await workflow.execute_activity_method(
            ReportActivities.write, snapshot, summary=f"{len(snapshot.periods)} views{told}", **policies.FIGURES
        )


def _before(period: FiguresPeriod) -> FiguresPeriod:
    return period.model_copy(update={"start": period.previous_start, "end": period.start})


def _stretch(period: FiguresPeriod) -> tuple[str, datetime, datetime]:
    return period.zone, period.start, period.end


def _result(as_of: datetime, sources: list[SourceFigures]) -> DashboardResult:
    answered = [source.source for source in sources]
    return DashboardResult(
        as_of=as_of, answered=answered, silent=[source for source in _SOURCES if source not in answered]
    )
