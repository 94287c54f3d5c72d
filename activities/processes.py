"""What one process asks of an appointment's: an update through the engine, as the edge sends it.

The update's id is the idempotency key, so an activity that is repeated gets the first answer (decision 0014).
"""

from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from services.appointments.errors import WrongState
from workflows import ids
from workflows.contracts import AskCancel, AskMove, AskStep, BookingOutcome, BookingRequest, Changed, Refused

_HAS_ENDED = Refused.of(WrongState("This appointment has ended."))


class Processes:
    """Holds the engine's client. Workflows are named, not imported: they stand above the activities."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @activity.defn(name="book_in_process")
    async def book(self, request: BookingRequest) -> BookingOutcome:
        """Start the booking's own process, or find it, and wait for its outcome."""
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "AppointmentBooking",
            request,
            id=ids.appointment(request.appointment_id),
            task_queue=activity.info().task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=_attributes(request),
            static_summary="Appointment",
        )
        booked = self.client.execute_update_with_start_workflow(
            "book",
            request.request_hash,
            id=f"book-{request.appointment_id}",
            start_workflow_operation=start,
            result_type=BookingOutcome,
        )
        try:
            found: BookingOutcome = await booked
        except WorkflowAlreadyStartedError:  # it has ended, and never heard of the update, which was lost on its way
            process = ids.appointment(request.appointment_id)
            found = await self.client.get_workflow_handle(process, result_type=BookingOutcome).result()
        return found

    @activity.defn(name="cancel_in_process")
    async def cancel(self, request: AskCancel) -> Changed:
        """Have the appointment's process cancel it; one that has ended refuses."""
        return await self._ask(request.appointment_id, "cancel", request.asked, request.update_id)

    @activity.defn(name="move_in_process")
    async def move(self, request: AskMove) -> Changed:
        """Have the appointment's process move it; one that has ended refuses."""
        return await self._ask(request.appointment_id, "reschedule", request.asked, request.update_id)

    @activity.defn(name="step_in_process")
    async def step(self, request: AskStep) -> Changed:
        """Have the appointment's process note a step of the visit, or undo it; one that has ended refuses."""
        return await self._ask(request.appointment_id, "visit", request.asked, request.update_id)

    async def _ask(self, appointment_id: UUID, update: str, asked: Any, update_id: str) -> Changed:
        handle = self.client.get_workflow_handle(ids.appointment(appointment_id))
        try:
            found: Changed = await handle.execute_update(update, asked, id=update_id, result_type=Changed)
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return Changed(refused=_HAS_ENDED)
            raise
        return found


def _attributes(request: BookingRequest) -> TypedSearchAttributes:
    known: list[SearchAttributePair[Any]] = [
        SearchAttributePair(ids.TENANT, str(request.actor.tenant_id)),
        SearchAttributePair(ids.CONSULTANT, str(request.consultant_id)),
        SearchAttributePair(ids.VISIT_AT, request.start),
    ]
    if request.location_id:
        known.append(SearchAttributePair(ids.LOCATION, str(request.location_id)))
    return TypedSearchAttributes(known)
