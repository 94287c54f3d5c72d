"""The dashboard's figures, from the services to the snapshot."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel


class FiguresPeriod(BaseModel):
    """One view of the dashboard: a period, half-open, the start of the one before, and maybe one location."""

    name: Literal["today", "week", "month"]
    start: datetime
    end: datetime
    previous_start: datetime
    zone: str
    location_id: UUID | None = None


class FiguresRequest(BaseModel):
    """Asks one service for its figures over some periods."""

    tenant_id: UUID
    periods: list[FiguresPeriod]


class SourceFigures(BaseModel):
    """One service's figures for each of the asked periods, in their order."""

    source: str
    figures: list[dict[str, Any]]


class SnapshotRequest(BaseModel):
    """Asks to write the dashboard's snapshot; a source that did not answer is left out."""

    tenant_id: UUID
    as_of: datetime
    periods: list[FiguresPeriod]
    sources: list[SourceFigures]


class DashboardRequest(BaseModel):
    """Starts `DashboardAggregation`."""

    tenant_id: UUID


class PeriodsRequest(BaseModel):
    """Asks for the views of a tenant's dashboard at a moment."""

    tenant_id: UUID
    at: AwareDatetime


class DashboardPeriods(BaseModel):
    """The views of a tenant's dashboard."""

    periods: list[FiguresPeriod]


class DashboardResult(BaseModel):
    """Which sources answered."""

    as_of: datetime
    answered: list[str]
    silent: list[str]
