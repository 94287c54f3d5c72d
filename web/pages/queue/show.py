"""The board, and the steps that are noted on it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from web.pages.appointments.changes import Step
from web.pages.links import link
from web.pages.queue.board import STEP_WORDS, columns
from web.pages.screen import OK, Screen, needs
from web.words import gettext

router = APIRouter()
PATH = "/queue"
BOARD = "board"
Reader = Annotated[Screen, needs("appointments:read")]
Writer = Annotated[Screen, needs("appointments:write")]


@router.get("")
async def show(screen: Reader) -> Response:
    """Show today, or the board alone where a script asks for it."""
    return await _page(screen)


@router.post("/{appointment_id}/{step}")
async def note(appointment_id: UUID, step: Step, screen: Writer, *, undo: bool = False) -> Response:
    """Note a step, or undo it; the board shows it at once, and the toast offers the undoing."""
    try:
        await screen.gateway.bookings.step(screen.actor, appointment_id, step, undo=undo)
    except Refusal as refusal:
        if not screen.htmx:
            return screen.done(refusal.detail, PATH, tone="red")
        return await _page(screen, refusal.status, {"message": refusal.detail, "tone": "red"})
    back = None if undo else f"{PATH}/{appointment_id}/{step}?undo=true"
    said = gettext("Undone") if undo else STEP_WORDS[step]()
    if not screen.htmx:
        return screen.done(said, PATH, undo=back)
    return await _page(screen, OK, {"message": said, "undo": back})


async def _page(screen: Screen, status: int = OK, toast: dict[str, Any] | None = None) -> Response:
    place = screen.frame.location
    return screen.page(
        "queue/_board.html" if screen.targets(BOARD) else "queue/page.html",
        http=status,
        tell={"toast": toast} if toast else None,
        columns=await columns(screen),
        form=screen.form("step"),
        stream=link("/calendar/events", location_id=place.id if place else None),
        may_write=screen.actor.may("appointments:write"),
    )
