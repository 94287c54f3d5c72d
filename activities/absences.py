"""Steps of an absence: each appointment is changed through its own process, under ids that make a repeat harmless."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from activities.answers import insisting, refusing
from activities.living import beating
from activities.replacements import Replacements, three
from careconnect.auth import Actor
from services.appointments.absences.client import AbsencesClient
from services.appointments.absences.schemas import Action, ItemResult, ItemState, Place, Standing
from services.appointments.client import AppointmentsClient
from services.appointments.errors import NobodyAffected, PatientBusy
from services.appointments.schemas import OCCUPYING, Appointment, FreeSlot
from services.consultants.client import ConsultantsClient
from workflows import ids
from workflows.contracts import CancellationRequest, Changed, Refused, RescheduleRequest, VisitStep
from workflows.contracts.absence import (
    AbsenceOpened,
    AbsenceRequest,
    AbsenceStanding,
    AbsenceStep,
    LeaveRemoval,
    RestoreTask,
    StepResult,
    StepTask,
)

_SCOPES = frozenset(
    {"appointments:read", "appointments:write", "consultants:read", "consultants:write", "catalogue:read"}
)
_TRIES = 12
_ANOTHER_TIME = frozenset(
    {
        "slot_taken", "patient_busy", "outside_hours", "too_soon", "beyond_horizon", "no_room_free", "no_suitable_room",
    }
)  # fmt: skip
"""Refusals of a time, and not of the move: the next one may do."""
_ANSWER = timedelta(seconds=20)
_REASON = "prov"
"""FHIR appointment-cancellation-reason: the provider cancelled."""


class AbsenceActivities:
    """Holds the clients of the services that know of an absence, and the engine's, for the appointments' processes."""

    def __init__(
        self, engine: Client, absences: AbsencesClient, appointments: AppointmentsClient, consultants: ConsultantsClient
    ) -> None:
        self.engine = engine
        self.absences = absences
        self.appointments = appointments
        self.consultants = consultants
        self.replacements = Replacements(consultants, appointments)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        """All of them, for a worker to register."""
        return [self.open, self.take, self.restore, self.give_up, self.stand, self.remove_leave]

    @activity.defn(name="open_absence")
    @refusing(AbsenceOpened)
    async def open(self, request: AbsenceRequest) -> AbsenceOpened:
        """Note the absence and what is planned."""
        found = await self.absences.begin(request.actor, request.absence_id, request.plan)
        if not found.items:
            await self.absences.stand(request.actor, request.absence_id, Standing.model_validate({"state": "closed"}))
            raise NobodyAffected
        steps = [
            AbsenceStep(
                appointment_id=one.appointment_id, patient_id=one.patient_id, action=one.action, version=one.version
            )
            for one in found.items
        ]
        return AbsenceOpened(steps=steps)

    @activity.defn(name="step_of_absence")
    async def take(self, task: StepTask) -> StepResult:
        """Move, offer or cancel one appointment, and note what became of it."""
        return await beating(self._take(task))

    @activity.defn(name="restore_appointment")
    async def restore(self, task: RestoreTask) -> StepResult:
        """Put one appointment back where it was."""
        return await beating(self._restore(task))

    @activity.defn(name="give_up_step")
    @insisting
    async def give_up(self, task: RestoreTask) -> StepResult:
        """Leave one appointment to a person, since its process did not answer."""
        result = ItemResult(state=task.state, reason="no_answer")
        return await self._note(_own(task.actor), task.absence_id, task.step.appointment_id, result)

    @activity.defn(name="note_absence")
    @insisting
    async def stand(self, standing: AbsenceStanding) -> None:
        """Note where the work stands."""
        noted = Standing(state=standing.state, undo_until=standing.undo_until)
        await self.absences.stand(_actor(standing.tenant_id), standing.absence_id, noted)

    @activity.defn(name="remove_leave")
    @insisting
    async def remove_leave(self, leave: LeaveRemoval) -> None:
        """Take the leave out of the schedule; harmless when somebody did."""
        await self.consultants.delete_exception(_actor(leave.tenant_id), leave.consultant_id, leave.exception_id)

    # The three ways ---------------------------------------------------------------------------------------------------

    async def _take(self, task: StepTask) -> StepResult:
        own = _own(task.actor)
        if task.action is Action.MOVE:
            result = await self._move(task, own)
        elif task.action is Action.CANCEL:
            result = await self._cancel(task)
        else:
            result = await self._offer(task, own)
        if isinstance(result, StepResult):  # an offer that could not be followed stays one
            return result
        return await self._note(own, task.absence_id, task.step.appointment_id, result)

    async def _move(self, task: StepTask, own: Actor) -> ItemResult | StepResult:
        """Try one time after the other; each try has an id of its own, and a repeat finds what it led to."""
        shunned: set[tuple[object, ...]] = set()
        changed = Changed()
        for number in range(_TRIES):
            update = f"absence-{task.absence_id}-{task.number}-{number}"
            place = task.choice or await self._nearest(task, own, shunned)
            changed = await self._reschedule(task, update, place)
            if changed.refused is None or changed.refused.code not in _ANOTHER_TIME:
                break
            if task.choice:
                return await self._offer_again(task, own, changed.refused)
            if place:
                shunned.add(_of_patient(place) if changed.refused.code == PatientBusy.code else _of_place(place))
        if changed.appointment and changed.refused is None:
            now = changed.appointment
            return ItemResult(state=ItemState.MOVED, version=now.version, place=_place(now))
        return await self._undone(task, own, changed.refused)

    async def _nearest(self, task: StepTask, own: Actor, shunned: set[tuple[object, ...]]) -> Place | None:
        places = map(_free, await self._ranked(task, own))
        return next((one for one in places if not {_of_patient(one), _of_place(one)} & shunned), None)

    async def _reschedule(self, task: StepTask, update: str, place: Place | None) -> Changed:
        """Ask for the move, unless an earlier try of this step did; without a place there is only that to find out."""
        process = self._process(task.step.appointment_id)
        known = await _answered(process, update) if activity.info().attempt > 1 else None
        if known:
            return known
        if place is None:
            return Changed(refused=_NO_TIME)
        asked = RescheduleRequest(
            actor=task.actor,
            start=place.start,
            consultant_id=place.consultant_id,
            location_id=place.location_id,
            # What the clinic does is told once, at the end; whoever chose is told of their own time, with its file.
            notify=task.choice is not None,
            expected_version=task.step.version,
            held=True,  # the clinic moves: notice and what policies say of moving bind patients, and it keeps a margin
        )
        return await _updated(process, "reschedule", asked, update)

    async def _cancel(self, task: StepTask) -> ItemResult:
        asked = CancellationRequest(
            actor=task.actor,
            reason=_REASON,
            # What the clinic does is told once, at the end; whoever wants none of the times is told of that by itself.
            notify=task.number > 0,
            waive_fee=True,
            expected_version=task.step.version,
            undoable=task.undoable,
        )
        update = f"absence-{task.absence_id}-cancel"
        changed = await _updated(self._process(task.step.appointment_id), "cancel", asked, update)
        if changed.appointment and changed.refused is None:
            return ItemResult(state=ItemState.CANCELLED, version=changed.appointment.version)
        return await self._undone(task, _own(task.actor), changed.refused)

    async def _offer(self, task: StepTask, own: Actor) -> ItemResult:
        """Let the patient choose. The times are not kept free: thirty patients would keep ninety from the others."""
        booked = await self.appointments.standing(own, task.step.appointment_id)
        if booked.status not in OCCUPYING or booked.version != task.step.version:
            return ItemResult(state=ItemState.LEFT, reason="changed", version=booked.version)
        choices = [_free(slot) for slot in three(await self._ranked(task, own))]
        if not choices:
            return ItemResult(state=ItemState.FAILED, reason=_NO_TIME.code)
        now = activity.info().scheduled_time
        last = max(min(now + timedelta(hours=task.decide_hours), booked.start - timedelta(hours=1)), now + _SOON)
        return ItemResult(state=ItemState.OFFERED, version=booked.version, choices=choices, decide_by=last)

    async def _offer_again(self, task: StepTask, own: Actor, refused: Refused) -> StepResult:
        """Offer other times in the place of one that was taken meanwhile; the patient has as long as before."""
        known = await self.absences.get(own, task.absence_id)
        item = next(one for one in known.items if one.appointment_id == task.step.appointment_id)
        choices = [_free(slot) for slot in three(await self._ranked(task, own))]
        result = ItemResult(state=ItemState.OFFERED, choices=choices or item.choices, decide_by=item.decide_by)
        noted = await self._note(own, task.absence_id, task.step.appointment_id, result)
        return noted.model_copy(update={"refused": refused})

    # Putting back -----------------------------------------------------------------------------------------------------

    async def _restore(self, task: RestoreTask) -> StepResult:
        own, key = _own(task.actor), task.step.appointment_id
        if task.state is ItemState.OFFERED:
            return await self._note(own, task.absence_id, key, ItemResult(state=ItemState.RESTORED))
        known = await self.absences.get(own, task.absence_id)
        was = next(one.was for one in known.items if one.appointment_id == key)
        update, asked = self._way_back(task, was)
        changed = await _updated(self._process(key), update, asked, f"absence-{task.absence_id}-undo")
        back = changed.appointment if changed.refused is None else await self._back_already(own, key, was)
        if back:
            result = ItemResult(state=ItemState.RESTORED, version=back.version, place=_place(back))
        else:
            code = changed.refused.code if changed.refused else "no_answer"
            result = ItemResult(state=ItemState.UNRESTORED, reason=code)
        return await self._note(own, task.absence_id, key, result)

    async def _back_already(self, own: Actor, key: UUID, was: Place) -> Appointment | None:
        """Find it where it was to be put, if somebody was faster."""
        now = await self.appointments.standing(own, key)
        return now if now.status in OCCUPYING and _place(now) == was else None

    def _way_back(self, task: RestoreTask, was: Place) -> tuple[str, VisitStep | RescheduleRequest]:
        """Tell which update of its process brings it back."""
        if task.state is ItemState.CANCELLED:
            return "visit", VisitStep(actor=task.actor, verb="cancellation", undo=True)
        return "reschedule", RescheduleRequest(
            actor=task.actor,
            start=was.start,
            consultant_id=was.consultant_id,
            location_id=was.location_id,
            notify=False,
            expected_version=task.version,
            held=True,
        )

    # Small steps ------------------------------------------------------------------------------------------------------

    async def _ranked(self, task: StepTask, own: Actor) -> list[FreeSlot]:
        """Look around where the appointment stood when the work began."""
        booked = await self.appointments.standing(own, task.step.appointment_id)
        return await self.replacements.find(own, booked, others=task.other_consultants)

    async def _undone(self, task: StepTask, own: Actor, refused: Refused | None) -> ItemResult:
        """Tell what somebody else changed or ended from what a person has to look at."""
        now = await self.appointments.standing(own, task.step.appointment_id)
        code = refused.code if refused else "no_answer"
        left = now.status not in OCCUPYING or code == "version_conflict"
        return ItemResult(state=ItemState.LEFT if left else ItemState.FAILED, reason=code, version=now.version)

    async def _note(self, own: Actor, absence_id: UUID, appointment_id: UUID, result: ItemResult) -> StepResult:
        await self.absences.note(own, absence_id, appointment_id, result)
        return StepResult(state=result.state, reason=result.reason, version=result.version, decide_by=result.decide_by)

    def _process(self, appointment_id: UUID) -> WorkflowHandle[Any, Any]:
        return self.engine.get_workflow_handle(ids.appointment(appointment_id))


async def _updated(process: WorkflowHandle[Any, Any], update: str, asked: Any, update_id: str) -> Changed:
    """Ask an appointment's process; one that has ended is an answer, one that does not answer is asked again."""
    try:
        changed: Changed = await process.execute_update(
            update, asked, id=update_id, result_type=Changed, rpc_timeout=_ANSWER
        )
    except WorkflowUpdateFailedError:
        return Changed(refused=_ENDED)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Changed(refused=_ENDED)
        raise
    return changed


