"""The patients service, as other processes call it."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.patients import schemas

_Names = list[schemas.PatientName]


class PatientsClient(ServiceClient):
    """Typed calls of every endpoint. Each may raise what `services.patients.errors` and the platform refuse with."""

    service: ClassVar[str] = "patients"

    async def list(
        self,
        actor: Actor,
        *,
        q: str | None = None,
        archived: bool = False,
        sort: schemas.Sort = "-registered",
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
        among: Sequence[UUID] | None = None,
    ) -> Page[schemas.Patient]:
        """List in the order of `sort`, or find by what is known of somebody, perhaps only `among` some.

        Raises:
            Forbidden: the actor is limited, and it is not said among whom to look.
        """
        if among is not None:
            said = {"q": q, "archived": archived, "sort": sort, "limit": limit, "cursor": cursor, "count": count}
            return await self.call(
                actor, "POST", "/patients/search", into=Page[schemas.Patient], json=said | {"among": [*among]}
            )
        params = {"q": q, "archived": archived, "sort": sort, "limit": limit, "cursor": cursor, "count": count}
        return await self.call(actor, "GET", "/patients", into=Page[schemas.Patient], params=params)

    async def names(self, actor: Actor, ids: Sequence[UUID]) -> _Names:
        """Give the names of up to 200 patients; ids that are not the tenant's are left out."""
        return await self.call(actor, "POST", "/patients/names", into=_Names, json={"ids": [*ids]})

    async def get(self, actor: Actor, patient_id: UUID) -> schemas.Patient:
        """Read a record; it is noted in the audit."""
        return await self.call(actor, "GET", f"/patients/{patient_id}", into=schemas.Patient)

    async def contact(self, actor: Actor, patient_id: UUID) -> schemas.Contact:
        """Read how to reach a patient."""
        return await self.call(actor, "GET", f"/patients/{patient_id}/contact", into=schemas.Contact)

    async def standing(self, actor: Actor, patient_id: UUID) -> schemas.Standing:
        """Tell whether a patient can be booked.

        Raises:
            PatientNotFound: there is no such patient.
            PatientArchived: the record is put away.
        """
        return await self.call(actor, "GET", f"/patients/{patient_id}/standing", into=schemas.Standing)

    async def register(self, actor: Actor, patient_id: UUID, body: schemas.PatientWrite) -> schemas.Patient:
        """Register a patient; the same again is harmless.

        Raises:
            PossibleDuplicate: somebody who looks the same is registered; `extra["candidates"]` says who.
            IdempotencyConflict: the id was used to register somebody else.
        """
        return await self.call(actor, "PUT", f"/patients/{patient_id}", into=schemas.Patient, json=body)

    async def replace(self, actor: Actor, patient_id: UUID, body: schemas.PatientReplacement) -> schemas.Patient:
        """Write a whole record anew."""
        return await self.call(actor, "PUT", f"/patients/{patient_id}/record", into=schemas.Patient, json=body)

    async def patch(self, actor: Actor, patient_id: UUID, body: schemas.PatientPatch) -> schemas.Patient:
        """Change the fields that `body` names."""
        return await self.call(actor, "PATCH", f"/patients/{patient_id}", into=schemas.Patient, json=body)

    async def emergency_contact(
        self, actor: Actor, patient_id: UUID, body: schemas.EmergencyContactWrite
    ) -> schemas.Patient:
        """Change whom to call."""
        path = f"/patients/{patient_id}/emergency-contact"
        return await self.call(actor, "PATCH", path, into=schemas.Patient, json=body)

    async def medical_info(self, actor: Actor, patient_id: UUID, body: schemas.MedicalInfoPatch) -> schemas.Patient:
        """Change the medical fields that `body` names; needs `patients:clinical`."""
        return await self.call(actor, "PATCH", f"/patients/{patient_id}/medical-info", into=schemas.Patient, json=body)

    async def archive(self, actor: Actor, patient_id: UUID, *, version: int | None = None) -> schemas.Patient:
        """Put a record away; harmless when it is."""
        params = {"version": version}
        return await self.call(actor, "DELETE", f"/patients/{patient_id}", into=schemas.Patient, params=params)

    async def restore(self, actor: Actor, patient_id: UUID) -> schemas.Patient:
        """Take a record out of the archive; harmless when it is not there."""
        return await self.call(actor, "POST", f"/patients/{patient_id}/restoration", into=schemas.Patient)

    async def count(self, actor: Actor) -> schemas.Count:
        """Count the patients who are not archived."""
        return await self.call(actor, "GET", "/patients/count", into=schemas.Count)

    async def figures(self, actor: Actor, **period: Any) -> schemas.Figures:
        """Give the numbers of the dashboard for a period (`schemas.Period`)."""
        return await self.call(actor, "GET", "/figures", into=schemas.Figures, params=period)
