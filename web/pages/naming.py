"""Appointments, payments and messages with the names that people know them by."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from careconnect.auth import Actor
from services.appointments.schemas import NOBODY, Appointment, AppointmentDetail
from services.consultants.schemas import ConsultantName, VisitType
from services.identity.schemas import Location
from services.patients.schemas import PatientName
from web.gateway.booked import Named
from web.pages.known import Known
from web.pages.screen import Screen
from web.words import gettext

_AT_ONCE = 200
_WRITTEN = {"reason", "notes", "overbook_reason"}


@dataclass(frozen=True)
class Person:
    """A patient on a list."""

    id: UUID
    name: str
    mrn: str = ""


@dataclass(frozen=True)
class Visit:
    """An appointment as screens show it."""

    id: UUID
    reference: str
    status: str
    version: int
    start: datetime
    end: datetime
    zone: str
    patient: Person
    consultant: Named
    visit_type: Named
    location: Named | None
    needs_attention: bool
    hold_expires_at: datetime | None
    status_since: datetime
    with_consultant_since: datetime | None = None
    capacity: int = 1
    cancel_reason: str | None = None
    reason: str = ""
    notes: str = ""
    overbook_reason: str = ""
    by_video: bool = False
    video_url: str = ""


async def patients(screen: Screen, ids: Iterable[UUID | None]) -> dict[UUID, Person]:
    """Name patients, by id; one that is not found is still somebody."""
    wanted = sorted({one for one in ids if one is not None})
    parts = [wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE)]
    found: list[list[PatientName]] = await asyncio.gather(
        *(screen.gateway.patients.names(screen.actor, part) for part in parts)
    )
    named = {one.id: Person(one.id, one.name, one.mrn) for part in found for one in part}
    named[NOBODY] = Person(NOBODY, gettext("Held time"))
    return {one: named.get(one, Person(one, gettext("Unknown patient"))) for one in wanted}


async def visits(screen: Screen, appointments: Iterable[Appointment]) -> list[Visit]:
    """Show appointments, in their order."""
    listed = list(appointments)
    people, consultants, types, places = await asyncio.gather(
        patients(screen, (one.patient_id for one in listed)),
        screen.known.consultant_names(screen.actor, (one.consultant_id for one in listed)),
        screen.known.visit_types(screen.actor),
        screen.known.locations(screen.actor),
    )
    at = {place.id: place for place in places}
    return [_visit(one, people[one.patient_id], consultants, types, at) for one in listed]


async def visit(screen: Screen, appointment: Appointment) -> Visit:
    """Show one appointment."""
    return (await visits(screen, [appointment]))[0]


async def public_visit(known: Known, actor: Actor, appointment: Appointment) -> Visit:
    """Show one appointment to the patient themselves, who needs no name."""
    consultants, types, places = await asyncio.gather(
        known.consultant_names(actor, [appointment.consultant_id]), known.visit_types(actor), known.locations(actor)
    )
    nobody = Person(appointment.patient_id, "")
    return _visit(appointment, nobody, consultants, types, {place.id: place for place in places})


def _visit(
    one: Appointment,
    patient: Person,
    consultants: dict[UUID, ConsultantName],
    types: dict[UUID, VisitType],
    places: dict[UUID, Location],
) -> Visit:
    consultant, kind = consultants.get(one.consultant_id), types.get(one.visit_type_id)
    place = places.get(one.location_id)
    written = one.model_dump(include=_WRITTEN) if isinstance(one, AppointmentDetail) else {}
    return Visit(
        id=one.id,
        reference=one.reference,
        status=one.status.value,
        version=one.version,
        start=one.start,
        end=one.end,
        zone=one.zone,
        patient=patient,
        consultant=Named(id=one.consultant_id, name=consultant.name if consultant else gettext("Unknown consultant")),
        visit_type=Named(id=one.visit_type_id, name=kind.name if kind else gettext("Visit")),
        location=Named(id=place.id, name=place.name) if place else None,
        needs_attention=one.needs_attention is not None,
        hold_expires_at=one.hold_expires_at,
        status_since=one.status_since,
        with_consultant_since=one.with_consultant_since,
        capacity=one.capacity,
        cancel_reason=one.cancellation_reason,
        by_video=kind is not None and kind.mode == "telehealth",
        video_url=(kind.video_url if kind else None) or "",
        **written,
    )
