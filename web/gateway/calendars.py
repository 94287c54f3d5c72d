"""Calendar files of appointments, composed of the appointment and the names that belong to it."""

import asyncio
from email.utils import parseaddr
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from careconnect import clock, ics
from careconnect.auth import Actor
from services.appointments.errors import AppointmentNotFound
from services.appointments.schemas import Appointment, Status
from services.consultants.schemas import VisitType
from services.identity.schemas import Location

if TYPE_CHECKING:
    from web.gateway.gateway import Gateway

_NAMES = ("consultants:read", "catalogue:read", "identity:read")
"""What the names and the place in a calendar take; who may read the appointment may read them there."""
_GONE = frozenset({Status.CANCELLED, Status.EXPIRED, Status.ENTERED_IN_ERROR})


class Words(NamedTuple):
    """How a file speaks: its summary, with a place for the consultant's name, and how a visit by video is held."""

    summary: str
    by_video: str
    called: str


async def calendar_file(gateway: "Gateway", actor: Actor, appointment_id: UUID, words: Words) -> bytes:
    """Write one appointment as a file that puts it into a calendar, or takes it out where it will not take place.

    Raises:
        AppointmentNotFound: there is none, or it was never booked.
    """
    found = await gateway.appointments.standing(actor, appointment_id)
    if found.status in {Status.HELD, Status.WAITLISTED}:
        raise AppointmentNotFound
    edge = Actor.system(*_NAMES, tenant_id=actor.tenant_id)
    tenant, places, consultants, kind = await asyncio.gather(
        gateway.identity.tenant(edge),
        gateway.identity.locations(edge),
        gateway.consultants.names(edge, [found.consultant_id]),
        gateway.consultants.visit_type(edge, found.visit_type_id),
    )
    place = next((one for one in places if one.id == found.location_id), None)
    gone, (location, how) = found.status in _GONE, held(kind, place, words)
    entry = ics.Entry(
        uid=ics.uid(found.id),
        sequence=revision(found),
        start=found.start,
        end=found.end,
        zone=found.zone,
        stamp=clock.now(),
        summary=words.summary % {"consultant": consultants[0].name if consultants else ""},
        description="\n".join(part for part in (how, found.reference, place and place.phone, tenant.name) if part),
        location=location,
        status="CANCELLED" if gone else "CONFIRMED",
        organiser=ics.Party(tenant.name, parseaddr(gateway.sender)[1]),
    )
    return ics.write([entry], method="CANCEL" if gone else "PUBLISH")


def held(kind: VisitType, place: Location | None, words: Words) -> tuple[str, str]:
    """Say where a visit is held, and how if nobody is to travel to it."""
    if kind.mode != "telehealth":
        return where(place), ""
    return kind.video_url or "", words.by_video if kind.video_url else words.called


def revision(appointment: Appointment) -> int:
    """Tell the sequence number of an appointment as it stands; the messages' calendar files count alike."""
    gone = appointment.status in _GONE
    return ics.sequence(appointment.version, cancelled=gone, returned=appointment.returned)


def where(place: Location | None) -> str:
    """Say where something is, in one line."""
    if place is None:
        return ""
    known = place.address
    parts = (place.name, *((known.line1, known.line2, known.city) if known else ()))
    return ", ".join(part for part in parts if part)
