"""Reminders that are still to be sent, from the terms of each visit and from where the patient wants to be reminded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import derived_id
from services.appointments.schemas import Appointment
from web.gateway.reminding import channels_of

if TYPE_CHECKING:
    from web.gateway.gateway import Gateway

_EDGE = ("patients:read", "catalogue:read")
"""What it takes to know the plan; who may read the appointment may know what is planned for it."""


@dataclass(frozen=True)
class Planned:
    """A reminder by one channel, so many hours before a visit."""

    appointment: Appointment
    hours: int
    channel: str

    @property
    def at(self) -> datetime:
        """When it is sent."""
        return self.appointment.start - timedelta(hours=self.hours)

    @property
    def id(self) -> UUID:
        """The same for the same reminder of the same appointment as it stands."""
        return derived_id("planned reminder", self.appointment.id, self.appointment.version, self.hours, self.channel)


async def planned_reminders(
    gateway: "Gateway", tenant_id: UUID, patient_id: UUID, coming: Iterable[Appointment]
) -> list[Planned]:
    """List the reminders of a patient's visits to come; none on a channel that they opted out of."""
    visits = list(coming)
    if not visits:
        return []
    edge = Actor.system(*_EDGE, tenant_id=tenant_id)
    channels = await channels_of(gateway.messages, tenant_id, await gateway.patients.contact(edge, patient_id))
    wanted = {one.visit_type_id for one in visits} if channels else set()
    kinds = {key: await gateway.consultants.visit_type(edge, key) for key in wanted}
    possible = (
        Planned(visit, hours, channel)
        for visit in visits
        if visit.visit_type_id in kinds
        for hours in kinds[visit.visit_type_id].reminder_offsets_hours
        for channel in channels
    )
    return [one for one in possible if one.at > clock.now()]
