"""The dashboard on the wire: the snapshot as it is written, and the view as it is read."""

from datetime import date
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from careconnect.money import Money
from services.reports.sources import Answers, HourCount, SourceName

Period = Literal["today", "week", "month"]
"""The local day, the week from Monday, the calendar month."""


class View(BaseModel):
    """One view of the dashboard: a period, half-open `[start, end)`, in one location or in all."""

    model_config = ConfigDict(extra="forbid")

    period: Period
    start: AwareDatetime
    end: AwareDatetime
    zone: str = Field(max_length=64, description="IANA time zone in which hours and days are counted")
    location_id: UUID | None = None
    answers: Answers

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.start < self.end:
            message = "the period must end after it starts"
            raise ValueError(message)
        return self


class SnapshotWrite(BaseModel):
    """All views of a tenant's dashboard as of one moment; views that are not among them cease to exist."""

    model_config = ConfigDict(extra="forbid")

    as_of: AwareDatetime
    views: list[View] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({(view.period, view.location_id) for view in self.views}) < len(self.views):
            message = "each period may come once per location"
            raise ValueError(message)
        return self


class Freshness(BaseModel):
    """How fresh one service's part is; `stale` greys it. `watermark` is that service's last event in the figures."""

    as_of: AwareDatetime | None
    stale: bool
    watermark: int | None


class CountTile(BaseModel):
    """A count, the same for the period before, and the difference; null is "not known".

    `all_locations` says that the number is the whole tenant's, even where the view is of one location.
    """

    value: int | None = None
    previous: int | None = None
    change: int | None = None
    change_percent: int | None = None
    all_locations: bool


class ConsultantsTile(CountTile):
    """Consultants, of them the active ones and those on leave."""

    active: int | None = None
    on_leave: int | None = None


class RevenueTile(BaseModel):
    """Money captured less refunded, the same for the period before, and payments that are pending or failed."""

    value: Money | None = None
    previous: Money | None = None
    change: Money | None = None
    change_percent: int | None = None
    all_locations: bool
    pending: int | None = None
    failed: int | None = None


class Tiles(BaseModel):
    """The four tiles.

    Patients: all who are not archived; `previous` are those among them who were registered before the period.
    Consultants: all who are not archived; what they were before is not known. Appointments: those that start in the
    period, held and cancelled ones included.
    """

    patients: CountTile
    consultants: ConsultantsTile
    appointments: CountTile
    revenue: RevenueTile


class DayRevenue(BaseModel):
    """What one local day brought."""

    day: date
    amount: Money


class Dashboard(BaseModel):
    """One view of the dashboard. Before the first snapshot `as_of` is null, as are all figures."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    period: Period
    location_id: UUID | None = None
    from_: AwareDatetime | None = Field(None, alias="from", description="begin of the period")
    to: AwareDatetime | None = Field(None, description="end of the period, which no longer belongs to it")
    zone: str | None = None
    as_of: AwareDatetime | None = None
    sources: dict[SourceName, Freshness]
    tiles: Tiles
    by_status: dict[str, int] = {}
    by_hour: list[HourCount] = []
    revenue_by_day: list[DayRevenue] = Field([], description="every day of the period, those without money as well")
    attention: int | None = Field(None, description="appointments of the whole tenant that wait for a person")
