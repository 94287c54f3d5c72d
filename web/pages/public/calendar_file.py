"""A patient's own appointment as a calendar file, by the link in its messages."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect import ics
from web.calendar_words import calendar_words
from web.gateway.calendars import calendar_file
from web.pages.public.visitor import Visitor, visiting

router = APIRouter(prefix="/appointment")


@router.get("/{token}/calendar.ics")
async def read(visitor: Annotated[Visitor, visiting("appointment", "appointments:read")]) -> Response:
    """Give the appointment as it stands now."""
    written = await calendar_file(visitor.gateway, visitor.actor, visitor.link.subject, calendar_words())
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"', "Cache-Control": "no-store"}
    return Response(written, 200, headers, ics.MEDIA_TYPE)
