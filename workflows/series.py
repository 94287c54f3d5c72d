"""A series of appointments: each booked by a process of its own, then moved and cancelled together."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.consultants import ConsultantActivities
    from activities.patients import PatientActivities
    from activities.processes import Processes
    from activities.series import SeriesActivities
    from activities.telling import Telling
    from careconnect.auth import Actor
    from services.appointments.errors import UndoWindowOver, WrongState
    from services.appointments.schemas import UNDO_WINDOW
    from services.consultants.errors import OutsideHours
    from workflows import ids, policies
    from workflows.alternatives import nearest_free
    from workflows.contracts import (
        AlternativesRequest,
        AskCancel,
        AskMove,
        AskStep,
        BookingRequest,
        CancellationRequest,
        Changed,
        OccurrenceChange,
        OccurrenceRequest,
        OccurrenceResult,
        OfferRequest,
        PaymentChoice,
        Refused,
        RescheduleRequest,
        Resolving,
        SeriesCancellation,
        SeriesChanged,
        SeriesMessage,
        SeriesMove,
        SeriesOutcome,
        SeriesProgress,
        SeriesRequest,
        SeriesStanding,
        SeriesTarget,
        SeriesTargets,
        SeriesUndo,
        TargetsRequest,
        VisitStep,
    )
    from workflows.undo import ours, regardless

P = TypeVar("P")
R = TypeVar("R")
AT_ONCE = 4
"""How many appointments of one series are asked for at the same time: a series must not keep everybody else waiting."""
AFTERWARDS = timedelta(days=1)
"""How long after its last appointment a series may still be changed."""
_OF_ONE_TIME = frozenset({"outside_hours", "too_soon", "beyond_horizon"})
"""Refusals that are about the first time and not about the series."""
_TAKEN = frozenset({"slot_taken", "no_room_free"})
_OWN_SCOPES = frozenset({"appointments:read", "appointments:write", "consultants:read", "catalogue:read"})


@dataclass
class Undoable:
    """A cancellation that can be undone still: of the `whole` series, and told with `cause` when it is final."""

    targets: list[SeriesTarget]
    whole: bool
    cause: str | None
    undone: bool = False


@workflow.defn(name="AppointmentSeries")
class AppointmentSeries:
    """One series, from the request until its last appointment is over. Its id is `series-{uuid}`."""

    @workflow.init
    def __init__(self, request: SeriesRequest) -> None:
        """Prepare the state that handlers read; a handler can run before `run` does."""
        self.request = request
        self.own = Actor.workflow(request.actor.tenant_id, "series", _OWN_SCOPES)
        self.outcome: SeriesOutcome | None = None
        self.planned: dict[int, datetime] = {}
        self.ends: dict[int, datetime] = {}
        self.cancelled = False
        self.last: Undoable | None = None
        self.changing = asyncio.Lock()
        self.gate = asyncio.Semaphore(AT_ONCE)
        self.messages: list[asyncio.Task[None]] = []

    # The story ------------------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, _request: SeriesRequest) -> SeriesOutcome:
        """Lay it down, book each, tell the patient once, accompany it to its end."""
        refused = await regardless(self._plan())
        occurrences = [] if refused else await regardless(self._book_all())
        self.outcome = SeriesOutcome(request_hash=self.request.request_hash, occurrences=occurrences, refused=refused)
        if refused is None:
            if self.request.notify and self.ends:
                self._tell("booked")
            await self._until_over()
        await workflow.wait_condition(workflow.all_handlers_finished)
        await asyncio.gather(*self.messages)
        return self.outcome

    async def _plan(self) -> Refused | None:
        """Refuse what can never be booked as a whole; a first time that does not suit is a conflict like any other."""
        first = self._booking(1, self.request.start)
        offer = OfferRequest(
            actor=self.request.actor,
            visit_type_id=self.request.visit_type_id,
            consultant_id=self.request.consultant_id,
            location_id=self.request.location_id,
            start=self.request.start,
        )
        verified, offered = await asyncio.gather(
            self._local(PatientActivities.verify, first), self._local(ConsultantActivities.offer, offer)
        )
        if verified.refused or (offered.refused and offered.refused.code not in _OF_ONE_TIME):
            return verified.refused or offered.refused
        planned = await self._local(SeriesActivities.plan, self.request)
        self.planned = {one.number: one.start for one in planned.occurrences}
        return planned.refused

    async def _book_all(self) -> list[OccurrenceResult]:
        bookings = (self._book(number, self._booking(number, start)) for number, start in self.planned.items())
        results = await asyncio.gather(*bookings)
        await self._stand("active")
        return results

    async def _book(self, number: int, booking: BookingRequest) -> OccurrenceResult:
        request = OccurrenceRequest(
            actor=booking.actor, series_id=self.request.series_id, number=number, booking=booking
        )
        async with self.gate:
            result: OccurrenceResult = await workflow.execute_activity_method(
                SeriesActivities.book, request, summary=f"appointment {number}", **policies.ASK
            )
        self._remember(number, result)
        return result

    async def _until_over(self) -> None:
        """Wait until the last appointment is over; changes may bring that forward or put it off."""
        while not self.cancelled and await self._changed_before(self._last()):
            workflow.logger.debug("the_end_has_moved")
        async with self.changing:
            await regardless(self._stand("cancelled" if self.cancelled else "ended"))

    async def _changed_before(self, last: datetime) -> bool:
        try:
            await workflow.wait_condition(
                lambda: self.cancelled or self._last() != last,
                timeout=max(last - workflow.now(), timedelta(0)),
                timeout_summary="the last appointment is over",
            )
        except TimeoutError:
            return False
        return True

    def _last(self) -> datetime:
        return max([*self.planned.values(), *self.ends.values()]) + AFTERWARDS

    # What others ask --------------------------------------------------------------------------------------------------

    @workflow.update
    async def book(self, _request_hash: str) -> SeriesOutcome:
        """Wait until each appointment is booked or known as a conflict. The update's id is the idempotency key."""
        await workflow.wait_condition(lambda: self.outcome is not None)
        assert self.outcome is not None  # noqa: S101 - the line above waited for it
        return self.outcome

    @workflow.update
    async def resolve(self, asked: Resolving) -> OccurrenceResult:
        """Book another time in the place of a conflict, or leave the place empty."""
        answered = await self._change(lambda: self._resolve(asked))
        return answered.model_copy(update={"request_hash": asked.request_hash})

    @workflow.update
    async def move(self, asked: SeriesMove) -> SeriesChanged:
        """Move one, the following or all: each by its own process, so each alone may be refused."""
        answered = await self._change(lambda: self._move(asked))
        return answered.model_copy(update={"request_hash": asked.request_hash})

    @workflow.update
    async def cancel(self, asked: SeriesCancellation) -> SeriesChanged:
        """Cancel one, the following or all."""
        answered = await self._change(lambda: self._cancel(asked))
        return answered.model_copy(update={"request_hash": asked.request_hash})

    @workflow.update
    async def undo_cancellation(self, asked: SeriesUndo) -> SeriesChanged:
        """Bring back what the last cancellation ended: each by its own process, so each alone may be refused."""
        answered = await self._change(lambda: self._bring_back(asked))
        return answered.model_copy(update={"request_hash": asked.request_hash})

    @workflow.query
    def progress(self) -> SeriesProgress:
        """Tell where the series stands."""
        stage = "planning" if not self.planned else "booking" if self.outcome is None else "active"
        return SeriesProgress(stage=stage, outcome=self.outcome)

    async def _change(self, change: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Let one change follow the other, and none come before the bookings."""
        await workflow.wait_condition(lambda: self.outcome is not None)
        async with self.changing:
            return await change()

    async def _resolve(self, asked: Resolving) -> OccurrenceResult:
        if asked.number not in self.planned or asked.number in self.ends:
            return OccurrenceResult(number=asked.number, status="conflict", refused=_NO_CONFLICT)
        if asked.start is None:
            skipped = TargetsRequest(
                actor=asked.actor, series_id=self.request.series_id, number=asked.number, scope="one"
            )
            await self._local(SeriesActivities.skip, skipped)
            return OccurrenceResult(number=asked.number, status="skipped")
        booking = self._booking(asked.number, asked.start).model_copy(
            update={
                "actor": asked.actor,
                "consultant_id": asked.consultant_id or self.request.consultant_id,
                "location_id": asked.location_id or (None if asked.consultant_id else self.request.location_id),
            }
        )
        return await self._book(asked.number, booking)

    async def _move(self, asked: SeriesMove) -> SeriesChanged:
        found = await self._targets(asked, asked.start)
        if found.refused:
            return SeriesChanged(refused=found.refused)
        # A later time is taken from the last one on, so that no appointment moves onto one that has still to move.
        later = bool(found.targets) and (found.targets[0].to or found.targets[0].start) > found.targets[0].start
        changes = [await self._move_one(asked, one) for one in (reversed(found.targets) if later else found.targets)]
        self._is_final(whole=False, cause=self._cause_to_tell(asked.notify, asked.scope, changes))
        return SeriesChanged(changes=sorted(changes, key=lambda change: change.number))

    async def _move_one(self, asked: SeriesMove, target: SeriesTarget) -> OccurrenceChange:
        if target.to is None:
            return OccurrenceChange(number=target.number, refused=_NO_SUCH_TIME)
        change = RescheduleRequest(
            actor=asked.actor,
            start=target.to,
            consultant_id=asked.consultant_id,
            notify=asked.notify and asked.scope == "one",
        )
        request = AskMove(appointment_id=target.appointment_id, update_id=self._update_id(target.number), asked=change)
        changed = await self._ask(Processes.move, request, f"move {target.number}")
        return await self._with_alternatives(self._noted(target.number, changed), target, asked)

    async def _cancel(self, asked: SeriesCancellation) -> SeriesChanged:
        found = await self._targets(asked, None)
        if found.refused:
            return SeriesChanged(refused=found.refused)
        changes = await asyncio.gather(*(self._cancel_one(asked, one) for one in found.targets))
        whole = asked.scope == "all" and all(one.refused is None for one in changes)
        cause = self._cause_to_tell(asked.notify, asked.scope, changes)
        if asked.undoable:
            self.last = Undoable(found.targets, whole, cause)
            self.messages.append(asyncio.create_task(self._final_later(self.last)))
        else:
            self._is_final(whole=whole, cause=cause)
        return SeriesChanged(changes=changes)

    async def _final_later(self, last: Undoable) -> None:
        """Wait until a cancellation can no longer be undone, or is."""
        try:
            await workflow.wait_condition(lambda: last.undone, timeout=UNDO_WINDOW, timeout_summary="undo")
        except TimeoutError:
            self.last = None if self.last is last else self.last
            self._is_final(whole=last.whole, cause=last.cause)

    def _is_final(self, *, whole: bool, cause: str | None) -> None:
        if cause:
            self._tell(cause)
        self.cancelled = self.cancelled or whole

    async def _bring_back(self, asked: SeriesUndo) -> SeriesChanged:
        last = self.last
        if last is None:
            return SeriesChanged(refused=Refused.of(UndoWindowOver()))
        self.last, last.undone = None, True
        changes = await asyncio.gather(*(self._bring_one_back(asked, one) for one in last.targets))
        left = [one for one in changes if one.refused]
        if left:
            self._is_final(whole=last.whole and len(left) == len(changes), cause=last.cause)
        return SeriesChanged(changes=changes)

    async def _bring_one_back(self, asked: SeriesUndo, target: SeriesTarget) -> OccurrenceChange:
        step = VisitStep(actor=asked.actor, verb="cancellation", undo=True)
        request = AskStep(appointment_id=target.appointment_id, update_id=self._update_id(target.number), asked=step)
        async with self.gate:
            return self._noted(target.number, await self._ask(Processes.step, request, f"bring back {target.number}"))

    async def _cancel_one(self, asked: SeriesCancellation, target: SeriesTarget) -> OccurrenceChange:
        change = CancellationRequest(
            actor=asked.actor,
            reason=asked.reason,
            notify=asked.notify and asked.scope == "one",
            waive_fee=asked.waive_fee,
            undoable=asked.undoable,
            remark_ids=[ids.waiver_of(asked.waiver, target.appointment_id)] if asked.waiver else [],
        )
        request = AskCancel(
            appointment_id=target.appointment_id, update_id=self._update_id(target.number), asked=change
        )
        async with self.gate:
            return self._noted(target.number, await self._ask(Processes.cancel, request, f"cancel {target.number}"))

    # Small steps ------------------------------------------------------------------------------------------------------

    def _booking(self, number: int, start: datetime) -> BookingRequest:
        appointment_id: UUID = ids.occurrence_of(self.request.series_id, number, start)
        return BookingRequest(
            appointment_id=appointment_id,
            actor=self.request.actor,
            patient_id=self.request.patient_id,
            consultant_id=self.request.consultant_id,
            visit_type_id=self.request.visit_type_id,
            location_id=self.request.location_id,
            start=start,
            payment=PaymentChoice(method="at_desk"),
            notify=False,  # one message tells of all of them
            request_hash=str(self.request.series_id),
        )

    def _remember(self, number: int, result: OccurrenceResult) -> None:
        if result.appointment:
            self.ends[number] = result.appointment.end

    def _noted(self, number: int, changed: Changed) -> OccurrenceChange:
        if changed.appointment and changed.refused is None:
            self.ends[number] = changed.appointment.end
        return OccurrenceChange(number=number, appointment=changed.appointment, refused=changed.refused)

    async def _targets(self, asked: SeriesMove | SeriesCancellation, start: datetime | None) -> SeriesTargets:
        wanted = TargetsRequest(
            actor=asked.actor, series_id=self.request.series_id, number=asked.number, scope=asked.scope, start=start
        )
        return await self._local(SeriesActivities.targets, wanted)

    async def _with_alternatives(
        self, change: OccurrenceChange, target: SeriesTarget, asked: SeriesMove
    ) -> OccurrenceChange:
        code = change.refused.code if change.refused else ""
        helped = code in _TAKEN or (code == OutsideHours.code and workflow.patched("series-name-times-inside-hours"))
        if target.to is None or not helped:
            return change
        own = self.request
        wanted = AlternativesRequest(
            actor=asked.actor, visit_type_id=own.visit_type_id, consultant_id=asked.consultant_id or own.consultant_id,
            location_id=None, start=target.to, patient_id=own.patient_id, moving=target.appointment_id,
        )  # fmt: skip
        return change.model_copy(update={"alternatives": await nearest_free(wanted)})

    def _update_id(self, number: int) -> str:
        """Name a question to one appointment: the same for every try of the same change, and no other's."""
        info = workflow.current_update_info()
        return f"series-{info.id if info else ''}-{number}"

    def _cause_to_tell(self, notify: bool, scope: str, changes: list[OccurrenceChange]) -> str | None:
        """Name why the patient is told, in one message; where one appointment changes, its own process tells."""
        info = workflow.current_update_info()
        told = notify and scope != "one" and any(one.refused is None for one in changes)
        return (info.id if info else scope) if told else None

    def _tell(self, cause: str) -> None:
        message = SeriesMessage(tenant_id=self.own.tenant_id, series_id=self.request.series_id, cause=cause)
        self.messages.append(asyncio.create_task(self._told(message)))

    async def _told(self, message: SeriesMessage) -> None:
        try:
            await workflow.execute_activity_method(Telling.series, message, summary="the dates", **policies.MESSAGE)
        except BaseException as error:
            if not ours(error):
                raise
            workflow.logger.warning("message_failed", extra={"template": "series_dates"})

    async def _stand(self, status: Any) -> None:
        standing = SeriesStanding(actor=self.own, series_id=self.request.series_id, status=status)
        await workflow.execute_local_activity_method(SeriesActivities.stand, standing, **policies.WITHOUT_END)

    async def _local(self, step: Callable[[Any, P], Awaitable[R]], request: P) -> R:
        found: R = await workflow.execute_local_activity_method(step, request, **policies.SHORT)
        return found

    async def _ask(self, step: Callable[[Any, P], Awaitable[R]], request: P, summary: str) -> R:
        found: R = await workflow.execute_activity_method(step, request, summary=summary, **policies.ASK)
        return found


_NO_CONFLICT = Refused.of(WrongState("This place of the series is not open."))
_NO_SUCH_TIME = Refused.of(OutsideHours("The clocks change on that day and leave this time out."))
