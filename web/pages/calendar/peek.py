"""One appointment beside the grid: its facts, and what its state allows at once."""

from typing import Annotated, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.schemas import Status
from web.pages import naming
from web.pages.appointments.changes import Step
from web.pages.calendar.view import PATH
from web.pages.links import link
from web.pages.screen import Screen, local, needs
from web.words import gettext

router = APIRouter()
Reader = Annotated[Screen, needs("appointments:read")]
Writer = Annotated[Screen, needs("appointments:write")]


class Verb(NamedTuple):
    """One step that can be noted, with its word."""

    step: str
    words: str
    icon: str


_ARRIVAL = Verb("arrival", "Arrived", "door")
_CHECK_IN = Verb("check-in", "Check in", "clipboard")
_COMPLETION = Verb("completion", "Complete", "check")
_NEXT = {Status.BOOKED: [_ARRIVAL, _CHECK_IN], Status.ARRIVED: [_CHECK_IN], Status.CHECKED_IN: [_COMPLETION]}


@router.get("/appointments/{appointment_id}")
async def peek(appointment_id: UUID, screen: Reader) -> Response:
    """Show it without leaving the calendar."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    may = screen.actor.may("appointments:write")
    return screen.page(
        "calendar/peek.html",
        visit=await naming.visit(screen, found),
        form=screen.form("step"),
        verbs=[one._replace(words=gettext(one.words)) for one in _NEXT.get(found.status, [])] if may else [],
        movable=may and found.status == Status.BOOKED,
    )


@router.post("/appointments/{appointment_id}/{step}")
async def step(appointment_id: UUID, step: Step, screen: Writer, *, undo: bool = False, back: str = "") -> Response:
    """Note a step and stay in the calendar; the toast offers the undoing."""
    try:
        await screen.gateway.bookings.step(screen.actor, appointment_id, step, undo=undo)
    except Refusal as refusal:
        if not screen.htmx:
            return screen.done(refusal.detail, local(back, PATH), tone="red")
        return screen.closed(refusal.detail, tone="red", tell={"calendar-changed": True})
    if not screen.htmx:
        return screen.done(gettext("Undone") if undo else gettext("Noted"), local(back, PATH))
    address = link(f"{PATH}/appointments/{appointment_id}/{step}", undo="true", back=under(screen))
    return screen.closed(
        gettext("Noted"), undo=None if step == "completion" else address, tell={"calendar-changed": True}
    )


def under(screen: Screen) -> str:
    """Tell which view of the calendar lies below a dialog, so that an undoing can go back to it."""
    here = urlsplit(screen.request.headers.get("hx-current-url", ""))
    return (here.path + (f"?{here.query}" if here.query else "")) if here.path.startswith(PATH) else PATH
