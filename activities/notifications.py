"""A step that tells a patient something.

It reads the names and addresses itself from the services that own them, so that no personal data crosses the engine.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any, TypeVar
from uuid import UUID

from temporalio import activity

from careconnect.auth import Actor
from careconnect.links import SignedLinks
from services.appointments.client import AppointmentsClient
from services.appointments.schemas import Appointment, Status
from services.consultants.client import ConsultantsClient
from services.identity.client import IdentityClient
from services.identity.schemas import Location, Tenant
from services.notifications.client import NotificationsClient
from services.notifications.schemas import MessageToSend, Recipient, Sending, Values
from services.patients.client import PatientsClient
from services.patients.schemas import Contact
from workflows import ids
from workflows.contracts import MessageRequest, MessageResult

T = TypeVar("T")
_MINUTE = 60.0
_MOST = 1000
_SCOPES = frozenset(
    {"patients:read", "consultants:read", "catalogue:read", "identity:read", "appointments:read", "messages:write"}
)
OWN_PAGE = "appointment"
"""The purpose of the link by which a patient sees their own appointment."""
_WITH_LINK = frozenset({"booking_confirmation", "rescheduling", "reminder"})
_ABOUT = {
    "booking_confirmation": {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN},
    "rescheduling": {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN},
    "reminder": {Status.BOOKED},
    "cancellation": {Status.CANCELLED},
    "payment_failed": {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN, Status.CANCELLED},
}


class NotificationActivities:
    """Holds the notifications client, the clients that know what a message speaks of, and what signs its link."""

    def __init__(
        self,
        notifications: NotificationsClient,
        patients: PatientsClient,
        consultants: ConsultantsClient,
        appointments: AppointmentsClient,
        identity: IdentityClient,
        links: SignedLinks,
    ) -> None:
        self.notifications = notifications
        self.patients = patients
        self.consultants = consultants
        self.appointments = appointments
        self.identity = identity
        self.links = links
        self._known: dict[tuple[str, UUID, UUID], tuple[float, Any]] = {}

    @activity.defn(name="tell_patient")
    async def tell(self, request: MessageRequest) -> MessageResult:
        """Send one message on each channel that the patient can be reached on, if it is still true."""
        actor = Actor.workflow(request.tenant_id, "messages", _SCOPES)
        appointment = await self.appointments.standing(actor, request.appointment_id)
        if appointment.version != request.version or appointment.status not in _ABOUT[request.template]:
            return MessageResult(statuses={"all": "superseded"})
        if request.template == "reminder" and await self.appointments.undecided(actor, appointment.id):
            return MessageResult(statuses={"all": "undecided"})  # the consultant will not be there
        contact, values = await asyncio.gather(
            self.patients.contact(actor, appointment.patient_id), self.values(actor, appointment)
        )
        link = self._link(request.tenant_id, appointment) if request.template in _WITH_LINK else None
        values = values.model_copy(update={"amount": request.amount, "link": link})
        wanted = [_message(request, appointment, channel, contact, values) for channel in channels_of(contact)]
        sent = await self.notifications.send_all(actor, Sending(messages=wanted))
        return MessageResult(statuses={message.channel: message.status for message in sent})

    async def values(self, actor: Actor, appointment: Appointment) -> Values:
        """Gather what a message says of an appointment."""
        (tenant, locations), consultants, visit_type = await asyncio.gather(
            self._clinic(actor),
            self._recent(
                ("consultant", actor.tenant_id, appointment.consultant_id),
                lambda: self.consultants.names(actor, [appointment.consultant_id]),
            ),
            self._recent(
                ("visit type", actor.tenant_id, appointment.visit_type_id),
                lambda: self.consultants.visit_type(actor, appointment.visit_type_id),
            ),
        )
        place = next((one for one in locations if one.id == appointment.location_id), None)
        return Values(
            clinic=tenant.name,
            clinic_phone=place.phone if place else None,
            reference=appointment.reference,
            starts_at=appointment.start.astimezone(UTC),
            ends_at=appointment.end.astimezone(UTC),
            zone=appointment.zone,
            returned=appointment.returned,
            consultant=consultants[0].name if consultants else None,
            visit_type=visit_type.name,
            location=place.name if place else None,
            location_address=_address(place),
            by_video=visit_type.mode == "telehealth",
            video_url=visit_type.video_url,
        )

    def _link(self, tenant_id: UUID, appointment: Appointment) -> str:
        """Give the address of the patient's own page, which works until the visit; a repeat gives the same."""
        token = self.links.make(tenant_id, OWN_PAGE, appointment.id, appointment.start)
        return self.links.address(OWN_PAGE, token)

    async def _clinic(self, actor: Actor) -> tuple[Tenant, list[Location]]:
        async def read() -> tuple[Tenant, list[Location]]:
            return await asyncio.gather(self.identity.tenant(actor), self.identity.locations(actor))

        return await self._recent(("clinic", actor.tenant_id, actor.tenant_id), read)

    async def _recent(self, what: tuple[str, UUID, UUID], read: Callable[[], Awaitable[T]]) -> T:
        """Read what every message speaks of and nobody changes by the minute, at most once a minute."""
        known = self._known.get(what)
        if known is None or time.monotonic() - known[0] > _MINUTE:
            if len(self._known) >= _MOST:
                self._known.clear()
            known = self._known[what] = (time.monotonic(), await read())
        found: T = known[1]
        return found


def _address(place: Location | None) -> str | None:
    known = place.address if place else None
    parts = (known.line1, known.line2, known.city) if known else ()
    return ", ".join(part for part in parts if part) or None


def channels_of(contact: Contact) -> list[str]:
    """Choose e-mail where there is one and SMS where there is a number; with neither, the e-mail row says so."""
    found = [name for name, there in (("email", contact.email), ("sms", contact.phone)) if there]
    return found or ["email"]


def _message(
    request: MessageRequest, appointment: Appointment, channel: str, contact: Contact, values: Values
) -> MessageToSend:
    recipient = Recipient(
        name=contact.name, email=contact.email, phone=contact.phone, language=contact.language or "en"
    )
    return MessageToSend.model_validate(
        {
            "id": ids.message_of(appointment.id, request.version, request.template, request.offset_hours, channel),
            "patient_id": appointment.patient_id,
            "appointment_id": appointment.id,
            "appointment_version": request.version,
            "channel": channel,
            "template": request.template,
            "offset_hours": request.offset_hours,
            "recipient": recipient,
            "values": values,
        }
    )
