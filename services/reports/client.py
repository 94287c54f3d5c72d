"""The reports service as its callers see it."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.reports.schemas import Dashboard, Period, SnapshotWrite


class ReportsClient(ServiceClient):
    """Typed calls to the reports service."""

    service = "reports"

    async def write(self, actor: Actor, snapshot: SnapshotWrite) -> None:
        """Write all views of the dashboard as of one moment; a repeat changes nothing."""
        await self.call(actor, "PUT", "/snapshots", json=snapshot)

    async def dashboard(self, actor: Actor, period: Period = "today", location_id: UUID | None = None) -> Dashboard:
        """Read one view; before the first snapshot it is empty and its `as_of` none."""
        params = {"period": period, "location_id": location_id}
        return await self.call(actor, "GET", "/dashboard", params=params, into=Dashboard)
