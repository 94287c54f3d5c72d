"""The audit of all services as one list, the newest first."""

import asyncio
import base64
from collections.abc import Sequence
from uuid import UUID

from pydantic import ValidationError

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.errors import FieldError, InvalidInput
from careconnect.pagination import Page
from careconnect.trail import MOST, AuditEvent, Place, TrailFilter, TrailPage, before_in, position
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import AppointmentFilter


class Trail:
    """Reads every service's audit events."""

    def __init__(self, services: Sequence[ServiceClient], appointments: AppointmentsClient) -> None:
        self._services = services
        self._appointments = appointments

    async def page(self, actor: Actor, wanted: TrailFilter, *, limit: int, cursor: str | None) -> Page[AuditEvent]:
        """Give one page of what fits.

        Raises:
            InvalidInput: the cursor is not one of ours.
        """
        last = _decode(cursor) if cursor else None
        parts = await asyncio.gather(*(self._part(one, actor, wanted, limit, last) for one in self._services))
        found = sorted((event for part in parts for event in part), key=position)
        more = len(found) > limit
        return Page[AuditEvent](items=found[:limit], next_cursor=_encode(found[limit - 1]) if more else None)

    async def about(self, actor: Actor, patient_id: UUID | None, appointment_id: UUID | None) -> list[UUID]:
        """Name the records that tell of an appointment, or of a patient: the patient's own, and the newest visits."""
        if appointment_id or not patient_id:
            return [appointment_id] if appointment_id else []
        wanted = AppointmentFilter(patient_id=[patient_id])
        visits = await self._appointments.list(actor, wanted, limit=MOST - 1, sort="-start")
        return [patient_id, *(one.id for one in visits.items)]

    async def _part(
        self, service: ServiceClient, actor: Actor, wanted: TrailFilter, limit: int, last: Place | None
    ) -> list[AuditEvent]:
        """Ask one service for one more than is shown, which tells whether there is another page."""
        place = before_in(service.service, last) if last else {}
        return await service.audit_events(actor, TrailPage(**wanted.model_dump(), **place, limit=limit + 1))


def _encode(event: AuditEvent) -> str:
    place = event.model_dump_json(include={"service", "id", "at"})
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _decode(cursor: str) -> Place:
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return Place.model_validate_json(plain)
    except (ValueError, ValidationError) as error:
        wrong = FieldError(field="cursor", code="invalid_cursor", message="Use the next_cursor of the page before.")
        raise InvalidInput("The cursor is not one of ours.", errors=[wrong]) from error
