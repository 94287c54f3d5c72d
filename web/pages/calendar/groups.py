"""Group visits: one block in the grid for all who share one, and the list of who comes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.appointments.schemas import OCCUPYING, Appointment, DiaryQuery, Status
from web.gateway.finding import Slot
from web.pages import naming
from web.pages.appointments.picker import Start
from web.pages.calendar.reading import NEVER_SHOWN
from web.pages.links import link
from web.pages.naming import Visit
from web.pages.screen import Screen, needs
from web.words import gettext

router = APIRouter()
Reader = Annotated[Screen, needs("appointments:read")]
_PROGRESS = (Status.HELD, Status.BOOKED, Status.ARRIVED, Status.CHECKED_IN, Status.FULFILLED)
"""The states of who comes; a group is as far as the one who is least far."""
_COMING = OCCUPYING | {Status.FULFILLED}


@dataclass(frozen=True)
class Group:
    """The seats of one group visit that are taken."""

    seats: list[Visit]

    @property
    def words(self) -> str:
        """Name it, with how many come of how many could."""
        return gettext(", ").join([self.seats[0].visit_type.name, self.count])

    @property
    def count(self) -> str:
        """Say how many come of how many could."""
        said = {"count": len(self.seats), "capacity": self.seats[0].capacity}
        return gettext("%(count)s of %(capacity)s") % said

    @property
    def status(self) -> Status:
        """Tell how far it is."""
        return next(state for state in _PROGRESS if any(one.status == state for one in self.seats))


def grouped(visits: Iterable[Visit]) -> tuple[list[Visit], list[Group]]:
    """Tell visits of one patient from the seats of groups; a seat that was given back stands alone."""
    alone: list[Visit] = []
    found: dict[object, list[Visit]] = {}
    for one in visits:
        if one.capacity > 1 and one.status in _COMING:
            place = one.location.id if one.location else None
            found.setdefault((one.consultant.id, one.visit_type.id, place, one.start, one.end), []).append(one)
        else:
            alone.append(one)
    return alone, [Group(sorted(seats, key=lambda one: one.id)) for seats in found.values()]


@router.get("/groups/{appointment_id}")
async def show(appointment_id: UUID, screen: Reader) -> Response:
    """List who shares the group visit of an appointment."""
    found = await screen.gateway.appointments.standing(screen.actor, appointment_id)
    span = DiaryQuery(from_=found.start, to=found.end, consultant_id=[found.consultant_id], without=NEVER_SHOWN)
    diary = await screen.gateway.appointments.diary(screen.actor, span)
    visits = await naming.visits(screen, [one for one in diary if _session(one) == _session(found)])
    coming = [one for one in visits if one.status in _COMING]
    slot = Slot(**found.model_dump(include={"consultant_id", "location_id", "visit_type_id", "start", "end", "zone"}))
    known = {"consultant_id": found.consultant_id, "visit_type_id": found.visit_type_id}
    may = screen.actor.may("appointments:write") and found.start > screen.frame.now
    return screen.page(
        "calendar/group.html",
        one=await naming.visit(screen, found),
        title=Group(coming).words if coming else gettext("Group visit"),
        seats=sorted(visits, key=lambda one: (one.status not in _COMING, one.patient.name)),
        another=link("/appointments/new", slot=Start.of(slot).value, **known)
        if may and len(coming) < found.capacity
        else "",
    )


def _session(one: Appointment) -> tuple[object, ...]:
    return (one.capacity > 1, one.visit_type_id, one.location_id, one.start, one.end)
