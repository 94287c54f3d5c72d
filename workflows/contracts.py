"""What goes into workflows and activities and comes out of them: ids, codes and amounts, no personal data.

Every field added later has a default, so that running workflows can read what older code wrote.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from careconnect.auth import Actor
from careconnect.errors import Refusal
from careconnect.money import Money
from services.appointments.schemas import Appointment, Move
from services.consultants.schemas import Offer
from services.payments.schemas import Payment
from services.payments.states import Method


class Refused(BaseModel):
    """A refusal as a value: an answer that says no, which is not a failure of the workflow."""

    code: str
    status: int
    title: str
    detail: str
    extra: dict[str, Any] = {}

    @classmethod
    def of(cls, refusal: Refusal) -> "Refused":
        """Take over a refusal."""
        problem = refusal.problem()
        return cls(
            code=refusal.code,
            status=refusal.status,
            title=problem["title"],
            detail=problem["detail"],
            extra=refusal.extra,
        )

    def refusal(self) -> Refusal:
        """Make the refusal again, of its own class."""
        return Refusal.from_problem({**self.extra, **self.model_dump(exclude={"extra"})})


class PaymentChoice(BaseModel):
    """How the payment at booking is made."""

    method: Literal["card", "at_desk"]
    token: str | None = None


class BookingRequest(BaseModel):
    """Asks for an appointment. What the patient comes for is sealed in the service before and travels no further."""

    appointment_id: UUID
    actor: Actor
    patient_id: UUID
    consultant_id: UUID
    visit_type_id: UUID
    location_id: UUID | None = None
    start: AwareDatetime
    payment: PaymentChoice | None = None
    notify: bool = True
    overbook: bool = False
    request_hash: str = ""
    hold_seconds: int = 600
    adopted: bool = False


class BookingOutcome(BaseModel):
    """How a booking ended: the appointment with its money, or the refusal, and which request it answers."""

    request_hash: str
    appointment: Appointment | None = None
    offer: Offer | None = None
    invoice_id: UUID | None = None
    payment: Payment | None = None
    reminders: list[datetime] = []
    refused: Refused | None = None


class Stage(StrEnum):
    """Where a booking stands, for people and for other systems."""

    VERIFYING = "verifying"
    HOLDING = "holding"
    AUTHORISING = "authorising"
    CONFIRMING = "confirming"
    UNDOING = "undoing"
    WAITING_FOR_VISIT = "waiting_for_visit"
    SETTLING = "settling"
    DONE = "done"


class Progress(BaseModel):
    """The answer to the query `progress`."""

    stage: Stage
    outcome: BookingOutcome | None = None


class VisitStep(BaseModel):
    """One step of the visit, or its undoing."""

    actor: Actor
    verb: Literal["arrival", "check-in", "completion", "no-show"]
    undo: bool = False


class CancellationRequest(BaseModel):
    """Asks to cancel."""

    actor: Actor
    reason: str
    notify: bool = True
    waive_fee: bool = False


class RescheduleRequest(BaseModel):
    """Asks for another time."""

    actor: Actor
    start: AwareDatetime
    consultant_id: UUID | None = None
    location_id: UUID | None = None
    notify: bool = True
    overbook: bool = False


class Changed(BaseModel):
    """What a change of an appointment led to: how it stands now, or why nothing changed."""

    appointment: Appointment | None = None
    refused: Refused | None = None


class Resolution(BaseModel):
    """What a person decided about a step that waited."""

    actor: Actor
    action: Literal["retry", "skip"]


class Verified(BaseModel):
    """Whether the patient can be booked."""

    refused: Refused | None = None


class Offered(BaseModel):
    """The terms of the visit, or why it is not offered."""

    offer: Offer | None = None
    refused: Refused | None = None


class OfferRequest(BaseModel):
    """Asks for the terms of one visit at one start."""

    actor: Actor
    visit_type_id: UUID
    consultant_id: UUID
    location_id: UUID | None
    start: AwareDatetime
    override_hours: bool = False


class HoldRequest(BaseModel):
    """Asks to occupy the time that an offer describes."""

    actor: Actor
    appointment_id: UUID
    patient_id: UUID
    offer: Offer
    overbook: bool
    hold_seconds: int
    request_hash: str


class Target(BaseModel):
    """An appointment, and who acts on it."""

    actor: Actor
    appointment_id: UUID


class ReleaseRequest(Target):
    """Asks to give back the time of an unfinished booking."""

    code: str


class StepRequest(Target):
    """Asks for one step of the visit."""

    verb: str
    undo: bool = False


class CancelRequest(Target):
    """Asks to cancel in the appointments service."""

    reason: str
    late: bool = False


class MoveRequest(Target):
    """Asks to move in the appointments service."""

    move: Move


class AttentionRequest(Target):
    """Puts an appointment under Attention, or takes it from there."""

    step: str | None


class InvoiceRequest(BaseModel):
    """Asks for the invoice of an appointment that is paid later."""

    actor: Actor
    invoice_id: UUID
    appointment_id: UUID
    patient_id: UUID
    description: str
    price: Money
    zone: str


class InvoiceTarget(BaseModel):
    """An invoice that is no longer owed, and why."""

    actor: Actor
    invoice_id: UUID
    reason: str


class AuthoriseRequest(BaseModel):
    """Asks the gateway to reserve money, or books money that the desk has in hand."""

    actor: Actor
    payment_id: UUID
    amount: Money
    method: Method = Method.card
    token: str | None = None
    invoice: InvoiceRequest | None = None
    invoice_id: UUID | None = None


class PaymentTarget(BaseModel):
    """A payment, and who acts on it."""

    actor: Actor
    payment_id: UUID


class PaymentRelease(PaymentTarget):
    """Asks that no money of a payment is kept."""

    reason: str
    cancel_invoice: bool = False


class RefundRequest(PaymentTarget):
    """Asks to return money; without `amount`, all that is left."""

    refund_id: UUID
    amount: Money | None = None
    reason: str


class CaptureRequest(PaymentTarget):
    """Asks to take authorised money; without `amount`, all of it."""

    amount: Money | None = None


class PaymentResult(BaseModel):
    """How a payment stands after a step, or why the step was refused."""

    payment: Payment | None = None
    refused: Refused | None = None
    request_hash: str = ""


class CollectRequest(BaseModel):
    """Starts `PaymentCapture`: with an authorisation to make, or for a payment that a booking has authorised."""

    actor: Actor
    payment_id: UUID
    authorise: AuthoriseRequest | None = None
    capture: bool = False
    request_hash: str = ""


class Settlement(BaseModel):
    """Tells a payment how its appointment ended: how much stays with the clinic, and why the rest goes back."""

    actor: Actor
    keep: Money | None = None
    reason: str = ""


class RemindersRequest(BaseModel):
    """Starts `AppointmentReminders`."""

    tenant_id: UUID
    appointment_id: UUID
    patient_id: UUID
    version: int
    start: datetime
    offsets_hours: list[int]


class Moved(BaseModel):
    """Tells the reminders that the appointment was moved."""

    version: int
    start: datetime


class MessageRequest(BaseModel):
    """Asks to tell the patient something about an appointment; the activity reads names and addresses itself."""

    tenant_id: UUID
    appointment_id: UUID
    template: str
    version: int
    offset_hours: int | None = None


class MessageResult(BaseModel):
    """What became of a message on each channel."""

    statuses: dict[str, str] = {}


class AlternativesRequest(BaseModel):
    """Asks for the free slots nearest to a start that is taken."""

    actor: Actor
    visit_type_id: UUID
    consultant_id: UUID
    location_id: UUID | None
    start: AwareDatetime
    limit: int = 5


class Slot(BaseModel):
    """A bookable start."""

    consultant_id: UUID
    location_id: UUID
    visit_type_id: UUID
    start: datetime
    end: datetime
    zone: str


class Alternatives(BaseModel):
    """The nearest free slots."""

    slots: list[Slot] = []


class FiguresRequest(BaseModel):
    """Asks one service for its figures over some periods."""

    tenant_id: UUID
    periods: list["FiguresPeriod"]


class FiguresPeriod(BaseModel):
    """One view of the dashboard: a period, half-open, the start of the one before, and maybe one location."""

    name: Literal["today", "week", "month"]
    start: datetime
    end: datetime
    previous_start: datetime
    zone: str
    location_id: UUID | None = None


class SourceFigures(BaseModel):
    """One service's figures for each of the asked periods, in their order."""

    source: str
    figures: list[dict[str, Any]]


class SnapshotRequest(BaseModel):
    """Asks to write the dashboard's snapshot; a source that did not answer is left out."""

    tenant_id: UUID
    as_of: datetime
    periods: list[FiguresPeriod]
    sources: list[SourceFigures]


class DashboardRequest(BaseModel):
    """Starts `DashboardAggregation`."""

    tenant_id: UUID


class PeriodsRequest(BaseModel):
    """Asks for the views of a tenant's dashboard at a moment."""

    tenant_id: UUID
    at: AwareDatetime


class DashboardPeriods(BaseModel):
    """The views of a tenant's dashboard."""

    periods: list[FiguresPeriod]


class DashboardResult(BaseModel):
    """Which sources answered."""

    as_of: datetime
    answered: list[str]
    silent: list[str]
