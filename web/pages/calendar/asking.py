"""The question that every move in the calendar asks, and how it was answered, in sentences."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.schemas import Appointment
from web.formats import duration, local_time, when
from web.forms import Form
from web.gateway.finding import Slot
from web.pages import naming
from web.pages.calendar.beginning import wall_time
from web.pages.calendar.view import PATH
from web.pages.links import link
from web.pages.screen import OK, Screen
from web.words import gettext

_OFFERED = 4


async def page(
    screen: Screen,
    form: Form,
    found: Appointment,
    status: int = OK,
    refusal: Refusal | None = None,
    *,
    overbookable: bool = False,
) -> Response:
    """Ask; after a refusal with the free times that it names."""
    visit, consultants = await asyncio.gather(naming.visit(screen, found), screen.known.consultants(screen.actor))
    chosen = form.chosen("consultant_id")
    other = consultants.get(chosen) if chosen and chosen != found.consultant_id else None
    near = [Slot.model_validate(one) for one in (refusal.extra if refusal else {}).get("alternatives", [])]
    return screen.page(
        "calendar/move.html",
        http=status,
        form=form,
        visit=visit,
        question=_question(form, found, other.name if other else "", screen.frame.zone),
        consultants=[(str(one.id), one.name) for one in consultants.values() if one.status == "active"],
        near=[(_there(one, form, found, screen), when(one.start, screen.frame.zone)) for one in near[:_OFFERED]],
        group=found.capacity > 1,
        overbookable=overbookable or bool(form.values["overbook_reason"]),
    )


def start(form: Form, found: Appointment, zone: str) -> datetime | None:
    """Read when it is to start; a time that was not touched is the appointment's own, even in a repeated hour."""
    wall = f"{form.values['date']}T{form.values['time']}"
    if wall == _wall(found.start, zone):
        return found.start
    return wall_time(wall, zone)


def minutes(one: Appointment) -> int:
    """Tell how long it is."""
    return int((one.end - one.start) / timedelta(minutes=1))


def done(moved: Appointment, was: Appointment, zone: str) -> str:
    """Say what was changed."""
    if (moved.start, moved.consultant_id) == (was.start, was.consultant_id):
        return gettext("It now takes %(length)s") % {"length": duration(minutes(moved))}
    return gettext("Moved to %(when)s") % {"when": when(moved.start, zone)}


def _question(form: Form, found: Appointment, name: str, zone: str) -> str:
    """Ask what the dragging means, in one sentence."""
    wanted = start(form, found, zone)
    if wanted is None:
        return gettext("Move appointment")
    if wanted == found.start and not name and form.values["minutes"].isdecimal():
        return _length(int(form.values["minutes"]), found, zone)
    said = {"when": when(wanted, zone), "name": name}
    sentence = gettext("Move to %(when)s with %(name)s?") if name else gettext("Move to %(when)s?")
    return sentence % said


def _length(wanted: int, found: Appointment, zone: str) -> str:
    end = local_time(found.start + timedelta(minutes=wanted), zone)
    sentence = (
        gettext("Lengthen to %(length)s, until %(end)s?")
        if wanted >= minutes(found)
        else gettext("Shorten to %(length)s, until %(end)s?")
    )
    return sentence % {"length": duration(wanted), "end": end}


def _there(slot: Slot, form: Form, found: Appointment, screen: Screen) -> str:
    """Give the address that asks about a free time instead, with all else as it was chosen."""
    kept = {"minutes": form.values["minutes"], "notify": "" if form.values["notify"] else "false"}
    wall = _wall(slot.start, screen.frame.zone)
    path = f"{PATH}/appointments/{found.id}/move"
    return link(path, start=wall, consultant_id=slot.consultant_id, **kept)


def _wall(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
