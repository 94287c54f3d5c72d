"""Series as their callers see them."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.appointments.series.schemas import (
    Outcome,
    Place,
    Series,
    SeriesFilter,
    SeriesPlan,
    SeriesStatus,
    SeriesSummary,
    Standing,
)

Places = list[Place]


class SeriesClient(ServiceClient):
    """Typed calls about series to the appointments service."""

    service = "appointments"

    async def plan(self, actor: Actor, series_id: UUID, asked: SeriesPlan) -> Series:
        """Lay a series down under an id of the caller's; a repeat answers with what stands."""
        return await self.call(actor, "PUT", f"/series/{series_id}", json=asked, into=Series)

    async def note(self, actor: Actor, series_id: UUID, number: int, outcome: Outcome) -> None:
        """Note what became of one appointment of a series."""
        await self.call(actor, "PUT", f"/series/{series_id}/occurrences/{number}", json=outcome)

    async def stand(self, actor: Actor, series_id: UUID, status: SeriesStatus) -> None:
        """Note where a series stands."""
        await self.call(actor, "PUT", f"/series/{series_id}/status", json=Standing(status=status))

    async def get(self, actor: Actor, series_id: UUID) -> Series:
        """Read one with its appointments."""
        return await self.call(actor, "GET", f"/series/{series_id}", into=Series)

    async def list(
        self, actor: Actor, wanted: SeriesFilter | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[SeriesSummary]:
        """List the newest first."""
        params = wanted.model_dump(exclude_none=True) if wanted else {}
        params |= {"limit": limit, "cursor": cursor}
        return await self.call(actor, "GET", "/series", params=params, into=Page[SeriesSummary])

    async def place_of(self, actor: Actor, appointment_id: UUID) -> Place | None:
        """Tell which place an appointment has in a series; None where it belongs to none."""
        found = await self.call(actor, "GET", f"/appointments/{appointment_id}/series", into=Places)
        return found[0] if found else None
