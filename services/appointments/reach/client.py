"""Calls about who sees whom."""

from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from services.appointments.reach.schemas import AccessWrite, Beyond, OwnPatients, PatientAccess, ReachQuery


class ReachClient(ServiceClient):
    """Typed calls of the endpoints in `services.appointments.reach.api`."""

    service = "appointments"

    async def beyond(self, actor: Actor, asked: ReachQuery) -> Beyond:
        """Tell what of some records the actor does not see."""
        return await self.call(actor, "POST", "/reach", json=asked, into=Beyond)

    async def patients(self, actor: Actor) -> list[UUID]:
        """List the patients whom an actor sees who does not see everybody."""
        return (await self.call(actor, "GET", "/reach/patients", into=OwnPatients)).ids

    async def open_patient(self, actor: Actor, access_id: UUID, asked: AccessWrite) -> PatientAccess:
        """Open a patient for the actor, with a reason; a repeat answers with what stands."""
        return await self.call(actor, "PUT", f"/patient-accesses/{access_id}", json=asked, into=PatientAccess)
