"""Absences as their callers see them."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.appointments.absences.schemas import (
    Absence,
    AbsencePlan,
    AbsenceState,
    AbsenceSummary,
    AffectedQuery,
    ItemResult,
    Standing,
    Told,
)
from services.appointments.schemas import Appointment

Affected = list[Appointment]


class AbsencesClient(ServiceClient):
    """Typed calls about absences to the appointments service."""

    service = "appointments"

    async def affected(self, actor: Actor, wanted: AffectedQuery) -> Affected:
        """List the appointments that an absence would concern."""
        return await self.call(actor, "GET", "/affected", params=wanted.model_dump(exclude_none=True), into=Affected)

    async def begin(self, actor: Actor, absence_id: UUID, plan: AbsencePlan) -> Absence:
        """Note an absence under an id of the caller's; a repeat answers with what stands."""
        return await self.call(actor, "PUT", f"/absences/{absence_id}", json=plan, into=Absence)

    async def stand(self, actor: Actor, absence_id: UUID, standing: Standing) -> None:
        """Note where the work stands."""
        await self.call(actor, "PUT", f"/absences/{absence_id}/state", json=standing)

    async def note(self, actor: Actor, absence_id: UUID, appointment_id: UUID, result: ItemResult) -> None:
        """Note what became of one appointment."""
        await self.call(actor, "PUT", f"/absences/{absence_id}/appointments/{appointment_id}", json=result)

    async def told(self, actor: Actor, absence_id: UUID, said: Told) -> None:
        """Note that a patient was told."""
        await self.call(actor, "PUT", f"/absences/{absence_id}/told", json=said)

    async def get(self, actor: Actor, absence_id: UUID) -> Absence:
        """Read one with its appointments."""
        return await self.call(actor, "GET", f"/absences/{absence_id}", into=Absence)

    async def of_consultant(
        self, actor: Actor, consultant_id: UUID, *, limit: int = 50, cursor: str | None = None, count: bool = False
    ) -> Page[AbsenceSummary]:
        """List a consultant's, the newest first."""
        params = {"consultant_id": consultant_id, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/absences", params=params, into=Page[AbsenceSummary])


__all__ = ["AbsenceState", "AbsencesClient"]
