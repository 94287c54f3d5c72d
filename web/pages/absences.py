"""How far the appointments in a consultant's leave are dealt with; can be left, and paused, and undone."""

import asyncio
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import Refusal
from services.appointments.absences.schemas import Absence, AbsenceState, ItemState
from web.pages import naming
from web.pages.absence_words import reason_words
from web.pages.screen import Screen, needs
from web.words import gettext
from workflows.contracts.absence import Steer

router = APIRouter(prefix="/absences/{absence_id}", include_in_schema=False)
Reader = Annotated[Screen, needs("appointments:read")]
Writer = Annotated[Screen, needs("appointments:write")]
_WORKING = {AbsenceState.RUNNING, AbsenceState.PAUSED, AbsenceState.UNDOING}
_SILENT = {ItemState.FAILED, ItemState.LEFT, ItemState.UNRESTORED, ItemState.WAITING}


@router.get("")
async def show(absence_id: UUID, screen: Reader) -> Response:
    """Show it; the part with the figures asks for itself again while anything may change."""
    absence = await screen.gateway.absences.get(screen.actor, absence_id)
    return await _page(screen, absence)


@router.post("/{what}")
async def steer(absence_id: UUID, what: Literal["pause", "resume", "undo"], screen: Writer) -> Response:
    """Pause, go on, or undo."""
    await screen.submitted("steer")
    here = f"/absences/{absence_id}"
    if what == "undo" and not screen.actor.may("consultants:write"):
        return screen.done(gettext("Your role does not allow taking the leave back"), here, tone="red")
    try:
        await screen.gateway.absences.steer(screen.actor, absence_id, Steer(what))
    except Refusal as refusal:
        return screen.done(refusal.detail, here, tone="red")
    said = {"pause": gettext("Paused"), "resume": gettext("Going on"), "undo": gettext("Being undone")}
    return screen.done(said[what], here)


async def _page(screen: Screen, absence: Absence) -> Response:
    consultants, patients, named = await asyncio.gather(
        screen.known.consultant_names(
            screen.actor, [absence.consultant_id, *(one.place.consultant_id for one in absence.items if one.place)]
        ),
        naming.patients(screen, (one.patient_id for one in absence.items)),
        screen.known.visit_types(screen.actor),
    )
    undoable = absence.undo_until is not None and screen.frame.now < absence.undo_until
    silent = [one for one in absence.items if one.told is None and one.state not in _SILENT]
    busy = absence.state in _WORKING or bool(silent and absence.state is AbsenceState.FINISHED)
    return screen.page(
        "absences/_progress.html" if screen.htmx else "absences/progress.html",
        absence=absence,
        consultant=consultants[absence.consultant_id],
        consultants=consultants,
        patients=patients,
        kinds=named,
        counts=_counts(absence),
        undoable=undoable and absence.state is AbsenceState.FINISHED,
        every="2s" if busy else "20s" if undoable else "",
        reasons={one.appointment_id: reason_words(one.reason) for one in absence.items if one.reason},
        form=screen.form("steer"),
    )


def _counts(absence: Absence) -> list[tuple[str, int]]:
    states = [one.state for one in absence.items]
    return [(state.value, states.count(state)) for state in ItemState if state in states]
