"""The list of series, and one with its appointments."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.appointments.series.schemas import Occurrence, OccurrenceStatus, Series, SeriesStatus
from web.gateway.booked import Named
from web.pages import naming
from web.pages.naming import Person
from web.pages.screen import Screen, needs
from web.pages.series.words import conflict_words, every
from web.words import gettext

router = APIRouter()
Reader = Annotated[Screen, needs("appointments:read")]
_SHOWN = 30
_AHEAD = {"held", "booked", "arrived"}


@dataclass(frozen=True)
class Choice:
    """A free time near a conflict, as a button."""

    value: str
    words_at: object
    zone: str


@dataclass(frozen=True)
class Row:
    """One appointment of a series, as a row."""

    one: Occurrence
    state: str
    kind: str
    note: str
    near: list[Choice]
    ahead: bool
    undoable: bool


@router.get("")
async def listed(screen: Reader, cursor: str | None = None) -> Response:
    """List series, the newest first."""
    page = await screen.gateway.series.list(screen.actor, limit=_SHOWN, cursor=cursor)
    people = await naming.patients(screen, (one.patient_id for one in page.items))
    names = await screen.known.consultant_names(screen.actor, (one.consultant_id for one in page.items))
    rows = [
        (one, people[one.patient_id], names[one.consultant_id].name if one.consultant_id in names else "")
        for one in page.items
    ]
    return screen.page(
        "series/list.html",
        rows=rows,
        every=every,
        may_write=screen.actor.may("appointments:write"),
        next_href=page.next_cursor and f"/series?cursor={page.next_cursor}",
    )


@router.get("/{series_id}")
async def show(series_id: UUID, screen: Reader) -> Response:
    """Show one as it stands; while it is being booked, the page asks again by itself."""
    found = await screen.gateway.series.get(screen.actor, series_id)
    patient, consultant, visit = await names_of(screen, found)
    template = "series/_occurrences.html" if screen.targets("occurrences") else "series/detail.html"
    return screen.page(
        template,
        series=found,
        patient=patient,
        consultant=consultant,
        visit=visit,
        words=every(found.rule),
        rows=[_row(screen, one) for one in found.occurrences],
        booking=found.status == SeriesStatus.BOOKING,
        first_ahead=next((one.number for one in found.occurrences if _is_ahead(screen, one)), None),
        undoable=sum(_is_undoable(screen, one) for one in found.occurrences),
        form=screen.form("resolution"),
        may_write=screen.actor.may("appointments:write"),
    )


async def names_of(screen: Screen, found: Series) -> tuple[Person, Named, str]:
    """Name the patient, the consultant and the visit."""
    people = await naming.patients(screen, [found.patient_id])
    consultants = await screen.known.consultant_names(screen.actor, [found.consultant_id])
    types = await screen.known.visit_types(screen.actor)
    name = (
        consultants[found.consultant_id].name if found.consultant_id in consultants else gettext("Unknown consultant")
    )
    visit = types[found.visit_type_id].name if found.visit_type_id in types else gettext("Visit")
    return people[found.patient_id], Named(id=found.consultant_id, name=name), visit


def _row(screen: Screen, one: Occurrence) -> Row:
    booked = one.status == OccurrenceStatus.BOOKED and one.appointment_status
    near = [
        Choice(f"{slot.consultant_id}|{slot.location_id}|{slot.start.isoformat()}", slot.start, slot.zone)
        for slot in one.alternatives
        if slot.start > screen.frame.now
    ]
    conflict = one.status == OccurrenceStatus.CONFLICT
    return Row(
        one=one,
        state=one.appointment_status.value if booked and one.appointment_status else one.status.value,
        kind="appointment" if booked else "occurrence",
        note=conflict_words(one.code) if conflict else "",
        near=near if conflict else [],
        ahead=_is_ahead(screen, one),
        undoable=_is_undoable(screen, one),
    )


def _is_ahead(screen: Screen, one: Occurrence) -> bool:
    return one.start is not None and one.start > screen.frame.now and one.appointment_status in _AHEAD


def _is_undoable(screen: Screen, one: Occurrence) -> bool:
    return one.undo_until is not None and one.undo_until > screen.frame.now
