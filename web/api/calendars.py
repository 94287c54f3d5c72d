"""`/appointments/{id}/calendar.ics`: an appointment for somebody's own calendar."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect import ics
from careconnect.auth import Actor
from services.appointments.errors import AppointmentNotFound
from web.api.openapi import refusals
from web.calendar_words import calendar_words
from web.gateway.calendars import calendar_file
from web.session import Door, may

router = APIRouter(prefix="/appointments", tags=["appointments"])
_DECLARED = {"description": "the file", "content": {"text/calendar": {"schema": {"type": "string"}}}}


@router.get(
    "/{appointment_id}/calendar.ics",
    summary="An appointment as a calendar file",
    response_class=Response,
    responses={200: _DECLARED, **refusals(AppointmentNotFound)},
)
async def read(appointment_id: UUID, actor: Annotated[Actor, may("appointments:read")], gateway: Door) -> Response:
    """Give it as iCalendar (RFC 5545): its UID stays, SEQUENCE rises, a cancelled one says METHOD:CANCEL."""
    written = await calendar_file(gateway, actor, appointment_id, calendar_words())
    headers = {
        "Content-Disposition": 'attachment; filename="appointment.ics"', "Cache-Control": "private, no-store",
    }  # fmt: skip
    return Response(written, 200, headers, ics.MEDIA_TYPE)
