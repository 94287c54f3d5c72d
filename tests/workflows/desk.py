"""A clinic with series and a waiting list, for the tests of their workflows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from activities.appointments import AppointmentActivities
from activities.consultants import ConsultantActivities
from activities.processes import Processes
from activities.series import SeriesActivities
from activities.waiting import WaitlistActivities
from careconnect import clock
from careconnect.ids import uuid7
from services.appointments.schemas import FreeSlot, Status
from tests.workflows.lists import Diary, Openings, SeriesBook, Waitlist, Working
from tests.workflows.office import Office
from tests.workflows.services import ZONE
from workflows import ids
from workflows.contracts import (
    Answered,
    Joined,
    MatchResult,
    MessageResult,
    OfferAnswer,
    OfferMessage,
    OfferTold,
    SeriesCancellation,
    SeriesChanged,
    SeriesMessage,
    SeriesMove,
    SeriesOutcome,
    SeriesRequest,
    SeriesUndo,
    WaitRequest,
    WatchRequest,
)
from workflows.matching import WaitlistMatching
from workflows.series import AppointmentSeries
from workflows.waiting import WaitlistEntry


class Desk(Office):
    """Books series, and keeps a waiting list."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.consultants: Working = Working(self)
        self.consultants.staff = [self.consultant_id]
        self.appointments: Diary = Diary(self)
        self.book_of_series = SeriesBook(self.appointments)
        self.waitlist = Waitlist(self.appointments)
        self.series_id = uuid7()
        self.start = (clock.now() + timedelta(days=10)).replace(minute=0, second=0, microsecond=0)

    @property
    def activities(self) -> list[Any]:
        """Those of the office, and the real ones of series and the waiting list."""
        openings, processes = Openings(self), Processes(self.client)
        visits = self._any(
            AppointmentActivities, self.appointments, self._any(ConsultantActivities, self.consultants), openings.freed
        )
        series = self._any(SeriesActivities, self.book_of_series, processes)
        waiting = self._any(
            WaitlistActivities, self.client, self.waitlist, self.patients, self.consultants, self.appointments, openings
        )
        freeing = [visits.release, visits.cancel, visits.move]
        names = {one.__name__ for one in freeing}
        kept = [one for one in super().activities if one.__name__ not in names]
        return [
            *kept, *freeing, processes.book, processes.cancel, processes.move, processes.step, series.plan, series.book,
            series.skip, series.stand, series.targets, waiting.join, waiting.offer, waiting.close_offer, waiting.close,
            waiting.match, self.watch, self.tell_of_offer, self.tell_of_series,
        ]  # fmt: skip

    @activity.defn(name="watch_for_openings")
    async def watch(self, _request: WatchRequest) -> None:
        """Note that free times are looked for."""
        await self.meet("watch")

    @activity.defn(name="tell_of_offer")
    async def tell_of_offer(self, _request: OfferMessage) -> OfferTold:
        """Note that a patient was told of an offer."""
        await self.meet("waitlist_offer")
        return OfferTold(told=True)

    @activity.defn(name="tell_of_series")
    async def tell_of_series(self, _request: SeriesMessage) -> MessageResult:
        """Note that a patient was told of the dates."""
        await self.meet("series_dates")
        return MessageResult()

    # Series -----------------------------------------------------------------------------------------------------------

    async def book_series(self, count: int = 10, rule: str = "", **also: Any) -> SeriesOutcome:
        """Book every week at the same time."""
        said: dict[str, Any] = {
            "series_id": self.series_id, "actor": self.actor, "patient_id": self.patients.known,
            "consultant_id": self.consultant_id, "visit_type_id": self.consultants.visit_type_id,
            "location_id": self.consultants.location_id, "zone": ZONE, "start": self.start,
            "rule": rule or f"FREQ=WEEKLY;COUNT={count}", "request_hash": "first",
        }  # fmt: skip
        request = SeriesRequest(**said | also)
        return await self.client.execute_update_with_start_workflow(
            AppointmentSeries.book,
            "first",
            id=f"book-{request.series_id}",
            start_workflow_operation=self._begin(AppointmentSeries.run, request, ids.series(request.series_id)),
        )

    def _begin(self, run: Any, request: Any, name: str) -> Any:
        return WithStartWorkflowOperation(
            run, request, id=name, task_queue=self.queue, id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
        )  # fmt: skip

    @property
    def series(self) -> WorkflowHandle[AppointmentSeries, SeriesOutcome]:
        """The workflow of the series."""
        return self.client.get_workflow_handle_for(AppointmentSeries.run, ids.series(self.series_id))

    async def move_series(self, number: int, scope: Any, start: datetime) -> SeriesChanged:
        """Move appointments of the series."""
        asked = SeriesMove(actor=self.actor, number=number, scope=scope, start=start)
        return await self.series.execute_update(AppointmentSeries.move, asked)

    async def cancel_series(self, number: int, scope: Any, **also: Any) -> SeriesChanged:
        """Cancel appointments of the series."""
        asked = SeriesCancellation(actor=self.actor, number=number, scope=scope, reason="pat", **also)
        return await self.series.execute_update(AppointmentSeries.cancel, asked)

    async def undo_series(self) -> SeriesChanged:
        """Take back the last cancellation."""
        return await self.series.execute_update(AppointmentSeries.undo_cancellation, SeriesUndo(actor=self.actor))

    def offer_free(self, start: datetime) -> None:
        """Have one free time with the consultant of the series."""
        self.appointments.free = [
            FreeSlot(
                consultant_id=self.consultant_id,
                location_id=self.consultants.location_id,
                start=start,
                end=start + timedelta(minutes=30),
                zone="Asia/Colombo",
            )
        ]

    def occupied(self, number: int) -> None:
        """Have somebody else at the time of one occurrence."""
        start = self.start + timedelta(weeks=number - 1)
        self.appointments.add(
            uuid7(), Status.ARRIVED, patient_id=uuid7(), consultant_id=self.consultant_id,
            visit_type_id=self.consultants.visit_type_id, location_id=self.consultants.location_id, zone=ZONE,
            start=start, end=start + timedelta(minutes=30),
        )  # fmt: skip

    def starts(self) -> list[datetime]:
        """Tell when the booked appointments are, in their order."""
        return sorted(row.start for row in self.appointments.rows.values() if row.status == Status.BOOKED)

    # The waiting list -------------------------------------------------------------------------------------------------

    async def wait_for_visit(self, **also: Any) -> UUID:
        """Have a patient wait; all of them are the one whom the patients service knows."""
        key = uuid7()
        said: dict[str, Any] = {
            "entry_id": key, "actor": self.actor, "patient_id": self.patients.known,
            "visit_type_id": self.consultants.visit_type_id, "until": clock.now() + timedelta(days=30),
        }  # fmt: skip
        joined: Joined = await self.client.execute_update_with_start_workflow(
            WaitlistEntry.join,
            "first",
            id=f"join-{key}",
            start_workflow_operation=self._begin(WaitlistEntry.run, WaitRequest(**said | also), ids.waitlist(key)),
        )
        assert joined.refused is None
        return key

    def entry(self, key: UUID) -> WorkflowHandle[WaitlistEntry, Joined]:
        """Give the workflow of one who waits."""
        return self.client.get_workflow_handle_for(WaitlistEntry.run, ids.waitlist(key))

    def free(self, hours: int = 6) -> FreeSlot:
        """Have a time become free, so near that it may be offered at any hour."""
        start = (clock.now() + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
        slot = FreeSlot(
            consultant_id=self.consultant_id, location_id=self.consultants.location_id, start=start,
            end=start + timedelta(minutes=30), zone=ZONE,
        )  # fmt: skip
        self.appointments.free.append(slot)
        return slot

    async def match(self) -> MatchResult:
        """Look for free times, as the schedule does."""
        request = WatchRequest(tenant_id=self.actor.tenant_id)
        self.matching = await self.client.start_workflow(
            WaitlistMatching.run, request, id=f"matching-{uuid7()}", task_queue=self.queue
        )
        return await self.matching.result()

    async def answer(self, key: UUID, *, accept: bool) -> Answered:
        """Answer the newest offer."""
        offer = self.waitlist.of(key)[-1]
        asked = OfferAnswer(actor=self.actor, offer_id=offer.id, accept=accept)
        return await self.entry(key).execute_update(WaitlistEntry.answer, asked)

    def standing(self, key: UUID) -> tuple[str, list[str]]:
        """Tell how an entry stands, and its offers."""
        return self.waitlist.entries[key].status.value, [one.status.value for one in self.waitlist.of(key)]
