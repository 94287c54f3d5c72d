"""A clinic for the tests of workflows: made-up services, real activities, real workflows on the real engine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Self
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.testing import TimeSkipper, TimeSkippingConfig
from temporalio.worker import Worker

from activities.admission import AdmissionActivities
from activities.appointments import AppointmentActivities
from activities.beside import BesideActivities
from activities.consultants import ConsultantActivities
from activities.differences import DifferenceActivities
from activities.dunning import DunningActivities
from activities.patients import PatientActivities
from activities.payments import PaymentActivities
from activities.slots import SlotActivities
from careconnect import clock
from careconnect.auth import Actor
from careconnect.ids import uuid7
from services.appointments.schemas import Appointment, Status
from tests.workflows.sandbox import sandbox
from tests.workflows.services import ZONE, Appointments, Consultants, Patients
from tests.workflows.till import CARD, Till
from tests.workflows.trouble import Troubled
from workflows import ids
from workflows.booking import AppointmentBooking
from workflows.contracts import (
    BookingOutcome,
    BookingRequest,
    CancellationRequest,
    Changed,
    CollectRequest,
    DunningStep,
    DunningTurn,
    MessageRequest,
    MessageResult,
    PaymentChoice,
    RescheduleRequest,
    UndoMove,
    VisitStep,
)
from workflows.dashboard import DashboardAggregation
from workflows.dunning import InvoiceDunning
from workflows.holding import SlotHold
from workflows.matching import WaitlistMatching
from workflows.payment import PaymentCapture
from workflows.reminders import AppointmentReminders
from workflows.series import AppointmentSeries
from workflows.waiting import WaitlistEntry

WORKFLOWS = [
    AppointmentBooking, PaymentCapture, AppointmentReminders, DashboardAggregation, AppointmentSeries, WaitlistEntry,
    WaitlistMatching, InvoiceDunning, SlotHold,
]  # fmt: skip


class Office(Troubled):
    """Books one appointment, and sees what becomes of it. Time passes for a workflow only as a test says."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.skipper = TimeSkipper(client, config=TimeSkippingConfig(enabled=False))
        self.client = self.skipper.client
        self.queue = f"{ids.BOOKINGS}-{uuid7()}"
        self.actor = Actor(id=uuid7(), tenant_id=uuid7(), kind="staff", scopes=frozenset({"*"}))
        self.appointment_id, self.consultant_id = uuid7(), uuid7()
        self.patients, self.consultants = Patients(self), Consultants(self)
        self.appointments, self.till = Appointments(self), Till(self)
        self.told: list[tuple[str, int, int | None]] = []
        self.start = (clock.now() + timedelta(days=10)).replace(microsecond=0)

    # The workers ------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def open(self, *queues: str) -> AsyncIterator[Self]:
        """Work on this office's own queue, and on that of the messages or on the others that are named."""
        async with AsyncExitStack() as stack:
            for queue in (self.queue, *(queues or (ids.BACKGROUND,))):
                worker = Worker(
                    self.client, task_queue=queue, workflows=WORKFLOWS, activities=self.activities,
                    workflow_runner=sandbox(),
                )  # fmt: skip
                await stack.enter_async_context(worker)
            yield self

    @property
    def activities(self) -> list[Any]:
        """The real activities on the made-up services, but for the one that tells patients."""
        experts, money = self._any(ConsultantActivities, self.consultants), self._any(PaymentActivities, self.till)
        visits = self._any(AppointmentActivities, self.appointments, experts)
        differences = self._any(DifferenceActivities, self.till)
        slots, beside = self._any(SlotActivities, self.consultants, self.appointments), BesideActivities(self.client)
        return [
            self._any(AdmissionActivities, self.patients, experts).admit, beside.start, beside.settle,
            self._any(PatientActivities, self.patients).verify, experts.offer, experts.terms, visits.hold,
            visits.confirm, visits.release, visits.step, visits.cancel, visits.move, visits.standing, visits.attend,
            visits.decide_remarks,
            money.issue_invoice, money.cancel_invoice, money.close_invoices, money.earn_visit, money.held,
            money.authorise, money.capture, money.void, money.refund, money.release, money.standing, money.keep_card,
            money.forget_card, money.renew, money.open_page, money.look_at_page, slots.alternatives,
            differences.owed, differences.lower, self.tell,
            DunningActivities.unpaid.__get__(SimpleNamespace(payments=self.till)), self.recalled,
        ]  # fmt: skip

    @staticmethod
    def _any(made: Any, *services: Any) -> Any:
        return made(*services)

    @activity.defn(name="tell_patient")
    async def tell(self, request: MessageRequest) -> MessageResult:
        """Note that the patient was told something; another test's patients are none of this office's."""
        if request.tenant_id != self.actor.tenant_id:
            return MessageResult()
        await self.meet(request.template)
        self.told.append((request.template, request.version, request.offset_hours))
        self.changed.set()
        return MessageResult(statuses={"email": "sent"})

    @activity.defn(name="dunning_turn")
    async def recalled(self, _step: DunningStep) -> DunningTurn:
        """Note that what is due was recalled."""
        await self.meet("dunning_turn")
        return DunningTurn()

    # What is asked ----------------------------------------------------------------------------------------------------

    def request(self, token: str | None = CARD, **also: Any) -> BookingRequest:
        """Describe the booking."""
        said: dict[str, Any] = {
            "appointment_id": self.appointment_id, "actor": self.actor, "patient_id": self.patients.known,
            "consultant_id": self.consultant_id, "visit_type_id": self.consultants.visit_type_id, "start": self.start,
            "payment": PaymentChoice(method="card", token=token) if token else None, "request_hash": "first",
        }  # fmt: skip
        return BookingRequest(**said | also)

    async def book(self, token: str | None = CARD, **also: Any) -> BookingOutcome:
        """Book, as the edge does."""
        request = self.request(token, **also)
        async with asyncio.timeout(30):
            return await self.client.execute_update_with_start_workflow(
                AppointmentBooking.book,
                request.request_hash,
                id=f"book-{request.appointment_id}",
                start_workflow_operation=self._starting(request),
            )

    async def begin(self, token: str | None = CARD, **also: Any) -> None:
        """Let the booking begin, and do not wait for it."""
        request = self.request(token, **also)
        await self.client.start_workflow(
            AppointmentBooking.run, request, id=ids.appointment(request.appointment_id), task_queue=self.queue
        )

    def _starting(self, request: BookingRequest) -> Any:
        return WithStartWorkflowOperation(
            AppointmentBooking.run, request, id=ids.appointment(request.appointment_id), task_queue=self.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            search_attributes=TypedSearchAttributes([SearchAttributePair(ids.TENANT, str(self.actor.tenant_id))]),
        )  # fmt: skip

    def adopted(self) -> Appointment:
        """Have an appointment that was booked before there was a workflow."""
        return self.appointments.add(
            self.appointment_id, Status.BOOKED, patient_id=self.patients.known, consultant_id=self.consultant_id,
            visit_type_id=self.consultants.visit_type_id, location_id=self.consultants.location_id, zone=ZONE,
            start=self.start, end=self.start + self.consultants.length,
        )  # fmt: skip

    async def step(self, verb: str, *, undo: bool = False, **also: Any) -> Changed:
        """Note a step of the visit."""
        step = VisitStep.model_validate({"actor": self.actor, "verb": verb, "undo": undo} | also)
        return await self.process.execute_update(AppointmentBooking.visit, step)

    async def cancel(self, reason: str = "pat", **also: Any) -> Changed:
        """Cancel."""
        asked = CancellationRequest(actor=self.actor, reason=reason, **also)
        return await self.process.execute_update(AppointmentBooking.cancel, asked)

    async def move(self, start: datetime, **also: Any) -> Changed:
        """Take another time."""
        asked = RescheduleRequest(actor=self.actor, start=start, **also)
        return await self.process.execute_update(AppointmentBooking.reschedule, asked)

    async def move_back(self) -> Changed:
        """Take back the last move."""
        return await self.process.execute_update(AppointmentBooking.undo_move, UndoMove(actor=self.actor))

    async def payment_process(self, payment_id: UUID) -> None:
        """Begin the process of a payment that is there."""
        request = CollectRequest(actor=self.actor, payment_id=payment_id)
        await self.client.start_workflow(PaymentCapture.run, request, id=ids.payment(payment_id), task_queue=self.queue)

    # What is seen -----------------------------------------------------------------------------------------------------

    @property
    def row(self) -> Appointment:
        """The appointment as its service has it."""
        return self.appointments.rows[self.appointment_id]

    @property
    def process(self) -> WorkflowHandle[AppointmentBooking, BookingOutcome]:
        """The appointment's workflow."""
        return self.client.get_workflow_handle_for(AppointmentBooking.run, ids.appointment(self.appointment_id))

    @property
    def reminders(self) -> WorkflowHandle[AppointmentReminders, list[str]]:
        """The workflow of the reminders."""
        return self.client.get_workflow_handle_for(AppointmentReminders.run, ids.reminders(self.appointment_id))

    def payment(self, payment_id: UUID | None = None) -> WorkflowHandle[PaymentCapture, Any]:
        """Give the workflow of a payment: that of the booking, or of the one named."""
        key = payment_id or ids.payment_of(self.appointment_id)
        return self.client.get_workflow_handle_for(PaymentCapture.run, ids.payment(key))

    async def accompanied(self, times: int = 1) -> None:
        """Wait until processes beside the appointment's were started as often."""
        async with asyncio.timeout(30):
            async for event in self.process.fetch_history_events(wait_new_event=True):
                step = event.marker_recorded_event_attributes.details["data"].payloads
                times -= any(b'"start_beside"' in part.data for part in step)
                if not times:
                    return

    async def pass_time(self, handle: WorkflowHandle[Any, Any], duration: timedelta) -> None:
        """Let time pass for one workflow."""
        await self.skipper.fast_forward(handle, duration)

    async def until_visit(self, later: timedelta = timedelta()) -> timedelta:
        """Tell how long it is until `later` after the appointment's start, on the process's own clock."""
        return self.row.start + later - await self.skipper.get_current_time(self.process)