async def _answered(process: WorkflowHandle[Any, Any], update_id: str) -> Changed | None:
    """Read what an earlier try of this step was answered; None if it never asked."""
    handle = process.get_update_handle(update_id, result_type=Changed)
    try:
        found: Changed = await handle.result(rpc_timeout=_ANSWER)
    except WorkflowUpdateFailedError:
        return None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return found


def _own(actor: Actor) -> Actor:
    return _actor(actor.tenant_id)


def _actor(tenant_id: UUID) -> Actor:
    return Actor.workflow(tenant_id, "absence", _SCOPES)


def _place(now: Appointment) -> Place:
    return Place.model_validate(now.model_dump(include=set(Place.model_fields)))


def _of_patient(place: Place) -> tuple[object, ...]:
    """Tell what is in the way of a patient who is somewhere else then: the time, whoever and wherever it is with."""
    return (place.start,)


def _of_place(place: Place) -> tuple[object, ...]:
    """Tell what is in the way of a time that is taken: it may be free with somebody else, or elsewhere."""
    return (place.start, place.consultant_id, place.location_id)


def _free(slot: FreeSlot) -> Place:
    return Place.model_validate(slot.model_dump(include=set(Place.model_fields)))


_SOON = timedelta(minutes=30)
_NO_TIME = Refused(
    code="no_time", status=409, title="There is no free time", detail="No free time was found in the coming weeks."
)
_ENDED = Refused(
    code="process_ended", status=409, title="It has ended", detail="The process of this appointment has ended."
)
