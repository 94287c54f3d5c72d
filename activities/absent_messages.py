"""The one message that a patient gets about a consultant's absence, whatever became of however many appointments."""

import asyncio
from datetime import UTC
from uuid import UUID

from temporalio import activity

from activities.living import beating
from activities.notifications import NotificationActivities, channels_of
from careconnect.auth import Actor
from careconnect.ids import derived_id
from careconnect.links import SignedLinks
from services.appointments.absences.client import AbsencesClient
from services.appointments.absences.schemas import AbsenceItem, ItemState, Told
from services.appointments.schemas import Appointment, Status
from services.notifications.schemas import Change, MessageSend, Recipient, Template, Values
from services.patients.schemas import Contact
from workflows.contracts.absence import AbsenceMessage

CHOOSE = "choose"
"""The purpose of the link by which a patient chooses another time."""
_SCOPES = frozenset(
    {
        "patients:read", "consultants:read", "catalogue:read", "identity:read", "appointments:read",
        "appointments:write", "messages:write",
    }
)  # fmt: skip
_KINDS = {
    ItemState.OFFERED: "choice",
    ItemState.MOVED: "moved",
    ItemState.CANCELLED: "cancelled",
    ItemState.RESTORED: "restored",
}
_TEMPLATES: dict[str, Template] = {
    "choice": "absence_choice",
    "moved": "absence_moved",
    "cancelled": "absence_cancelled",
    "restored": "absence_withdrawn",
}
"""What a message begins with: that for which the patient has to do most."""


class AbsenceMessages:
    """Tells patients; knows what every message speaks of from `told`."""

    def __init__(self, told: NotificationActivities, absences: AbsencesClient, links: SignedLinks) -> None:
        self.told = told
        self.absences = absences
        self.links = links

    @activity.defn(name="tell_of_absence")
    async def tell(self, request: AbsenceMessage) -> None:
        """Tell one patient on each channel, once; what has changed again meanwhile is left out."""
        await beating(self._tell(request))

    async def _tell(self, request: AbsenceMessage) -> None:
        actor = Actor.workflow(request.tenant_id, "absence messages", _SCOPES)
        absence = await self.absences.get(actor, request.absence_id)
        own = [one for one in absence.items if one.patient_id == request.patient_id]
        about = [one for one in own if _speaks_of(one, undone=request.undone)]
        standing = await asyncio.gather(*(self.told.appointments.standing(actor, one.appointment_id) for one in about))
        true = [(item, now) for item, now in zip(about, standing, strict=True) if _still_true(item, now)]
        if not true:
            return
        contact, changes = await asyncio.gather(
            self.told.patients.contact(actor, request.patient_id),
            asyncio.gather(*(self._change(actor, request.absence_id, *one) for one in true)),
        )
        said = await self._send(actor, request, contact, list(zip(true, changes, strict=True)))
        if not request.undone:
            told = Told(appointment_ids=[item.appointment_id for item, _ in true], told=said)
            await self.absences.told(actor, request.absence_id, told)

    async def _send(
        self,
        actor: Actor,
        request: AbsenceMessage,
        contact: Contact,
        told: list[tuple[tuple[AbsenceItem, Appointment], Change]],
    ) -> str:
        kinds = [change.kind for _, change in told]
        first = next(kind for kind in _TEMPLATES if kind in kinds)
        (item, now), change = next(one for one in told if one[1].kind == first)
        template = _TEMPLATES[first]
        values = (await self.told.values(actor, now)).model_copy(
            update={"starts_at": change.starts_at or change.was, "changes": [one for _, one in told]}
        )
        statuses = []
        for channel in channels_of(contact):
            key = derived_id("message", request.absence_id, request.patient_id, template, channel)
            message = _message(item, now, template, channel, contact, values)
            statuses.append((await self.told.notifications.send(actor, key, message)).status)
        return "sent" if "sent" in statuses else statuses[0]

    async def _change(self, actor: Actor, absence_id: UUID, item: AbsenceItem, now: Appointment) -> Change:
        values = await self.told.values(actor, now)
        kind = _KINDS[item.state]
        link = None
        if kind == "choice" and item.decide_by:
            data = {"absence": str(absence_id)}
            token = self.links.make(actor.tenant_id, CHOOSE, item.appointment_id, item.decide_by, data=data)
            link = self.links.address(CHOOSE, token)
        stays = kind in {"moved", "restored"}
        return Change(
            kind=kind,
            appointment_id=item.appointment_id,
            appointment_version=item.version,
            was=item.was.start.astimezone(UTC),
            starts_at=now.start.astimezone(UTC) if stays else None,
            ends_at=now.end.astimezone(UTC),
            zone=now.zone,
            returned=now.returned,
            consultant=values.consultant,
            visit_type=values.visit_type,
            location=values.location,
            location_address=values.location_address,
            reference=values.reference,
            link=link,
            decide_by=item.decide_by.astimezone(UTC) if item.decide_by else None,
        )


def _speaks_of(item: AbsenceItem, *, undone: bool) -> bool:
    if undone:
        return item.state is ItemState.RESTORED and item.told is not None
    return item.state in {ItemState.OFFERED, ItemState.MOVED, ItemState.CANCELLED}


def _still_true(item: AbsenceItem, now: Appointment) -> bool:
    if item.state is ItemState.CANCELLED:
        return now.status is Status.CANCELLED
    return now.version == item.version and now.status in {Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN}


def _message(
    item: AbsenceItem, now: Appointment, template: Template, channel: str, contact: Contact, values: Values
) -> MessageSend:
    recipient = Recipient(
        name=contact.name, email=contact.email, phone=contact.phone, language=contact.language or "en"
    )
    return MessageSend.model_validate(
        {
            "patient_id": item.patient_id,
            "appointment_id": item.appointment_id,
            "appointment_version": now.version,
            "channel": channel,
            "template": template,
            "recipient": recipient,
            "values": values,
        }
    )
