"""The appointments service as its callers see it."""

from typing import Any
from uuid import UUID

from careconnect.auth import Actor
from careconnect.client import ServiceClient
from careconnect.pagination import Page
from services.appointments.absences.schemas import Decision
from services.appointments.prices import Charged, ChargedPage
from services.appointments.schemas import (
    Appointment,
    AppointmentDetail,
    AppointmentFilter,
    Cancellation,
    Changes,
    ClockChange,
    DiaryQuery,
    Ending,
    EndingsAsk,
    Figures,
    FreeSlot,
    Hold,
    Move,
    Notes,
    Remark,
    RemarkDecision,
    SlotSearch,
    Sort,
    Summary,
    TimelineEvent,
)

# The class has a method named `list`, so lists of things have names of their own.
FreeSlots = list[FreeSlot]
ClockChanges = list[ClockChange]
Appointments = list[Appointment]
Timeline = list[TimelineEvent]
Endings = list[Ending]


class AppointmentsClient(ServiceClient):
    """Typed calls to the appointments service; refusals come back as the classes of `services.appointments.errors`."""

    service = "appointments"

    async def hold(self, actor: Actor, appointment_id: UUID, asked: Hold) -> Appointment:
        """Occupy a time under an id of the caller's; a repeat answers with what stands."""
        return await self.call(actor, "PUT", f"/appointments/{appointment_id}", json=asked, into=Appointment)

    async def confirm(self, actor: Actor, appointment_id: UUID) -> Appointment:
        """Turn a hold into a booking."""
        return await self._post(actor, appointment_id, "confirmation")

    async def release(self, actor: Actor, appointment_id: UUID, code: str) -> None:
        """Give back the time of an unfinished booking."""
        await self.call(actor, "PUT", f"/appointments/{appointment_id}/release", json={"code": code})

    async def move(self, actor: Actor, appointment_id: UUID, asked: Move) -> Appointment:
        """Move to another time in one step."""
        return await self._put(actor, appointment_id, "rescheduling", asked)

    async def cancel(self, actor: Actor, appointment_id: UUID, asked: Cancellation) -> Appointment:
        """Cancel."""
        return await self._put(actor, appointment_id, "cancellation", asked)

    async def change(self, actor: Actor, appointment_id: UUID, verb: str, *, undo: bool = False) -> Appointment:
        """Do, or undo, a step of the visit: `arrival`, `check-in`, `consultation` and so on."""
        method = "DELETE" if undo else "PUT"
        return await self.call(actor, method, f"/appointments/{appointment_id}/{verb}", into=Appointment)

    async def endings(self, actor: Actor, ids: list[UUID]) -> Endings:
        """Tell which appointments do not take place, or do not exist."""
        return await self.call(actor, "POST", "/endings", json=EndingsAsk(ids=ids), into=Endings)

    async def charged_visits(self, actor: Actor, after: UUID | None, grace_seconds: int) -> ChargedPage:
        """List a page of visits that take place and cost something."""
        params = {"after": after, "grace_seconds": grace_seconds}
        return await self.call(actor, "GET", "/charged", params=params, into=ChargedPage)

    async def charged(self, actor: Actor, appointment_id: UUID) -> Charged:
        """Tell what a visit costs, as it was told at its booking."""
        return await self.call(actor, "GET", f"/appointments/{appointment_id}/charged", into=Charged)

    async def attend(self, actor: Actor, appointment_id: UUID, step: str | None) -> None:
        """Put the appointment under Attention with the step that waits, or take it from there."""
        await self.call(actor, "PUT", f"/appointments/{appointment_id}/attention", json={"step": step})

    async def write_notes(self, actor: Actor, appointment_id: UUID, notes: Notes) -> None:
        """Keep what was written about an appointment."""
        await self.call(actor, "PUT", f"/appointments/{appointment_id}/notes", json=notes)

    async def draft_remark(self, actor: Actor, appointment_id: UUID, remark_id: UUID, said: Remark) -> None:
        """Draft why something is asked for, under an id of the caller's."""
        await self.call(actor, "PUT", f"/appointments/{appointment_id}/remark-drafts/{remark_id}", json=said)

    async def decide_remarks(self, actor: Actor, appointment_id: UUID, decided: RemarkDecision) -> None:
        """Say whether what was asked for was done."""
        await self.call(actor, "POST", f"/appointments/{appointment_id}/remark-decisions", json=decided)

    async def forget_remark_drafts(self, actor: Actor) -> None:
        """Drop the drafts of remarks that nobody decided on within a day."""
        await self.call(actor, "DELETE", "/remark-drafts/forgotten")

    async def get(self, actor: Actor, appointment_id: UUID) -> AppointmentDetail:
        """Read one with its notes; audited."""
        return await self.call(actor, "GET", f"/appointments/{appointment_id}", into=AppointmentDetail)

    async def standing(self, actor: Actor, appointment_id: UUID) -> Appointment:
        """Read where one stands."""
        return await self.call(actor, "GET", f"/appointments/{appointment_id}/standing", into=Appointment)

    async def timeline(self, actor: Actor, appointment_id: UUID) -> Timeline:
        """Tell what happened to one, oldest first."""
        return await self.call(actor, "GET", f"/appointments/{appointment_id}/timeline", into=Timeline)

    async def list(
        self,
        actor: Actor,
        wanted: AppointmentFilter | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
        count: bool = False,
        sort: Sort = "start",
    ) -> Page[Appointment]:
        """List in the order of `sort`."""
        params = {"limit": limit, "cursor": cursor, "count": count, "sort": sort}
        return await self.call(actor, "GET", "/appointments", params=_filter(wanted) | params, into=Page[Appointment])

    async def diary(self, actor: Actor, wanted: DiaryQuery) -> Appointments:
        """List what touches a stretch of time, by start and all at once."""
        return await self.call(
            actor, "GET", "/diary", params=wanted.model_dump(exclude_defaults=True), into=Appointments
        )

    async def changes(self, actor: Actor, after: int | None = None) -> Changes:
        """Tell which appointments changed after a point of the outbox; without `after`, where it ends."""
        return await self.call(actor, "GET", "/changes", params={"after": after}, into=Changes)

    async def summary(self, actor: Actor, wanted: AppointmentFilter | None = None) -> Summary:
        """Count by state."""
        return await self.call(actor, "GET", "/appointments/summary", params=_filter(wanted), into=Summary)

    async def undecided(self, actor: Actor, appointment_id: UUID) -> bool:
        """Tell whether nobody has decided yet what becomes of it while its consultant is away."""
        path = f"/appointments/{appointment_id}/decision"
        return (await self.call(actor, "GET", path, into=Decision)).open

    async def slots(self, actor: Actor, wanted: SlotSearch) -> FreeSlots:
        """Find free starts inside windows of working time."""
        return await self.call(actor, "POST", "/slots", json=wanted, into=FreeSlots)

    async def clock_changes(self, actor: Actor) -> ClockChanges:
        """List appointments whose local time a new zone rule has moved."""
        return await self.call(actor, "GET", "/clock-changes", into=ClockChanges)

    async def agree_wall_time(self, actor: Actor, appointment_id: UUID) -> Appointment:
        """Keep an appointment's instant, and agree on the wall time that a new rule makes of it."""
        return await self.call(actor, "PUT", f"/appointments/{appointment_id}/wall-time", into=Appointment)

    async def figures(self, actor: Actor, **period: Any) -> Figures:
        """Count a period for the dashboard."""
        return await self.call(actor, "GET", "/figures", params=period, into=Figures)

    async def _put(self, actor: Actor, appointment_id: UUID, verb: str, asked: Any) -> Appointment:
        return await self.call(actor, "PUT", f"/appointments/{appointment_id}/{verb}", json=asked, into=Appointment)

    async def _post(self, actor: Actor, appointment_id: UUID, verb: str) -> Appointment:
        return await self.call(actor, "POST", f"/appointments/{appointment_id}/{verb}", into=Appointment)


def _filter(wanted: AppointmentFilter | None) -> dict[str, Any]:
    return wanted.model_dump(exclude_defaults=True) if wanted else {}
