"""Choosing another time, by the link in the message that a consultant is away."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect import ics
from careconnect.errors import Refusal
from services.appointments.absences.schemas import AbsenceItem, AbsenceState, ItemState, Place
from services.appointments.errors import AppointmentNotFound
from web.calendar_words import calendar_words
from web.forms import Form
from web.gateway.calendars import calendar_file
from web.pages import naming
from web.pages.public.visitor import Visitor, visiting
from web.words import gettext

PURPOSE = "choose"
SCOPES = ("appointments:read", "appointments:write", "consultants:read", "catalogue:read")
router = APIRouter(prefix=f"/{PURPOSE}")
Patient = Annotated[Visitor, visiting(PURPOSE, *SCOPES)]
_OVER = {AbsenceState.UNDOING, AbsenceState.UNDONE}
_OK = 200


@router.get("/{token}")
async def show(visitor: Patient) -> Response:
    """Show the times to choose from, or what became of it."""
    return await _page(visitor, visitor.form("choice"))


@router.post("/{token}")
async def choose(visitor: Patient) -> Response:
    """Take one of the times that were offered."""
    form = await visitor.submitted("choice")
    _, item = await _offer(visitor)
    if item.state is not ItemState.OFFERED:
        return await _page(visitor, form, 409)
    place = next((one for one in item.choices if _key(one) == form.values["place"]), None)
    if place is None:
        return await _page(visitor, form.object(gettext("Choose a time"), "place"), 422)
    return await _decide(visitor, form, place)


@router.post("/{token}/cancellation")
async def cancel(visitor: Patient) -> Response:
    """Take none of them: the appointment is cancelled, with all money back."""
    return await _decide(visitor, await visitor.submitted("choice"), None)


@router.get("/{token}/calendar.ics")
async def calendar(visitor: Patient) -> Response:
    """Give the appointment as it stands now as a calendar file."""
    written = await calendar_file(visitor.gateway, visitor.actor, visitor.link.subject, calendar_words())
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"', "Cache-Control": "no-store"}
    return Response(written, 200, headers, ics.MEDIA_TYPE)


async def _decide(visitor: Visitor, form: Form, place: Place | None) -> Response:
    absence_id, item = await _offer(visitor)
    try:
        await visitor.gateway.absences.choose(visitor.actor, absence_id, item.appointment_id, place)
    except Refusal as refusal:
        return await _page(visitor, form.refuse(refusal), refusal.status)
    return visitor.back()


async def _page(visitor: Visitor, form: Form, status: int = _OK) -> Response:
    absence_id, item = await _offer(visitor)
    absence = await visitor.gateway.absences.get(visitor.actor, absence_id)
    found = await visitor.gateway.appointments.standing(visitor.actor, item.appointment_id)
    consultants = await visitor.known.consultant_names(visitor.actor, (one.consultant_id for one in item.choices))
    places = {place.id: place.name for place in await visitor.known.locations(visitor.actor)}
    return await visitor.page(
        "public/choose.html",
        http=status,
        form=form,
        visit=await naming.public_visit(visitor.known, visitor.actor, found),
        item=item,
        open_=item.state is ItemState.OFFERED and absence.state not in _OVER,
        choices=[
            (_key(one), one, consultants[one.consultant_id].name, places.get(one.location_id, ""))
            for one in item.choices
            if one.consultant_id in consultants
        ],
    )


async def _offer(visitor: Visitor) -> tuple[UUID, AbsenceItem]:
    absence_id = UUID(visitor.link.data["absence"])
    absence = await visitor.gateway.absences.get(visitor.actor, absence_id)
    item = next((one for one in absence.items if one.appointment_id == visitor.link.subject), None)
    if item is None:
        raise AppointmentNotFound
    return absence_id, item


def _key(place: Place) -> str:
    return f"{place.consultant_id}.{place.location_id}.{int(place.start.timestamp())}"
