"""Who sees whom: patients that are somebody's own, and those that were opened with a reason.

A person who is `limited` sees the patients of the consultant who they are. Whose a patient is, the appointments tell;
so lists that other services give are narrowed here.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import Connection
from careconnect.errors import Forbidden
from careconnect.ids import derived_id, uuid7
from careconnect.pagination import Page
from services.appointments.errors import ReasonNeeded
from services.appointments.reach.client import ReachClient
from services.appointments.reach.schemas import AccessWrite, PatientAccess, ReachQuery
from services.notifications.client import NotificationsClient
from services.notifications.errors import MessageNotFound
from services.notifications.schemas import Message, MessageFilter
from services.patients.client import PatientsClient
from services.patients.errors import PatientArchived, PatientNotFound
from services.patients.schemas import Count, Patient, PatientName

# The classes have a method named `list`, so lists of things have names of their own.
_Names = list[PatientName]


class NarrowedPatients(PatientsClient):
    """The patients' service, of whose lists and names a limited person gets only the patients whom they see."""

    def __init__(self, connection: Connection, reach: ReachClient) -> None:
        super().__init__(connection)
        self._reach = reach

    async def list(self, actor: Actor, **asked: Any) -> Page[Patient]:
        """List as the service does, those who are seen."""
        among = await self._reach.patients(actor) if actor.limited else None
        return await super().list(actor, **asked, among=among)

    async def count(self, actor: Actor) -> Count:
        """Count those who are seen."""
        if not actor.limited:
            return await super().count(actor)
        return Count(count=(await self.list(actor, limit=1, count=True)).total or 0)

    async def names(self, actor: Actor, ids: Sequence[UUID]) -> _Names:
        """Name those who are seen; the others are left out, as those who are not known."""
        if actor.limited and ids:
            beyond = set((await self._reach.beyond(actor, ReachQuery(patient_ids=[*ids]))).patient_ids)
            ids = [one for one in ids if one not in beyond]
        return await super().names(actor, ids) if ids else []


class NarrowedMessages(NotificationsClient):
    """The notifications' service, of whose lists a limited person gets only messages to patients whom they see."""

    def __init__(self, connection: Connection, reach: ReachClient) -> None:
        super().__init__(connection)
        self._reach = reach

    async def list(self, actor: Actor, wanted: MessageFilter | None = None, **asked: Any) -> Page[Message]:
        """List as the service does, to those who are seen."""
        among = await self._reach.patients(actor) if actor.limited else None
        return await super().list(actor, wanted, **asked, among=among)


class Reach:
    """Decides about records that somebody names, and opens patients with a reason."""

    def __init__(self, reach: ReachClient, patients: PatientsClient, messages: NotificationsClient) -> None:
        self._reach = reach
        self._patients = patients
        self._messages = messages

    async def expect(self, actor: Actor, named: dict[str, list[UUID]]) -> None:
        """Refuse records that a limited person does not see; what nobody has is for the endpoint to refuse.

        `named` are ids by kind: patient, appointment, series, entry, absence, message.

        Raises:
            ReasonNeeded: they are of a patient whom a reason opens.
            Forbidden: they are another consultant's own.
        """
        patients = [*named.get("patient", []), *await self._addressees(actor, named.get("message", []))]
        rest = {f"{kind}_ids": ids for kind, ids in named.items() if kind not in {"patient", "message"}}
        beyond = await self._reach.beyond(actor, ReachQuery(patient_ids=patients, **rest))
        for patient_id in beyond.patient_ids:
            if await self._exists(actor, patient_id):
                raise ReasonNeeded(patient_id=str(patient_id))
        if beyond.absence_ids:
            raise Forbidden

    async def open_patient(self, actor: Actor, patient_id: UUID, reason: str, key: str | None = None) -> PatientAccess:
        """Open a patient for the actor for hours; the reason is kept in the audit.

        Raises:
            PatientNotFound: there is no such patient.
        """
        if not await self._exists(actor, patient_id):
            raise PatientNotFound
        access_id = derived_id("patient access", actor.tenant_id, actor.id, patient_id, key) if key else uuid7()
        return await self._reach.open_patient(actor, access_id, AccessWrite(patient_id=patient_id, reason=reason))

    async def _addressees(self, actor: Actor, messages: Sequence[UUID]) -> list[UUID]:
        edge = Actor.system("messages:read", tenant_id=actor.tenant_id)
        found = []
        for message_id in messages:
            try:
                found.append(await self._messages.addressee(edge, message_id))
            except MessageNotFound:
                continue
        return found

    async def _exists(self, actor: Actor, patient_id: UUID) -> bool:
        try:
            await self._patients.standing(Actor.system("patients:read", tenant_id=actor.tenant_id), patient_id)
        except PatientArchived:
            return True
        except PatientNotFound:
            return False
        return True
