"""Appointments whose local time a new zone rule has moved: listed for people to deal with, and never moved silently.

Governments change when their clocks change, and do so at short notice. People agreed on a wall time; what is stored
beside the instant says which, so that the two can be compared by the rules of today (the IANA time zone database).
"""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fastapi import APIRouter

from careconnect import clock
from careconnect.auth import Actor, require
from careconnect.db import Read, ReadSession, Write
from services.appointments import repository
from services.appointments.api import shape
from services.appointments.models import Appointment, wall_time
from services.appointments.reach.repository import narrowed
from services.appointments.schemas import NOBODY, OCCUPYING, ClockChange
from services.appointments.schemas import Appointment as AppointmentShown

router = APIRouter()
_MOST = 1000


@router.get("/clock-changes", summary="List appointments whose local time a new zone rule has moved")
async def list_changes(_: Annotated[Actor, require("appointments:read")], session: Read) -> list[ClockChange]:
    """List what is to come and occupies its time, soonest first."""
    return [_shown(one) for one in await moved(session)]


@router.put("/appointments/{appointment_id}/wall-time", summary="Agree on the wall time that a new rule makes of it")
async def agree(
    appointment_id: UUID, _: Annotated[Actor, require("appointments:write")], session: Write
) -> AppointmentShown:
    """Keep the instant; a repeat changes nothing."""
    appointment = await repository.get(session, appointment_id, lock=True)
    if appointment.agree_to_clock():
        session.record("appointment.wall_time_agreed", "appointment", appointment.id, data=appointment.facts())
    return shape(appointment)


async def moved(session: ReadSession) -> list[Appointment]:
    """Find them. Starts are compared once each, however many appointments share one."""
    coming = [
        Appointment.tenant_id == session.tenant_id,
        Appointment.start_at >= clock.now(),
        Appointment.status.in_(sorted(OCCUPYING)),
        Appointment.patient_id.is_not(None),
    ]
    said = (Appointment.zone, Appointment.start_at, Appointment.local_start)
    starts = (await session.execute(sa.select(*said).where(*coming).distinct())).all()
    wrong = [tuple(one) for one in starts if wall_time(one.start_at, one.zone) != one.local_start]
    if not wrong:
        return []
    statement = sa.select(Appointment).where(*coming, sa.tuple_(*said).in_(wrong), *await narrowed(session))
    return list(await session.scalars(statement.order_by(Appointment.start_at, Appointment.id).limit(_MOST)))


def _shown(one: Appointment) -> ClockChange:
    return ClockChange(
        id=one.id,
        reference=one.reference,
        patient_id=one.patient_id or NOBODY,
        consultant_id=one.consultant_id,
        location_id=one.location_id,
        zone=one.zone,
        start=one.start_at,
        agreed=one.local_start.isoformat(),
        shown=wall_time(one.start_at, one.zone).isoformat(),
        start_as_agreed=_instant(one.local_start, one.zone),
    )


def _instant(wall: datetime, zone: str) -> datetime:
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
