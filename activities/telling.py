"""Steps that tell a patient of an offer, or of the dates of a series; nothing personal crosses the engine."""

import asyncio
from datetime import UTC
from typing import Any
from uuid import UUID

from temporalio import activity

from activities.notifications import NotificationActivities
from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import derived_id
from careconnect.links import SignedLinks
from services.appointments.schemas import Status
from services.appointments.series.client import SeriesClient
from services.appointments.waitlist.client import WaitlistClient
from services.notifications.schemas import MessageSend, Recipient, Values
from workflows import ids
from workflows.contracts import MessageResult, OfferMessage, OfferTold, SeriesMessage

PURPOSE = "offer"
"""What the signed link of an offer is for: the public page `/p/offer/{token}`."""
_SCOPES = frozenset(
    {
        "patients:read", "consultants:read", "catalogue:read", "identity:read", "appointments:read",
        "appointments:write", "messages:write",
    }
)  # fmt: skip
_UNDER_WAY = frozenset({"queued", "sent"})
_AHEAD = frozenset({Status.BOOKED, Status.ARRIVED})


class Telling:
    """Holds the clients that know what an offer or a series is, and those by which other messages are sent."""

    def __init__(
        self,
        links: SignedLinks,
        messages: NotificationActivities,
        series: SeriesClient,
        waitlist: WaitlistClient,
    ) -> None:
        self.links = links
        self.notifications = messages.notifications
        self.patients = messages.patients
        self.consultants = messages.consultants
        self.appointments = messages.appointments
        self.identity = messages.identity
        self._series = series
        self.waitlist = waitlist

    @activity.defn(name="tell_of_offer")
    async def offer(self, request: OfferMessage) -> OfferTold:
        """Send the offer with its signed link, as long as its time is held, and note whether it could be sent."""
        actor = Actor.workflow(request.tenant_id, "messages", _SCOPES)
        offer, held = await asyncio.gather(
            self.waitlist.get_offer(actor, request.offer_id), self.appointments.standing(actor, request.offer_id)
        )
        if held.status != Status.HELD:
            return OfferTold()
        values = await self._values(actor, held.consultant_id, held.visit_type_id, held.location_id)
        token = self.links.make(request.tenant_id, PURPOSE, offer.id, offer.start)
        values |= {
            "reference": held.reference,
            "starts_at": held.start.astimezone(UTC),
            "zone": held.zone,
            "answer_by": offer.expires_at.astimezone(UTC),
            "link": self.links.address(PURPOSE, token),
        }
        said = {
            "patient_id": held.patient_id,
            "appointment_id": held.id,
            "appointment_version": held.version,
            "template": "waitlist_offer",
            "values": Values(**values),
        }
        statuses = await self._send(actor, said, lambda name: ids.message_of(held.id, 1, "waitlist_offer", None, name))
        told = any(status in _UNDER_WAY for status in statuses.values())
        await self.waitlist.tell(actor, request.entry_id, offer.id, told=told)
        return OfferTold(told=told)

    @activity.defn(name="tell_of_series")
    async def series(self, request: SeriesMessage) -> MessageResult:
        """Send the dates of a series that lie ahead, in one message."""
        actor = Actor.workflow(request.tenant_id, "messages", _SCOPES)
        series = await self._series.get(actor, request.series_id)
        ahead = sorted(
            one.start
            for one in series.occurrences
            if one.start and one.appointment_status in _AHEAD and one.start > clock.now()
        )
        values = await self._values(actor, series.consultant_id, series.visit_type_id, series.location_id)
        values |= {"zone": series.zone, "dates": [start.astimezone(UTC) for start in ahead]}
        said = {"patient_id": series.patient_id, "template": "series_dates", "values": Values(**values)}
        statuses = await self._send(
            actor, said, lambda name: derived_id("message", series.id, "series_dates", request.cause, name)
        )
        return MessageResult(statuses=statuses)

    async def _send(self, actor: Actor, said: dict[str, Any], key: Any) -> dict[str, str]:
        """Send on each channel that the patient can be reached on; who opted out is left alone by the service."""
        contact = await self.patients.contact(actor, said["patient_id"])
        channels = [name for name, there in (("email", contact.email), ("sms", contact.phone)) if there] or ["email"]
        recipient = Recipient(
            name=contact.name, email=contact.email, phone=contact.phone, language=contact.language or "en"
        )
        statuses: dict[str, str] = {}
        for channel in channels:
            message = MessageSend.model_validate(said | {"channel": channel, "recipient": recipient})
            statuses[channel] = (await self.notifications.send(actor, key(channel), message)).status
        return statuses

    async def _values(
        self, actor: Actor, consultant_id: UUID, visit_type_id: UUID, location_id: UUID
    ) -> dict[str, Any]:
        tenant, places, names, visit_type = await asyncio.gather(
            self.identity.tenant(actor),
            self.identity.locations(actor),
            self.consultants.names(actor, [consultant_id]),
            self.consultants.visit_type(actor, visit_type_id),
        )
        place = next((one for one in places if one.id == location_id), None)
        return {
            "clinic": tenant.name,
            "clinic_phone": place.phone if place else None,
            "consultant": names[0].name if names else None,
            "visit_type": visit_type.name,
            "location": place.name if place else None,
            "by_video": visit_type.mode == "telehealth",
            "video_url": visit_type.video_url,
        }
