"""`/reports`: the figures of the last snapshot, with how fresh each service's part is."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from careconnect.auth import Actor
from services.reports.schemas import CountTile, Dashboard, DayRevenue, Freshness, Period, RevenueTile
from services.reports.sources import HourCount
from web.session import Door, may

router = APIRouter(prefix="/reports", tags=["reports"])
Reader = Annotated[Actor, may("reports:read")]


class _Part(BaseModel):
    """One part of the dashboard. Before the first snapshot `as_of` is null, as are all figures."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    period: Period
    location_id: UUID | None
    from_: AwareDatetime | None = Field(alias="from", description="begin of the period")
    to: AwareDatetime | None = Field(description="end of the period, which no longer belongs to it")
    zone: str | None
    as_of: AwareDatetime | None
    source: Freshness


class AppointmentsReport(_Part):
    """Appointments that start in the period, held and cancelled ones included."""

    appointments: CountTile
    by_status: dict[str, int]
    by_hour: list[HourCount]
    attention: int | None = Field(description="appointments of the whole tenant that wait for a person")

    @classmethod
    def of(cls, found: Dashboard) -> Self:
        """Take it from the dashboard."""
        shown = found.model_dump(include={"period", "location_id", "from_", "to", "zone", "as_of"}, by_alias=False)
        return cls(
            **shown,
            source=found.sources["appointments"],
            appointments=found.tiles.appointments,
            by_status=found.by_status,
            by_hour=found.by_hour,
            attention=found.attention,
        )


class RevenueReport(_Part):
    """Money captured less refunded, in the period and day by day."""

    revenue: RevenueTile
    by_day: list[DayRevenue]

    @classmethod
    def of(cls, found: Dashboard) -> Self:
        """Take it from the dashboard."""
        shown = found.model_dump(include={"period", "location_id", "from_", "to", "zone", "as_of"}, by_alias=False)
        return cls(**shown, source=found.sources["payments"], revenue=found.tiles.revenue, by_day=found.revenue_by_day)


@router.get("/dashboard", summary="Read the dashboard")
async def dashboard(
    actor: Reader, gateway: Door, period: Period = "today", location_id: UUID | None = None
) -> Dashboard:
    """Give the figures of the period as of the last snapshot; `sources` says which services were silent."""
    return await gateway.reports.dashboard(actor, period, location_id)


@router.get("/appointments", summary="Read the figures of appointments")
async def appointments(
    actor: Reader, gateway: Door, period: Period = "today", location_id: UUID | None = None
) -> AppointmentsReport:
    """Give them by state and by hour of the day."""
    return AppointmentsReport.of(await gateway.reports.dashboard(actor, period, location_id))


@router.get("/revenue", summary="Read the figures of money")
async def revenue(
    actor: Reader, gateway: Door, period: Period = "today", location_id: UUID | None = None
) -> RevenueReport:
    """Give them in total and by day."""
    return RevenueReport.of(await gateway.reports.dashboard(actor, period, location_id))
