"""Appointments whose wall time a new rule of their zone has moved, each with what can be done."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from careconnect.errors import NotFound
from services.appointments.schemas import ClockChange
from web.formats import local_date
from web.gateway.clock_changes import AT_ONCE
from web.pages import naming
from web.pages.screen import Screen, needs
from web.words import gettext, ngettext

router = APIRouter(prefix="/clock-changes", include_in_schema=False)
Reader = Annotated[Screen, needs("appointments:read")]
Writer = Annotated[Screen, needs("appointments:write")]
_HERE = "/clock-changes"


class Zone(NamedTuple):
    """A zone whose rules were changed, and how many appointments that concerns."""

    zone: str
    name: str
    appointments: int


def zones(changes: Iterable[ClockChange]) -> list[Zone]:
    """Count the appointments by zone."""
    counts: dict[str, int] = {}
    for one in changes:
        counts[one.zone] = counts.get(one.zone, 0) + 1
    return [Zone(zone, zone.replace("_", " "), count) for zone, count in sorted(counts.items())]


@router.get("")
async def listed(screen: Reader) -> Response:
    """List them, soonest first."""
    changes = await screen.gateway.clock_changes.found(screen.actor)
    shown = changes[:AT_ONCE]
    people = await naming.patients(screen, (one.patient_id for one in shown))
    consultants = await screen.known.consultant_names(screen.actor, (one.consultant_id for one in shown))
    return screen.page(
        "appointments/clock_changes.html",
        items=[
            {
                "id": one.id,
                "patient": people[one.patient_id].name,
                "consultant": consultants[one.consultant_id].name if one.consultant_id in consultants else "",
                "zone": one.zone.replace("_", " "),
                "agreed": _wall(one.agreed),
                "shown": _wall(one.shown),
            }
            for one in shown
        ],
        more=len(changes) - len(shown),
        zones=zones(changes),
        form=screen.form("clock"),
    )


@router.post("/moves")
async def move(screen: Writer) -> Response:
    """Move one, or all of a zone, so that the clock shows what was agreed on."""
    chosen = (await _chosen(screen))[:AT_ONCE]
    refused = await screen.gateway.clock_changes.keep_wall_time(
        screen.actor, chosen, gettext("A new rule of the time zone moved the clock")
    )
    screen.known.forget(screen.actor)
    moved = len(chosen) - len(refused)
    told = ngettext("%(num)s appointment moved", "%(num)s appointments moved", moved) % {"num": moved}
    if refused:
        told = gettext("%(moved)s; %(count)d could not be: %(why)s") % {
            "moved": told, "count": len(refused), "why": refused[0].detail,
        }  # fmt: skip
    return screen.done(told, _HERE, tone="orange" if refused else "green")


@router.post("/agreements")
async def leave(screen: Writer) -> Response:
    """Leave one, or all of a zone, at the instant, whatever the clock shows then."""
    chosen = await _chosen(screen)
    for one in chosen:
        await screen.gateway.clock_changes.leave(screen.actor, one.id)
    screen.known.forget(screen.actor)
    words = ngettext("%(num)s appointment left as it is", "%(num)s appointments left as they are", len(chosen))
    return screen.done(words % {"num": len(chosen)}, _HERE)


async def _chosen(screen: Screen) -> list[ClockChange]:
    """Find what the form names: one appointment, or all of a zone.

    Raises:
        NotFound: it is not, or no longer, among them.
    """
    form = await screen.submitted("clock")
    changes = await screen.gateway.clock_changes.found(screen.actor)
    key: UUID | None = form.chosen("appointment_id")
    chosen = [one for one in changes if one.id == key or one.zone == form.values["zone"]]
    if not chosen:
        raise NotFound
    return chosen


def _wall(text: str) -> dict[str, Any]:
    moment = datetime.fromisoformat(text)
    return {"day": local_date(moment.date(), skeleton="MMMEd"), "time": f"{moment:%H:%M}"}
